"""Recall of an index against exact search, measured with composed queries before publication.

Composed queries lie off the catalogue's manifold, where an approximate index has a lower recall than for catalogue
vectors. The bundle therefore makes the queries from a product of the catalogue as the reference, and an attribute value
of another product as the modification.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import numpy as np

from catalog import Kind, Product
from indexer.generations.manifest import Quality
from indexer.stores.store import Halves, Rows, Scores, Store, Vectors
from models.bundle import Bundle, decode_image

QUERIES = 256
TOP = 10
TARGET = 0.99
"""Target recall of searches."""
BATCH = 64
MAX_VALUES = 1000
BLOCK = 4096
"""Vectors that are compared with all queries at a time."""
ROUNDING = 1e-5
"""Scores closer than this are equal, because products that share a photograph are interchangeable."""


def composed_queries(
    vectors: Halves, products: Sequence[Product], columns: Mapping[str, Kind], bundle: Bundle
) -> Vectors:
    """Queries that measure recall, float32 ``[B, D]``. Deterministic for a given catalogue and bundle.

    Args:
        vectors: float16, those of the main pictures of products first.
        products: N products in the same order.
        columns: Kinds of their attributes.
        bundle: The bundle that made the vectors.

    Raises:
        ModisteError: The picture of a reference, which bundles with local features read again, is missing.
    """
    rng = random.Random(len(products))
    places = sorted(rng.sample(range(len(products)), min(QUERIES, len(products))))
    words = _modifications(products, columns, rng, len(places))
    ids, _ = bundle.tokenizer.encode(words)
    return np.concatenate(
        [
            bundle.query(_features(places[at : at + BATCH], products, vectors, bundle), ids[at : at + BATCH])
            for at in range(0, len(places), BATCH)
        ]
    )


def measure_recall(store: Store, vectors: Halves, queries: Vectors, products: int) -> Quality:
    """Measure the recall of the store.

    Sets the store's effort to the lowest one that reaches ``TARGET``, or to the highest.

    Args:
        store: The index over ``vectors``.
        vectors: float16 ``[M, D]``.
        queries: See ``composed_queries``.
        products: Number of products, which have one or more of the M pictures each.
    """
    k = min(TOP, products)
    worst_allowed = _exact_scores(queries, vectors, k)[:, -1:] - ROUNDING
    for effort in store.efforts or (0,):
        store.effort = effort
        _, rows = store.search(queries, k)
        recall = float((_scores_of(queries, vectors, rows) >= worst_allowed).mean())
        if recall >= TARGET:
            break
    protocol = f"{len(queries)} products as references, each with a value that another product has as the modification"
    return Quality(recall=recall, k=k, queries=len(queries), protocol=protocol, effort=store.effort)


def _modifications(
    products: Sequence[Product], columns: Mapping[str, Kind], rng: random.Random, count: int
) -> list[str]:
    """``in <value>`` with values of the catalogue; titles if it has no text attributes."""
    names = [name for name, kind in columns.items() if kind in ("text", "list")]
    sample = products if len(products) <= MAX_VALUES else rng.sample(products, MAX_VALUES)
    values: dict[str, set[str]] = {name: set() for name in names}
    for product in sample:
        for name in names:
            value = product.attributes.get(name, [])
            values[name].update(value if isinstance(value, list) else [str(value)])
    # A column with as many values as products has names or descriptions, which are not modifications.
    telling = [sorted(found) for found in values.values() if 1 < len(found) <= max(2, len(sample) // 4)]
    if not telling:
        telling = [sorted({product.title for product in sample if product.title}) or ["another colour"]]
    return [f"in {rng.choice(rng.choice(telling))}" for _ in range(count)]


def _features(places: Sequence[int], products: Sequence[Product], vectors: Halves, bundle: Bundle) -> Vectors:
    if bundle.manifest.reference == "embedding":
        return vectors[list(places)].astype(np.float32)
    images = bundle.manifest.images
    size = (images.width, images.height)
    pixels = [images.pixels(decode_image(products[place].read_image(), about=size)) for place in places]
    return bundle.vision(np.stack(pixels)).features


def _exact_scores(queries: Vectors, vectors: Halves, k: int) -> Scores:
    """The ``k`` best inner products of each query, descending, without the index: ``[B, k]``."""
    best = np.full((len(queries), k), -np.inf, dtype=np.float32)
    for start in range(0, len(vectors), BLOCK):
        scores = queries @ vectors[start : start + BLOCK].astype(np.float32).T
        best = -np.sort(-np.concatenate([best, -np.partition(-scores, min(k, scores.shape[1]) - 1)[:, :k]], axis=1))
        best = best[:, :k]
    return best


def _scores_of(queries: Vectors, vectors: Halves, rows: Rows) -> Scores:
    """Inner products of queries ``[B, D]`` with ``rows`` ``[B, k]``; -inf where a row is -1."""
    scores: Scores = np.einsum("bd,bkd->bk", queries, vectors[rows].astype(np.float32))
    scores[rows < 0] = -np.inf
    return scores
