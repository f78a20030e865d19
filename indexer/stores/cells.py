"""Cells: the vectors of a generation, grouped by where they are.

A cell is a cluster of k-means, as in an inverted file (Jégou, Douze and Schmid, Product quantization for nearest
neighbor search, TPAMI 2011, section IV). A set of products that is ordered by cell gives those near to a query without
a look at the others, however large it is. The index of large generations and the ranking with words share the cells.
"""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from indexer.stores.store import CHUNK, Halves, Vectors

RowList = npt.NDArray[np.int32]

CELLS_NAME = "cells.npz"
"""The file of a generation's cells."""

CELLS_PER_ROOT = 6.0
"""Cells, divided by the square root of the number of products. More cells tell more of a product's cosine."""
SAMPLE_PER_CELL = 16
"""Vectors that k-means sees, for each cell."""
ITERATIONS = 5
SEED = 0


class Cells:
    """The cell of each of N vectors.

    Args:
        centroids: ``[C, D]``, not all zero.
        of: The cell of each row ``[N]``.

    Raises:
        ValueError: A cell has no centroid.
    """

    def __init__(self, centroids: npt.NDArray[np.floating], of: npt.NDArray[np.integer]) -> None:
        if of.ndim != 1 or centroids.ndim != 2 or (len(of) and not 0 <= of.min() <= of.max() < len(centroids)):
            raise ValueError("the cells of the products have no centroids")
        self.centroids: Vectors = np.ascontiguousarray(centroids, dtype=np.float32)
        self.of: npt.NDArray[np.unsignedinteger] = np.ascontiguousarray(
            of, dtype=np.uint16 if len(centroids) <= 2**16 else np.uint32
        )

    @classmethod
    def cluster(cls, vectors: Halves, most: int | None = None) -> Cells:
        """Cluster float16 vectors ``[N, D]`` into ``most`` cells at most. Equal vectors give equal cells."""
        size = len(vectors)
        count = max(1, min(size, most or size, round(CELLS_PER_ROOT * size**0.5)))
        random = np.random.default_rng(SEED)
        sample = np.sort(random.choice(size, min(size, SAMPLE_PER_CELL * count), replace=False))
        points = vectors[sample].astype(np.float32)
        centroids = points[random.choice(len(points), count, replace=False)]
        for _ in range(ITERATIONS):
            nearest = _nearest(points, centroids)
            order = np.argsort(nearest, kind="stable")
            starts = np.searchsorted(nearest[order], np.arange(count))
            filled = np.diff(np.append(starts, len(order))) > 0  # An empty cell keeps its centroid.
            sums = np.add.reduceat(points[order], starts[filled], axis=0)
            centroids[filled] = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
        of = np.concatenate([_nearest(vectors[at : at + CHUNK], centroids) for at in range(0, size, CHUNK)])
        return cls(centroids, of)

    def write(self, path: Path) -> None:
        """Write what ``load`` reads."""
        with path.open("wb") as stream:
            np.savez(stream, centroids=self.centroids.astype(np.float16), of=self.of)

    @classmethod
    def load(cls, path: Path, size: int, dim: int) -> Cells:
        """Read the cells of the first ``size`` vectors of D.

        Raises:
            ValueError: The file is damaged, or belongs to other vectors.
        """
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
                cells = cls(arrays["centroids"], arrays["of"])
        except (OSError, KeyError, EOFError, ValueError, AttributeError, BadZipFile) as error:
            raise ValueError(f"{path.name} does not hold cells ({error})") from error
        if len(cells.of) < size or cells.centroids.shape[1] != dim:
            raise ValueError(f"{path.name} does not hold the cells of {size} vectors of {dim}")
        return cells.first(size)

    def first(self, size: int) -> Cells:
        """The cells of the first vectors alone."""
        return self if size == len(self.of) else Cells(self.centroids, self.of[:size])

    def cosines(self, vector: Vectors) -> Vectors:
        """The cosine of a query ``[D]`` and each centroid ``[C]``."""
        cosines: Vectors = self.centroids @ vector
        return cosines


def ranges(first: npt.NDArray[np.integer], last: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """The numbers from each ``first`` up to each ``last``, one range after another."""
    lengths = last - first
    starts: npt.NDArray[np.int64] = np.repeat(first - np.cumsum(lengths) + lengths, lengths)
    return starts + np.arange(len(starts))


def _nearest(vectors: npt.NDArray[np.floating], centroids: Vectors) -> npt.NDArray[np.int64]:
    parts = [
        (vectors[at : at + 4096].astype(np.float32) @ centroids.T).argmax(axis=1) for at in range(0, len(vectors), 4096)
    ]
    return np.concatenate(parts)
