"""The files that say what products show: by their pictures, corrected by what the catalogue says."""

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
    """Write what every product shows.

    Args:
        folder: Of the generation.
        words: The bundle's words.
        seen: What the pictures show ``[N, A]``.
        products: N products.

    Returns:
        The words that the catalogue itself has, and the values of columns among them.
    """
    if not words:
        return (), ()
    stated = stated_words(products, words)
    write_attributes(folder / ATTRIBUTES_NAME, corrected(seen, stated))
    if stated.used.any():
        write_attributes(folder / SEEN_NAME, seen)
    return tuple(compress(words, stated.used)), tuple(compress(words, stated.valued))
