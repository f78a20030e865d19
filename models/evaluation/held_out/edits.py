"""Recall of composed queries on held-out products, by kind of edit."""

from __future__ import annotations

from models.bundle.encoder import Vectors
from models.bundle.manifest import Metric
from models.bundle.text import TokenIds
from models.datasets.triplets.triplet import TripletDataset
from models.evaluation.encoding import WEIGHTS, EncodedGallery, Encoder, best_weight, in_batches, weighted_sum
from models.evaluation.held_out.expected_words import Expecting, GalleryWords, expected_scores
from models.evaluation.metrics import ranks_by_score, ranks_of_targets, recall_at, top_by_score, top_rows
from models.evaluation.satisfaction import PAGE, Satisfaction


def evaluate(
    encoder: Encoder, gallery: EncodedGallery, dataset: TripletDataset, *, beside: bool = True
) -> list[Metric]:
    """Measure the composer and its baselines. The reference is removed from each query's gallery.

    Args:
        encoder: A model or a bundle.
        gallery: The encoded pictures of ``dataset.gallery``, in its order.
        dataset: The queries, measured separately for each kind of edit.
        beside: Whether to measure image only, text only and the weighted sum, which are equal for all composers of one
            backbone.

    Returns:
        One ``Metric`` for each kind of edit and method: ``image only``, ``text only``, ``weighted sum`` (with the
        weight that is best on these queries, which favours it) and ``composer``, all ranked by vectors alone; and the
        methods of ``expected_scores`` if the encoder predicts words. Values are Recall@1/10/50 in per cent and the
        measures of ``Satisfaction``.
    """
    row_of = {id: row for row, id in enumerate(dataset.gallery)}
    metrics: list[Metric] = []
    satisfaction = Satisfaction(dataset)
    words: GalleryWords | None = None
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
            words = words or GalleryWords(dataset.products, gallery.embedding, gallery.attributes, encoder.words)
            figures |= {
                method: recall_at(ranks_by_score(scores, targets, references))
                | satisfaction.measure(queries, top_by_score(scores, references, PAGE))
                for method, scores in expected_scores(encoder, gallery.features, words, references, ids)
            }
        metrics += [
            Metric(
                protocol=f"{dataset.name}, whole gallery, reference removed", edit=edit, method=method,
                gallery=len(dataset.gallery), queries=len(queries), values=values,
            )
            for method, values in figures.items()
        ]  # fmt: skip
    return metrics


Measured = tuple[Vectors, dict[str, float], dict[str, float]]  # query vectors, their recall, further values


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
