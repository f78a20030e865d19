"""The contract of stores, which search the vectors of a generation, and the checks that they share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from models.bundle.encoder import Device
from models.errors import ModisteError

Halves = npt.NDArray[np.float16]
Vectors = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

CHUNK = 65_536
"""Rows that are converted to float32 at a time."""
TIES_AHEAD = 8
MAX_TIES = 1024


class StoreError(ModisteError):
    """A store cannot be built or opened, or cannot answer: vectors of another width, NaN, a mask of another length."""


class Store(ABC):
    """N vectors of one generation, searched by inner product (cosine, since all vectors have unit length).

    A subclass implements ``build``, ``open``, ``close`` and ``_search``, and is registered in ``registry.py``.
    ``search`` is safe to call from several threads at once. A store whose device serves one thread at a time takes
    turns itself.
    """

    kind: str
    """The kind of index, as ``open`` takes it: such as ``exact-fp16`` or ``hnsw32-fp16``."""
    size: int
    """N."""
    dim: int
    """D."""

    @classmethod  # noqa: B027
    def check_device(cls, device: Device) -> None:
        """Check before a build that the store can search on ``device``.

        Raises:
            StoreError: It cannot.
        """

    @classmethod
    @abstractmethod
    def build(cls, vectors: Halves, folder: Path, *, device: Device, threads: int) -> Self:
        """Index vectors and write what ``open`` needs.

        Args:
            vectors: float16 ``[N, D]`` of unit length; row n belongs to product n.
            folder: The folder of the generation. The store's files are named ``index`` or ``index.*``; each of them
                gets a checksum in the manifest. Vectors are in the folder already.
            device: Where the store will be searched. It may decide the kind of index.
            threads: Threads that the build may use.

        Returns:
            The store, ready to be searched on the CPU.

        Raises:
            OSError: The files cannot be written.
            StoreError: ``device`` is not available.
        """

    @classmethod
    @abstractmethod
    def open(cls, vectors: Halves, folder: Path, *, kind: str, device: Device, threads: int) -> Self:
        """Open what ``build`` wrote.

        Args:
            vectors: As in ``build``, mapped into memory.
            folder: As in ``build``.
            kind: ``kind`` of the store that ``build`` returned.
            device: Where to search; ``auto`` takes a GPU if the store can use one and there is one.
            threads: Threads that one search may use. Services answer many queries at once and do best with 1.

        Raises:
            StoreError: The files are damaged or of another kind, or ``device`` is not available.
        """

    def search(self, queries: Vectors, k: int, allowed: Mask | None = None) -> tuple[Scores, Rows]:
        """Find the ``k`` nearest rows of each query.

        Args:
            queries: float32 ``[B, D]``, finite; of unit length if the scores are to be cosines.
            k: How many rows to find, 1 or more; it may exceed N.
            allowed: bool ``[N]``; rows where it is False are never found. None allows all.

        Returns:
            Scores float32 ``[B, k]`` in descending order and rows int64 ``[B, k]``. Equal scores come in the order of
            their rows, so that pages of one result list never overlap. Where fewer than ``k`` rows are allowed, the
            rest is padded with row -1 and score -inf.

        Raises:
            StoreError: Width, numbers, ``k`` or mask do not fit.
        """
        queries = self._checked(queries, k, allowed)
        available = self.size if allowed is None else int(np.count_nonzero(allowed))
        if available == self.size:
            allowed = None
        scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
        rows = np.full((len(queries), k), -1, dtype=np.int64)
        wanted = min(k, available)
        if wanted and len(queries):
            found_scores, found_rows = self._with_all_ties(queries, wanted, allowed, available)
            scores[:, :wanted], rows[:, :wanted] = found_scores[:, :wanted], found_rows[:, :wanted]
        return scores, rows

    @abstractmethod
    def close(self) -> None:
        """Release memory. No search may be running or follow."""

    @abstractmethod
    def _search(self, queries: Vectors, k: int, allowed: Mask | None, available: int) -> tuple[Scores, Rows]:
        """Find exactly ``k`` of the ``available`` rows (``k <= available``), best first; ties in any order."""

    def _with_all_ties(
        self, queries: Vectors, wanted: int, allowed: Mask | None, available: int
    ) -> tuple[Scores, Rows]:
        # Products that share a photograph have equal scores. Which of them an index returns depends on k, so a tie
        # across the end of a page would show one product twice and another never.
        ahead = TIES_AHEAD
        while True:
            fetched = min(wanted + ahead, available)
            scores, rows = self._search(queries, fetched, allowed, available)
            order = np.lexsort((rows, -scores), axis=-1)
            scores, rows = np.take_along_axis(scores, order, axis=1), np.take_along_axis(rows, order, axis=1)
            complete = fetched == available or bool((scores[:, wanted - 1] > scores[:, -1]).all())
            if complete or ahead >= MAX_TIES:
                return scores, rows
            ahead *= 8

    def _checked(self, queries: Vectors, k: int, allowed: Mask | None) -> Vectors:
        queries = np.asarray(queries)
        if queries.ndim != 2 or queries.shape[1] != self.dim or not np.issubdtype(queries.dtype, np.floating):
            raise StoreError(
                f"The queries are {queries.dtype} {list(queries.shape)}, but this store holds vectors of {self.dim}.",
                hint=f"Give float32 [B, {self.dim}], made by the bundle that the generation was built with.",
            )
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        if not np.isfinite(queries).all():
            # FAISS answers these with rows of -1 and no error.
            raise StoreError("A query holds NaN or infinite numbers.", hint="Check the picture or graph it came from.")
        if k < 1:
            raise StoreError(f"k is {k}, but a search finds at least one row.", hint="Give k of 1 or more.")
        if allowed is not None and (allowed.dtype != np.bool_ or allowed.shape != (self.size,)):
            raise StoreError(
                f"The mask is {allowed.dtype} {list(allowed.shape)}, but the store has {self.size} rows.",
                hint=f"Give bool [{self.size}], True where a row may be found.",
            )
        return queries
