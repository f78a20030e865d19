"""The composer as the service runs it: products first that the catalogue says to have the words which are expected.

Two ways of asking are told apart. The gallery's words are the catalogue's in both; those of the reference are the
catalogue's where it is a product, and what its picture shows where it is an upload.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol as Interface
from typing import runtime_checkable

import numpy as np

from models.bundle.encoder import QueryOutput, Vectors
from models.bundle.style_search import EXPECTATION_STRENGTH, EXPECTED_FROM, agreement, filtered_scores
from models.bundle.text import TokenIds
from models.datasets.attribute_words import informed, told_words
from models.datasets.catalog import Product

PRODUCT, UPLOAD = "composer, product", "composer, upload"
"""Methods: what is known of the reference."""
AT_ONCE = 256


@runtime_checkable
class Expecting(Interface):
    """A bundle or a model that may tell which words an answer will have."""

    @property
    def expects(self) -> bool: ...
    @property
    def words(self) -> Sequence[str]: ...
    def expected(self, features: Vectors, ids: TokenIds, shown: Vectors | None) -> QueryOutput: ...


class ToldGallery:
    """What a catalogue tells of a gallery's N products, and what is seen of them.

    Args:
        products: N, in the gallery's order.
        seen: float32 ``[N, A]``: how probably each picture shows the words.
        words: A of them.
    """

    def __init__(self, products: Sequence[Product], seen: Vectors, words: Sequence[str]) -> None:
        told = told_words(products, words)
        self.seen = seen
        self.shown = informed(seen, told)
        self.told = (told.said | told.denied).any(axis=0)


def expected_scores(
    encoder: Expecting, features: Vectors, embedding: Vectors, gallery: ToldGallery, references: Sequence[int],
    ids: TokenIds, strength: float = EXPECTATION_STRENGTH,
) -> Iterator[tuple[str, Vectors]]:  # fmt: skip
    """Score a gallery by each of the two ways: the method, and float32 ``[Q, N]``.

    Args:
        features, embedding: Of the gallery, as ``EncodedGallery`` holds them.
        references: Q rows of the gallery.
        ids: int64 ``[Q, L]``.
        strength: As ``agreement`` takes it.
    """
    places = np.asarray(references, dtype=np.int64)
    for method, shown in ((PRODUCT, gallery.shown), (UPLOAD, gallery.seen)):
        parts = []
        for at in range(0, len(places), AT_ONCE):
            rows = places[at : at + AT_ONCE]
            query, expected = encoder.expected(features[rows], ids[at : at + AT_ONCE], shown[rows])
            assert expected is not None
            weights = np.where((expected >= EXPECTED_FROM) & gallery.told, expected, 0).astype(np.float32)
            parts.append(filtered_scores(query @ embedding.T, agreement(gallery.shown.T, weights, strength)))
        yield method, np.concatenate(parts)
