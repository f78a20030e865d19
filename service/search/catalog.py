"""Products and filters of the catalogue, in the form of responses."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

import pyarrow as pa
import pyarrow.compute as pc
from cachetools import LRUCache

from indexer.generations.generation import Generation
from service.search.answers import ChoiceFilter, FoundRows, NumberFilter, ProductCard, Result, ValueCount, Variant
from understanding.words.concepts import families_of_columns

MAX_VALUES = 50
MAX_PRODUCTS = 4096
"""Maximum number of cached products of a generation."""

Facets = dict[str, ChoiceFilter | NumberFilter]

# Reading a product takes a scalar of every column, and pages of results often have the same products.
_products: WeakKeyDictionary[Generation, LRUCache[int, dict[str, Any]]] = WeakKeyDictionary()
_products_lock = threading.Lock()
"""Searches read products on the event loop, and browsing in threads."""
# Counting reads every column. A generation never changes, and its entry is dropped with it.
_facets: WeakKeyDictionary[Generation, Facets] = WeakKeyDictionary()


def product_card(generation: Generation, row: int) -> ProductCard:
    """The product in ``row``, with the link to its picture."""
    return ProductCard(**_fields(generation, row))


def results(generation: Generation, found: FoundRows) -> list[Result]:
    """The products that were found, with their scores, rounded to six digits, and the pictures that matched."""
    made = []
    for row, score, number in zip(found.rows, found.scores, found.matched, strict=True):
        fields = _fields(generation, row)
        link = f"{fields['image']}?n={number}" if number else fields["image"]
        made.append(Result.model_construct(**fields, score=round(score, 6), matched=number, matched_image=link))
    return made


def catalog_filters(generation: Generation) -> Facets:
    """The filters of the attributes with any value, except running text. Counted once for each generation."""
    facets = _facets.get(generation)
    if facets is None:
        facets = _facets[generation] = _count(generation)
    return facets


def _fields(generation: Generation, row: int) -> dict[str, Any]:
    with _products_lock:
        products = _products.get(generation)
        if products is None:
            products = _products[generation] = LRUCache(MAX_PRODUCTS)
        fields = products.get(row)
    if fields is None:
        product = generation.product(row)
        variants = [Variant(**variant) for variant in product["variants"]]
        fields = {
            **product, "variants": variants, "image": _image_link(product["id"]), "images": generation.image_count(row),
        }  # fmt: skip
        with _products_lock:
            products[row] = fields
    return fields


def _image_link(id: str) -> str:
    return f"/products/{quote(id, safe='')}/image"


def _count(generation: Generation) -> Facets:
    facets: Facets = {}
    manifest = generation.manifest
    families = families_of_columns(generation.columns)
    for name, kind in generation.columns.items():
        role = manifest.roles.get(name, "wish")
        if role == "text" or role == "hidden":
            continue
        family = families[name] or None
        values = generation.column(name)
        if kind in ("list", "path"):
            values = values.flatten()
        if values.null_count == len(values):
            continue
        if kind == "number":
            ends = pc.min_max(values).as_py()
            currency = manifest.currencies.get(name)
            facets[name] = NumberFilter(
                kind="number", role=role, family=family, currency=currency, min=ends["min"], max=ends["max"]
            )
        else:
            facets[name] = ChoiceFilter(kind=kind, role=role, family=family, values=_most_frequent(values))
    return facets


def _most_frequent(values: pa.Array) -> list[ValueCount]:
    """The most frequent values; equal counts in alphabetical order."""
    counted = [(entry["values"], entry["counts"]) for entry in pc.value_counts(values.drop_null()).to_pylist()]
    counted.sort(key=lambda pair: (-pair[1], str(pair[0])))
    return [ValueCount(value=value, count=count) for value, count in counted[:MAX_VALUES]]
