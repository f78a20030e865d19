"""A store in one file, as an example and as a test of the contract: numpy alone, nothing but a copy of the vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np

from indexer.stores.conditions import NO_COLUMNS, Columns
from indexer.stores.store import Halves, Mask, Rows, Scores, Store, StoreError, Vectors
from models.bundle.encoder import Device


class BruteForceStore(Store):
    """Multiplies a query with every vector."""

    kind = "matrix"

    def __init__(self, vectors: Halves) -> None:
        self.size, self.dim = vectors.shape
        self._vectors = vectors.astype(np.float32)

    @classmethod
    def build(
        cls,
        vectors: Halves,
        folder: Path,
        *,
        device: Device = "cpu",
        threads: int = 1,
        columns: Columns = NO_COLUMNS,
        kind: str = "",
    ) -> Self:
        np.save(folder / "index.npy", vectors)
        return cls(vectors)

    @classmethod
    def open(cls, vectors: Halves, folder: Path, *, kind: str = kind, device: Device = "cpu", threads: int = 1) -> Self:
        try:
            return cls(np.load(folder / "index.npy"))
        except (OSError, ValueError) as error:
            raise StoreError(f"The matrix cannot be read ({error}).", hint="Build the index again.") from error

    def close(self) -> None:
        del self._vectors

    def _search(self, queries: Vectors, k: int, allowed: Mask | None, available: int) -> tuple[Scores, Rows]:
        scores = np.vecdot(self._vectors, queries[:, None])  # A matrix product may give equal vectors unequal scores.
        if allowed is not None:
            scores[:, ~allowed] = -np.inf
        rows = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(scores, rows, axis=1), rows
