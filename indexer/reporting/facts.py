"""The data of a report."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from indexer.generations.generation import Generation
from indexer.stores.store import Rows, Vectors

NEAR = 0.98
"""Cosine from which two pictures are near-duplicates."""
SAMPLE = 2000
"""Maximum number of products whose neighbours are compared."""
POINTS = 2500
"""Maximum number of products on the map."""
MAX_COLOURS = 10


class ColumnFacts(NamedTuple):
    """One attribute of all products."""

    name: str
    kind: str
    filled: float
    """Share of the products that have a value, 0 to 1."""
    distinct: int
    common: list[tuple[str, int]]
    """The most frequent values with their number of products; for numbers the smallest and the largest, with 0."""


class Pair(NamedTuple):
    """Two products whose main pictures are nearly the same."""

    first: int
    second: int
    cosine: float


class Duplicates(NamedTuple):
    """Pictures that several products have."""

    shared: list[list[int]]
    """Rows of the products with the same picture file, the largest groups first."""
    near: list[Pair]
    """Near-duplicates that are different files, the nearest first."""
    sampled: int
    """Number of products whose neighbours were compared for ``near``."""


class Map(NamedTuple):
    """Products in the plane, similar ones close together."""

    rows: Rows
    places: npt.NDArray[np.float32]
    """``[len(rows), 2]``, each axis from 0 to 1."""
    column: str | None
    """The attribute that determines the colours."""
    values: list[str]
    """The values with their own colour, the most frequent first."""
    colours: list[int]
    """For each of ``rows`` the index of its value in ``values``, -1 for other and missing values."""
    explained: float
    """Share of the variance of the vectors on the two axes, 0 to 1."""


def column_facts(generation: Generation) -> list[ColumnFacts]:
    """All attributes, in the order of the catalogue."""
    return [_column(generation, name, kind) for name, kind in generation.columns.items()]


def _column(generation: Generation, name: str, kind: str) -> ColumnFacts:
    values = generation.column(name)
    if kind in ("list", "path"):
        filled = int(pc.sum(pc.greater(pc.list_value_length(values), 0)).as_py() or 0)
        values = values.flatten()
    else:
        filled = len(values) - values.null_count
    values = values.drop_null()
    counted = sorted(_counts(values), key=lambda one: (-one[1], one[0]))
    if kind == "number":
        ends = pc.min_max(values).as_py()
        common = [] if ends["min"] is None else [(f"{ends['min']:g}", 0), (f"{ends['max']:g}", 0)]
    else:
        common = counted[:3]
    return ColumnFacts(name, kind, filled / generation.size, len(counted), common)


def _counts(values: pa.Array) -> list[tuple[str, int]]:
    return [(str(one["values"]), one["counts"]) for one in pc.value_counts(values).to_pylist()]


def find_duplicates(generation: Generation, *, sample: int = SAMPLE) -> Duplicates:
    """Products that share a picture, and near-duplicates among the neighbours of a sample. Deterministic."""
    hashes = generation.products.column("image_hash").combine_chunks()
    encoded = hashes.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    several = np.flatnonzero(np.bincount(encoded)[encoded] > 1)
    order = several[np.argsort(encoded[several], kind="stable")]
    groups = np.split(order, np.flatnonzero(np.diff(encoded[order])) + 1)
    shared = [group.tolist() for group in sorted(groups, key=lambda group: -len(group)) if len(group)]
    rows = _sampled(generation.size, sample)
    vectors = generation.vectors(rows)
    scores, found = generation.store.search(vectors, min(4, generation.size))
    near: dict[tuple[int, int], float] = {}
    for row, others, cosines in zip(rows, found, scores, strict=True):
        for other, cosine in zip(others, cosines, strict=True):
            if other >= 0 and other != row and cosine >= NEAR and encoded[other] != encoded[row]:
                near[min(int(row), int(other)), max(int(row), int(other))] = float(cosine)
    pairs = [Pair(first, second, cosine) for (first, second), cosine in near.items()]
    return Duplicates(shared, sorted(pairs, key=lambda pair: (-pair.cosine, pair[:2])), len(rows))


def map_of(generation: Generation, column: str | None = None, *, points: int = POINTS) -> Map:
    """A sample of the products by the first two principal components of their vectors. Deterministic.

    Args:
        column: The attribute that determines the colours; None chooses one.

    Raises:
        KeyError: There is no such attribute.
    """
    rows = _sampled(generation.size, points)
    places, explained = _projected(generation.vectors(rows))
    column = column if column is not None else _telling(generation)
    if column is None:
        return Map(rows, places, None, [], [-1] * len(rows), explained)
    words = [_word(value) for value in generation.column(column).take(pa.array(rows)).to_pylist()]
    counted = pc.value_counts(pa.array([word for word in words if word is not None], pa.string())).to_pylist()
    counted.sort(key=lambda one: (-one["counts"], one["values"]))
    values = [one["values"] for one in counted[:MAX_COLOURS]]
    colours = [values.index(word) if word in values else -1 for word in words]
    return Map(rows, places, column, values, colours, explained)


def _projected(vectors: Vectors) -> tuple[npt.NDArray[np.float32], float]:
    centred = vectors - vectors.mean(axis=0)
    variances, axes = np.linalg.eigh(centred.T @ centred)
    # The sign of an axis is arbitrary; the largest component is made positive, so that reports are reproducible.
    main = axes[:, ::-1][:, :2]
    main = main * np.sign(main[np.abs(main).argmax(axis=0), [0, 1]])
    places = centred @ main
    low, high = places.min(axis=0), places.max(axis=0)
    total = float(variances.sum())
    explained = float(variances[::-1][:2].sum() / total) if total > 0 else 1.0
    return ((places - low) / np.maximum(high - low, 1e-9)).astype(np.float32), explained


def _telling(generation: Generation) -> str | None:
    """The text attribute with few values that most products have."""
    fit = [
        facts for facts in column_facts(generation)
        if facts.kind in ("text", "list", "flag") and 1 < facts.distinct <= max(MAX_COLOURS, generation.size // 20)
    ]  # fmt: skip
    best = max(fit, key=lambda facts: facts.filled, default=None)
    return None if best is None else best.name


def _word(value: object) -> str | None:
    first: object = (value[0] if value else None) if isinstance(value, list) else value
    return None if first is None else str(first)


def _sampled(size: int, limit: int) -> Rows:
    if size <= limit:
        return np.arange(size)
    return np.sort(np.random.default_rng(0).choice(size, limit, replace=False))
