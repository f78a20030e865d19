"""Cells: the vectors of a generation, grouped by where they are.

A cell is a cluster of k-means, as in an inverted file (Jégou, Douze and Schmid, Product quantization for nearest
neighbor search, TPAMI 2011, section IV). A set of products that is ordered by cell gives those near to a query without
a look at the others, however large it is. The index of large generations and the ranking with words share the cells.
"""

from __future__ import annotations

from pathlib import Path
from zipfile import ZIP_STORED, BadZipFile, ZipFile

import numpy as np
import numpy.typing as npt

from indexer.stores.store import CHUNK, Halves, Vectors

RowList = npt.NDArray[np.int32]

CELLS_NAME = "cells.npz"
"""The file of a generation's cells."""

CELLS_PER_ROOT = 6.0
"""Number of cells, as a multiple of the square root of the number of products. With more cells, the cosine of a cell is
closer to those of its products."""
SAMPLE_PER_CELL = 16
"""Number of training vectors of k-means for each cell."""
ITERATIONS = 5
SEED = 0
MAX_CHANGED = 0.1
"""Share of the vectors, 0 to 1, that may be added or removed before k-means runs again."""


class Cells:
    """The cell of each of N vectors.

    Args:
        centroids: ``[C, D]``, not all zero.
        of: The cell of each row ``[N]``.
        changed: Number of vectors that were added or removed since the centroids were computed.

    Raises:
        ValueError: A cell has no centroid.
    """

    def __init__(self, centroids: npt.NDArray[np.floating], of: npt.NDArray[np.integer], changed: int = 0) -> None:
        if of.ndim != 1 or centroids.ndim != 2 or (len(of) and not 0 <= of.min() <= of.max() < len(centroids)):
            raise ValueError("the cells of the products have no centroids")
        self.changed = changed
        self.centroids: Vectors = np.ascontiguousarray(centroids, dtype=np.float32)
        self.of: npt.NDArray[np.unsignedinteger] = np.ascontiguousarray(
            of, dtype=np.uint16 if len(centroids) <= 2**16 else np.uint32
        )

    @classmethod
    def cluster(cls, vectors: Halves, max_cells: int | None = None) -> Cells:
        """Cluster float16 vectors ``[N, D]`` into at most ``max_cells`` cells. Equal vectors give equal cells."""
        size = len(vectors)
        count = max(1, min(size, max_cells or size, round(CELLS_PER_ROOT * size**0.5)))
        random = np.random.default_rng(SEED)
        sample = np.sort(random.choice(size, min(size, SAMPLE_PER_CELL * count), replace=False))
        points = vectors[sample]
        centroids = points[random.choice(len(points), count, replace=False)].astype(np.float32)
        for _ in range(ITERATIONS):
            nearest = _nearest(points, centroids)
            order = np.argsort(nearest, kind="stable")
            filled, starts = np.unique(nearest[order], return_index=True)  # An empty cell keeps its centroid.
            sums = _sums(points, order, starts)
            centroids[filled] = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
        centroids = centroids.astype(np.float16).astype(np.float32)  # As in the file, for vectors added later.
        of = np.concatenate([_nearest(vectors[at : at + CHUNK], centroids) for at in range(0, size, CHUNK)])
        return cls(centroids, of)

    def adapted(self, vectors: Halves, rows: npt.NDArray[np.integer]) -> Cells | None:
        """The cells of a later generation with the same centroids; None if too many vectors were added or removed since
        the centroids were computed. This takes a small part of the time of ``cluster``.

        Args:
            vectors: The later generation's, float16 ``[M, D]``.
            rows: The row of each vector in this generation, -1 for a new one ``[M]``.
        """
        new = np.flatnonzero(rows < 0)
        removed = max(0, len(self.of) + len(new) - len(vectors))
        changed = self.changed + len(new) + removed
        if changed > MAX_CHANGED * len(vectors):
            return None
        of = self.of[rows]
        of[new] = _nearest(vectors[new], self.centroids)
        return Cells(self.centroids, of, changed)

    def write(self, path: Path) -> None:
        """Write what ``load`` reads."""
        with path.open("wb") as stream:
            np.savez(stream, centroids=self.centroids.astype(np.float16), of=self.of, changed=self.changed)

    @classmethod
    def load(cls, path: Path, size: int, dim: int) -> Cells:
        """Read the cells of the first ``size`` vectors of D.

        Raises:
            ValueError: The file is damaged, or belongs to other vectors.
        """
        try:
            with path.open("rb") as stream, ZipFile(stream) as archive:
                if any(part.compress_type != ZIP_STORED for part in archive.infolist()):
                    raise ValueError("it is compressed")  # A few kilobytes may take gigabytes.
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
                # Files of earlier versions do not state how many were changed: all may have been.
                changed = int(arrays["changed"]) if "changed" in arrays else len(arrays["of"])
                cells = cls(arrays["centroids"], arrays["of"], changed)
        except (OSError, KeyError, EOFError, ValueError, AttributeError, BadZipFile) as error:
            raise ValueError(f"{path.name} does not hold cells ({error})") from error
        if len(cells.of) < size or cells.centroids.shape[1] != dim:
            raise ValueError(f"{path.name} does not hold the cells of {size} vectors of {dim}")
        return cells.first(size)

    def first(self, size: int) -> Cells:
        """The cells of the first vectors alone."""
        return self if size == len(self.of) else Cells(self.centroids, self.of[:size], self.changed)

    def cosines(self, vector: Vectors) -> Vectors:
        """The cosine of a query ``[D]`` and each centroid ``[C]``."""
        cosines: Vectors = self.centroids @ vector
        return cosines


def ranges(first: npt.NDArray[np.integer], last: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """The numbers from each ``first`` up to each ``last``, one range after another."""
    lengths = last - first
    starts: npt.NDArray[np.int64] = np.repeat(first - np.cumsum(lengths) + lengths, lengths)
    return starts + np.arange(len(starts))


def _sums(vectors: npt.NDArray[np.floating], order: npt.NDArray[np.int64], starts: npt.NDArray[np.int64]) -> Vectors:
    """The sum of the vectors of each cell. Only those of some cells are in memory in order and in full precision.

    Args:
        vectors: ``[N, D]``.
        order: The rows of the vectors, by cell.
        starts: The first row of each cell in ``order``.
    """
    sums = np.empty((len(starts), vectors.shape[1]), np.float32)
    for at in range(0, len(starts), 256):
        bounds = np.append(starts, len(order))[at : at + 257]
        rows = order[bounds[0] : bounds[-1]]
        sums[at : at + 256] = np.add.reduceat(vectors[rows].astype(np.float32), bounds[:-1] - bounds[0], axis=0)
    return sums


def _nearest(vectors: npt.NDArray[np.floating], centroids: Vectors) -> npt.NDArray[np.int64]:
    # A block has a cosine for each of its vectors and each centroid.
    parts = [
        (vectors[at : at + 1024].astype(np.float32) @ centroids.T).argmax(axis=1) for at in range(0, len(vectors), 1024)
    ]
    return np.concatenate([np.zeros(0, np.int64), *parts])
