"""Ranking with expected words, as in the service.

There is one method for references that are products, and one for uploads. In both, the words of the gallery are the
catalogue's. The words of a product as the reference are the catalogue's as well; those of an upload are estimated from
its picture and from similar products.
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
from models.bundle.text import TokenIds, Tokenizer
from models.datasets.attributes.words import corrected_probabilities, stated_words

PRODUCT, UPLOAD = "composer, product", "composer, upload"
"""Names of the methods, by kind of reference."""
BATCH = 256


@runtime_checkable
class Expecting(Interface):
    """A bundle or a model that may predict the words of an answer."""

    tokenizer: Tokenizer

    @property
    def expects(self) -> bool: ...
    @property
    def words(self) -> Sequence[str]: ...
    def expected(self, features: Vectors, ids: TokenIds, shown: Vectors | None) -> QueryOutput: ...


class GalleryWords:
    """The words of a gallery's products, from the catalogue and from their pictures.

    Args:
        products: N products, in the gallery's order.
        embedding: float32 ``[N, D]``.
        seen: float32 ``[N, A]``, probabilities of the words in the pictures.
        words: A words.
    """

    def __init__(self, products: Sequence[Product], embedding: Vectors, seen: Vectors, words: Sequence[str]) -> None:
        stated = stated_words(products, words)
        self.embedding, self._seen = embedding, seen
        self.shown = corrected_probabilities(seen, stated)
        self.stated, self.exclusive = stated.used, stated.exclusive

    def known(self, method: str, rows: Rows) -> Vectors:
        """Probabilities ``[len(rows), A]`` of the words of references. For uploads they are estimated from other
        products, because an upload's own product may not be in the catalogue."""
        if method == PRODUCT:
            return self.shown[rows]
        return recognised_among(self.embedding, self._seen, self.shown, self.stated, rows)


def expected_scores(
    encoder: Expecting, features: Vectors, gallery: GalleryWords, references: Sequence[int], ids: TokenIds
) -> Iterator[tuple[str, Vectors]]:
    """Yield each method's name and its scores of the gallery, float32 ``[Q, N]``.

    Args:
        encoder: A model or a bundle.
        features: Reference features of the gallery, as in ``EncodedGallery``.
        gallery: The words of the gallery.
        references: Q rows of the gallery.
        ids: Token ids of the modifications, int64 ``[Q, L]``.
    """
    places = np.asarray(references, dtype=np.int64)
    for method in (PRODUCT, UPLOAD):
        parts = []
        for at in range(0, len(places), BATCH):
            rows = places[at : at + BATCH]
            shown = gallery.known(method, rows)
            query, expected = encoder.expected(features[rows], ids[at : at + BATCH], shown)
            assert expected is not None
            weights = weights_of(expected, shown, gallery.stated, gallery.exclusive)
            parts.append(filtered_scores(query @ gallery.embedding.T, agreement(gallery.shown.T, weights)))
        yield method, np.concatenate(parts)
