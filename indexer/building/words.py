"""Writes the words of products: those seen in their pictures, corrected by the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from pathlib import Path

from catalog import Product
from indexer.generations.manifest import ATTRIBUTES_NAME, SEEN_NAME
from indexer.ranking.attributes import LogOdds, corrected, write_attributes
from models.datasets.attributes.words import stated_words


def write_words(
    folder: Path, words: Sequence[str], seen: LogOdds, products: Sequence[Product]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write the words of every product.

    Args:
        folder: Folder of the generation.
        words: The bundle's words.
        seen: The probabilities of words in the pictures ``[N, A]``.
        products: N products.

    Returns:
        The words that the catalogue states, and those of them that are values of columns.
    """
    if not words:
        return (), ()
    stated = stated_words(products, words)
    write_attributes(folder / ATTRIBUTES_NAME, corrected(seen, stated))
    if stated.used.any():
        write_attributes(folder / SEEN_NAME, seen)
    return tuple(compress(words, stated.used)), tuple(compress(words, stated.valued))
