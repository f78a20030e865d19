"""Writes the vectors, words and columns of a generation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress, islice
from pathlib import Path

import numpy as np

from catalog import Catalog, Product
from indexer.building.encode import Encoded
from indexer.generations.filters import AttributeColumn, filter_mask
from indexer.generations.manifest import (
    ATTRIBUTES_NAME,
    FILES_NAME,
    PRIVATE_NAME,
    PRODUCTS_NAME,
    SEEN_NAME,
    VECTORS_NAME,
    VIEW_WORDS_NAME,
    VIEWS_NAME,
)
from indexer.generations.tables.arrow import attribute_array, hex_array
from indexer.generations.tables.products import write_private, write_products
from indexer.generations.tables.views import write_views
from indexer.ranking.attributes import AttributeWriter, LogOdds, corrected
from indexer.stores.store import Mask
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
    used, exclusive = np.zeros((2, len(words)), np.bool_)
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
            exclusive |= stated.exclusive
    if not used.any():
        (folder / SEEN_NAME).unlink()
    return tuple(compress(words, used)), tuple(compress(words, exclusive))


def write_tables(folder: Path, catalog: Catalog, encoded: Encoded, images_root: Path | None) -> None:
    """Write the columns of products, their further pictures, and the records of picture files.

    Args:
        folder: Folder of the generation.
        catalog: The catalogue, with its columns and default filters.
        encoded: The products and their pictures.
        images_root: Base folder of the paths of pictures.
    """
    products = encoded.products
    main, further = (hex_array(part) for part in np.split(encoded.digests, [len(products)]))
    described = products.without_pictures()
    searchable = _searchable(catalog, described)
    write_products(folder / PRODUCTS_NAME, products, main, catalog.columns, images_root, searchable)
    if len(encoded.owners):
        pictures = (picture for product in products for picture in product.more_images)
        write_views(folder / VIEWS_NAME, encoded.owners, pictures, further, images_root)
    encoded.files.write(folder / FILES_NAME, encoded.unusable)
    write_private(folder / PRIVATE_NAME, described, catalog.private)


def _searchable(catalog: Catalog, products: Sequence[Product]) -> Mask | None:
    """The products that satisfy the default filters, bool ``[N]``; None without default filters."""
    filters = catalog.settings.default_filters
    if not filters:
        return None
    kinds = {**catalog.columns, **catalog.private}
    columns = {}
    for name in filters.keys() & kinds.keys():
        values = [one.private.get(name, one.attributes.get(name)) for one in products]
        columns[name] = AttributeColumn(name, kinds[name], attribute_array(values, kinds[name]))
    return filter_mask(filters, columns)
