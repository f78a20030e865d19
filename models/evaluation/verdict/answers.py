"""The answers of one bundle to the queries of a dataset, ranked as in the service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.bundle.encoder import Vectors
from models.bundle.images import Pixels
from models.datasets.triplets.triplet import TripletDataset
from models.evaluation.encoding import EncodedGallery, Encoder, in_batches
from models.evaluation.held_out.expected_words import PRODUCT, UPLOAD, Expecting, GalleryWords, expected_scores
from models.evaluation.metrics import Ranks, ranks_by_score, top_by_score
from models.evaluation.satisfaction import PAGE, Satisfaction

MEASURE = f"R@{PAGE}"
"""The measure that decides the verdict: whether a right product is on the first page."""
REFERENCES = {PRODUCT: "a product of the shop", UPLOAD: "an upload"}
"""What queries start from, by the method that ranks them."""


@dataclass(frozen=True)
class Answers:
    """Answers to Q queries that start from one kind of reference."""

    ranks: Ranks
    """int64 ``[Q]``: rank of the first right product."""
    rows: Ranks
    """int64 ``[Q, K]``: rows of the first results, best first."""
    values: dict[str, npt.NDArray[np.float64]]
    """By measure, float64 ``[Q]`` in per cent; NaN where a query is not counted."""


def answers(encoder: Encoder, pixels: Pixels, dataset: TripletDataset) -> dict[str, Answers]:
    """Answer all queries of a dataset; the reference is removed from each query's gallery.

    Args:
        encoder: A model or a bundle.
        pixels: The pictures of ``dataset.gallery``, prepared for it.
        dataset: The queries.

    Returns:
        By the keys of ``REFERENCES``; equal for both if the model does not predict expected words.
    """
    gallery = EncodedGallery(encoder, pixels)
    row_of = {id: row for row, id in enumerate(dataset.gallery)}
    references = [row_of[query.reference] for query in dataset.triplets]
    targets = [[row_of[id] for id in query.targets] for query in dataset.triplets]
    satisfaction = Satisfaction(dataset)
    found: dict[str, Answers] = {}
    for name, scores in _scores(encoder, gallery, dataset, references):
        ranks, rows = ranks_by_score(scores, targets, references), top_by_score(scores, references, PAGE)
        shares = satisfaction.of_each(dataset.triplets, rows)
        values = {MEASURE: (ranks <= PAGE).astype(np.float64), **shares}
        found[name] = Answers(ranks, rows, {measure: 100 * value for measure, value in values.items()})
    return found


def _scores(
    encoder: Encoder, gallery: EncodedGallery, dataset: TripletDataset, references: list[int]
) -> Iterator[tuple[str, Vectors]]:
    ids, _ = encoder.tokenizer.encode([query.modification for query in dataset.triplets])
    if isinstance(encoder, Expecting) and encoder.expects and dataset.products:
        assert gallery.attributes is not None
        words = GalleryWords(dataset.products, gallery.embedding, gallery.attributes, encoder.words)
        yield from expected_scores(encoder, gallery.features, words, references, ids)
        return
    scores = in_batches(encoder.query, gallery.features[references], ids) @ gallery.embedding.T
    for name in REFERENCES:
        yield name, scores
