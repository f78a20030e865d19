"""Measures a model or a bundle by published protocols."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from catalog import Product
from models.bundle.encoder import Vectors
from models.bundle.images import ImagePreprocessing
from models.bundle.manifest import Metric
from models.datasets.annotated.annotation import Annotation
from models.datasets.pictures import load_pixels
from models.evaluation.encoding import WEIGHTS, EncodedGallery, Encoder, best_weight, weighted_sum
from models.evaluation.published.protocols import AnnotatedProtocol, evaluate_vectors
from models.evaluation.published.vectors import NamedVectors

logger = logging.getLogger(__name__)

PICTURES_AT_ONCE = 2048
"""Maximum number of decoded pictures in memory; published galleries have up to 30,000."""


def evaluate_encoder(
    runs: Mapping[AnnotatedProtocol, Sequence[Annotation]], encoder: Encoder, images: ImagePreprocessing
) -> list[Metric]:
    """Measure a model by several protocols: its composer, the reference alone, the modification alone, and their
    weighted sum with the weight that is best on these queries. Texts that the text tower cannot read to their end are
    counted in the log.

    Args:
        runs: By protocol, the result of its ``read`` with pictures. All must be of one dataset, because each picture is
            encoded once for all.
        encoder: A model or a bundle.
        images: Its preprocessing.

    Raises:
        ModisteError: A picture is missing or cannot be read; or as for ``evaluate_vectors``.
    """
    products = _pictures([annotation for annotations in runs.values() for annotation in annotations])
    row_of = {id: row for row, id in enumerate(products)}
    asked = {
        protocol: [
            (row_of[entry.reference], words)
            for annotation in annotations
            for entry in annotation.entries
            for words in entry.modifications
        ]
        for protocol, annotations in runs.items()
    }
    references = {row for queries in asked.values() for row, _ in queries}
    embeddings, features = _encoded(list(products.values()), references, encoder, images)
    metrics: list[Metric] = []
    for protocol, queries in asked.items():
        rows = [row for row, _ in queries]
        ids, cut = encoder.tokenizer.encode([words for _, words in queries])
        if any(cut):
            logger.warning(
                "%s: %d of %d texts are longer than the %d tokens of the text tower and are cut off",
                protocol.name, sum(cut), len(cut), ids.shape[1],
            )  # fmt: skip
        parts = [slice(start, start + 256) for start in range(0, len(rows), 256)]
        text = [encoder.text(ids[part]) for part in parts]
        composed = [encoder.query(np.stack([features[row] for row in rows[part]]), ids[part]) for part in parts]
        image, words = embeddings[rows], np.concatenate(text)

        def measured(vectors: Vectors, method: str, protocol: AnnotatedProtocol = protocol) -> list[Metric]:
            return evaluate_vectors(protocol, runs[protocol], NamedVectors(row_of, embeddings, vectors), method)

        metrics += measured(image, "image only")
        metrics += measured(words, "text only")
        metrics += _best_sum(lambda vectors: measured(vectors, "weighted sum"), image, words)
        metrics += measured(np.concatenate(composed), "composer")
    return metrics


def _best_sum(measure: Callable[[Vectors], list[Metric]], image: Vectors, text: Vectors) -> list[Metric]:
    """The weighted sum with the best Recall@10, with one weight for all annotations of a protocol."""
    sums = {weight: measure(weighted_sum(image, text, weight)) for weight in WEIGHTS}
    # With several annotations, the last metric is their mean.
    best = best_weight({weight: metrics[-1].values for weight, metrics in sums.items()})
    return [metric.model_copy(update={"values": {**metric.values, "weight": best}}) for metric in sums[best]]


def _pictures(annotations: Sequence[Annotation]) -> dict[str, Product]:
    """Every picture of the galleries and references, once."""
    return {
        id: Product(id, "", {}, annotation.pictures.find(id))
        for annotation in annotations
        for id in (*annotation.gallery, *(entry.reference for entry in annotation.entries))
    }


def _encoded(
    products: Sequence[Product], wanted: Collection[int], encoder: Encoder, images: ImagePreprocessing
) -> tuple[Vectors, dict[int, Vectors]]:
    """Embeddings ``[N, D]`` of all pictures, and the features of references by row."""
    embeddings: list[Vectors] = []
    features: dict[int, Vectors] = {}
    for start in range(0, len(products), PICTURES_AT_ONCE):
        part = EncodedGallery(encoder, load_pixels(products[start : start + PICTURES_AT_ONCE], images))
        embeddings.append(part.embedding)
        features |= {
            row: part.features[row - start] for row in range(start, start + len(part.features)) if row in wanted
        }
    return np.concatenate(embeddings), features
