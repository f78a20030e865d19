"""Protocols: which queries are asked of which gallery. A figure without its protocol's name says nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol as Interface

import numpy as np
import numpy.typing as npt

from models.bundle.encoder import Vectors, VisionOutput
from models.bundle.images import Pixels
from models.bundle.manifest import Metric
from models.bundle.text import TokenIds, Tokenizer
from models.datasets.triplet import TripletDataset
from models.evaluation.expectation import Expecting, ToldGallery, expected_scores
from models.evaluation.metrics import ranks_by_score, ranks_of_targets, recall_at, top_by_score, top_rows
from models.evaluation.satisfaction import PAGE, Satisfaction
from models.progress import track

WEIGHTS = tuple(round(0.05 * step, 2) for step in range(21))
"""Weights of the text that the tuned weighted sum may choose from."""


class Encoder(Interface):
    """What is evaluated: a loaded ``Bundle`` or a ``RetrievalModel`` in torch."""

    tokenizer: Tokenizer

    def vision(self, pixels: Pixels) -> VisionOutput: ...
    def query(self, features: Vectors, ids: TokenIds) -> Vectors: ...
    def text(self, ids: TokenIds) -> Vectors: ...


class EncodedGallery:
    """A gallery's embeddings, reference features and attributes, encoded once for all protocols over it."""

    def __init__(self, encoder: Encoder, pixels: Pixels, batch: int = 256) -> None:
        starts = range(0, len(pixels), batch)
        parts = [
            encoder.vision(np.ascontiguousarray(pixels[start : start + batch]))
            for start in track(starts, total=len(starts), what="encode gallery", unit="batch")
        ]
        self.embedding = np.concatenate([part.embedding for part in parts])
        self.features = np.concatenate([part.features for part in parts])
        told = [part.attributes for part in parts if part.attributes is not None]
        self.attributes = np.concatenate(told) if told else None


def evaluate(
    encoder: Encoder, gallery: EncodedGallery, dataset: TripletDataset, *, beside: bool = True
) -> list[Metric]:
    """Measure the composer beside what it has to beat; the reference is taken out of each query's gallery.

    Args:
        encoder: A model or a bundle.
        gallery: The encoded pictures of ``dataset.gallery``, in its order.
        dataset: The queries; figures are given for each of their kinds of edit apart.
        beside: Measure image only, text only and the weighted sum, too; they are the same for all composers over one
            backbone.

    Returns:
        For each kind of edit one ``Metric`` a method: ``image only``, ``text only``, ``weighted sum`` (with the weight
        that is best on these very queries, which favours it) and ``composer``, by vectors alone; where the encoder
        expects words, also what ``expected_scores`` tells apart. Values are Recall@1/10/50 in per cent, and what
        ``Satisfaction`` finds in the first ten results.
    """
    row_of = {id: row for row, id in enumerate(dataset.gallery)}
    metrics: list[Metric] = []
    satisfaction = Satisfaction(dataset)
    told: ToldGallery | None = None
    for edit in dict.fromkeys(query.edit for query in dataset.triplets):
        queries = [query for query in dataset.triplets if query.edit == edit]
        references = [row_of[query.reference] for query in queries]
        targets = [[row_of[id] for id in query.targets] for query in queries]
        ids, _ = encoder.tokenizer.encode([query.modification for query in queries])
        figures = {
            method: recall
            | satisfaction.measure(queries, top_rows(vectors, gallery.embedding, references, PAGE))
            | more
            for method, (vectors, recall, more) in _measure(encoder, gallery, references, targets, ids, beside).items()
        }
        if isinstance(encoder, Expecting) and encoder.expects and dataset.products:
            assert gallery.attributes is not None
            told = told or ToldGallery(dataset.products, gallery.embedding, gallery.attributes, encoder.words)
            figures |= {
                method: recall_at(ranks_by_score(scores, targets, references))
                | satisfaction.measure(queries, top_by_score(scores, references, PAGE))
                for method, scores in expected_scores(encoder, gallery.features, told, references, ids)
            }
        metrics += [
            Metric(
                protocol=f"{dataset.name}, whole gallery, reference removed", edit=edit, method=method,
                gallery=len(dataset.gallery), queries=len(queries), values=values,
            )
            for method, values in figures.items()
        ]  # fmt: skip
    return metrics


Measured = tuple[Vectors, dict[str, float], dict[str, float]]  # query vectors, their recall, what else is to be told


def _measure(
    encoder: Encoder,
    gallery: EncodedGallery,
    references: list[int],
    targets: list[list[int]],
    ids: TokenIds,
    beside: bool,
) -> dict[str, Measured]:
    composed = in_batches(encoder.query, gallery.features[references], ids)

    def recall(queries: Vectors) -> dict[str, float]:
        return recall_at(ranks_of_targets(queries, gallery.embedding, targets, references))

    if not beside:
        return {"composer": (composed, recall(composed), {})}
    image = gallery.embedding[references]
    text = in_batches(encoder.text, ids)
    sums = {weight: recall(weighted_sum(image, text, weight)) for weight in WEIGHTS}
    best = best_weight(sums)
    return {
        "image only": (image, recall(image), {}),
        "text only": (text, recall(text), {}),
        "weighted sum": (weighted_sum(image, text, best), sums[best], {"weight": best}),
        "composer": (composed, recall(composed), {}),
    }


def weighted_sum(image: Vectors, text: Vectors, weight: float) -> Vectors:
    """Unit queries ``[Q, D]`` of unit embeddings ``[Q, D]``; the text counts ``weight``, the picture the rest."""
    return _unit((1 - weight) * image + weight * text)


def best_weight(recalls: Mapping[float, Mapping[str, float]]) -> float:
    """The weight of the text with the best Recall@10, and the best Recall@1 among those."""
    return max(recalls, key=lambda weight: (recalls[weight]["R@10"], recalls[weight]["R@1"]))


def in_batches(encode: Callable[..., Vectors], *arrays: npt.NDArray[np.generic], size: int = 256) -> Vectors:
    """What ``encode`` makes of the rows of ``arrays``, one at least, ``size`` of them at a time."""
    starts = range(0, len(arrays[0]), size)
    return np.concatenate([encode(*(array[at : at + size] for array in arrays)) for at in starts])


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit
