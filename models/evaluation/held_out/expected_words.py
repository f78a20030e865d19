"""The composer as the service runs it: products first that the catalogue says to have the words which are expected.

Two ways of asking are told apart. The gallery's words are the catalogue's in both; those of the reference are the
catalogue's where it is a product, and where it is an upload what its picture shows and what looks like it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol as Interface
from typing import runtime_checkable

import numpy as np

from catalog import Product
from models.bundle.encoder import QueryOutput, Vectors
from models.bundle.expected_words import Rows, agreement, recognised_among, weights_of
from models.bundle.style_search import filtered_scores
from models.bundle.text import TokenIds
from models.datasets.attributes.words import informed, told_words

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
        embedding: float32 ``[N, D]``.
        seen: float32 ``[N, A]``: how probably each picture shows the words.
        words: A of them.
    """

    def __init__(self, products: Sequence[Product], embedding: Vectors, seen: Vectors, words: Sequence[str]) -> None:
        told = told_words(products, words)
        self.embedding, self._seen = embedding, seen
        self.shown = informed(seen, told)
        self.told, self.valued = told.told, told.valued

    def known(self, method: str, rows: Rows) -> Vectors:
        """What is known of the words of references, ``[len(rows), A]``. Uploads are recognised by other products: their
        own may not be in the catalogue."""
        if method == PRODUCT:
            return self.shown[rows]
        return recognised_among(self.embedding, self._seen, self.shown, self.told, rows)


def expected_scores(
    encoder: Expecting, features: Vectors, gallery: ToldGallery, references: Sequence[int], ids: TokenIds
) -> Iterator[tuple[str, Vectors]]:
    """Score a gallery by each of the two ways: the method, and float32 ``[Q, N]``.

    Args:
        features: Of the gallery, as ``EncodedGallery`` holds them.
        references: Q rows of the gallery.
        ids: int64 ``[Q, L]``.
    """
    places = np.asarray(references, dtype=np.int64)
    for method in (PRODUCT, UPLOAD):
        parts = []
        for at in range(0, len(places), AT_ONCE):
            rows = places[at : at + AT_ONCE]
            shown = gallery.known(method, rows)
            query, expected = encoder.expected(features[rows], ids[at : at + AT_ONCE], shown)
            assert expected is not None
            weights = weights_of(expected, shown, gallery.told, gallery.valued)
            parts.append(filtered_scores(query @ gallery.embedding.T, agreement(gallery.shown.T, weights)))
        yield method, np.concatenate(parts)
