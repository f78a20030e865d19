"""Writes the outputs of the vision graph: vectors, and the words of products, corrected by the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress, islice
from pathlib import Path

import numpy as np

from catalog import Product
from indexer.building.encode import Encoded
from indexer.generations.manifest import ATTRIBUTES_NAME, SEEN_NAME, VECTORS_NAME, VIEW_WORDS_NAME
from indexer.ranking.attributes import AttributeWriter, LogOdds, corrected
from models.bundle import Bundle
from models.datasets.attributes.words import Statements

BLOCK = 16_384
"""Pictures whose outputs are in memory at a time."""


def write_outputs(folder: Path, bundle: Bundle, encoded: Encoded) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write the vectors of all pictures, the words of products, and those of further pictures.

    Returns:
        As ``write_words``.
    """
    places, pictures, size = encoded.places, encoded.pictures, len(encoded.products)
    with (folder / VECTORS_NAME).open("wb") as stream:
        for start in range(0, len(places), BLOCK):
            stream.write(pictures.vectors(places[start : start + BLOCK]).data)
    words = bundle.manifest.attributes
    further = places[size:]
    if words and len(further):
        with AttributeWriter(folder / VIEW_WORDS_NAME, len(further)) as writer:
            for start in range(0, len(further), BLOCK):
                writer.write(pictures.shown(further[start : start + BLOCK]))
    described = encoded.products.without_pictures()
    return write_words(folder, words, lambda start, stop: pictures.shown(places[start:stop]), described)


def write_words(
    folder: Path, words: Sequence[str], seen: Callable[[int, int], LogOdds], products: Sequence[Product]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write the words of every product.

    Args:
        folder: Folder of the generation.
        words: The bundle's words.
        seen: Gives the probabilities of words in the pictures of products from a row up to another ``[n, A]``.
        products: N products.

    Returns:
        The words that the catalogue states, and those of them that are values of columns.
    """
    if not words:
        return (), ()
    size = len(products)
    statements = Statements(products, words)
    used, valued = np.zeros((2, len(words)), np.bool_)
    with (
        AttributeWriter(folder / ATTRIBUTES_NAME, size) as attributes,
        AttributeWriter(folder / SEEN_NAME, size) as by_picture,
    ):
        rest = iter(products)
        for start in range(0, size, BLOCK):
            block = list(islice(rest, BLOCK))
            stated, shown = statements.of(block), seen(start, start + len(block))
            attributes.write(corrected(shown, stated))
            by_picture.write(shown)
            used |= stated.used
            valued |= stated.valued
    if not used.any():
        (folder / SEEN_NAME).unlink()
    return tuple(compress(words, used)), tuple(compress(words, valued))
