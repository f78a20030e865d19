"""The contract of stores, which search the vectors of a generation, and the checks that they share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from catalog.errors import ModisteError
from indexer.stores.conditions import Columns, Condition
from models.bundle.encoder import Device

Halves = npt.NDArray[np.float16]
Vectors = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

CHUNK = 16_384
"""Number of rows that are converted to float32 at a time."""
SPARE_ROWS, MAX_TIES = 8, 1024
"""Number of rows beyond the wanted ones that are read first, and at most, to find all rows with equal scores."""


class StoreError(ModisteError):
    """A store cannot be built or opened, or cannot answer: vectors of another width, NaN, a mask of another length."""


class StoreUnavailable(StoreError):
    """A store outside of this process does not respond; the log has the reason."""

    retry_after_s = 5


class Searcher(ABC):
    """N vectors of one generation, searched by inner product (cosine, since all vectors have unit length).

    A subclass implements ``close`` and ``_search``. ``search`` is safe to call from several threads at once. A subclass
    whose device supports only one thread must use a lock.
    """

    kind: str
    """The kind of index for ``open``, such as ``exact-fp16`` or ``hnsw32-fp16``."""
    size: int
    """N."""
    dim: int
    """D."""
    holds_columns: bool = False
    """Whether ``build`` takes columns, and ``search`` filters by conditions on them."""
    exact: bool = False
    """Whether a search finds the nearest rows, whatever ``k`` is."""
    efforts: Sequence[int] = ()
    """Possible values of ``effort``, ascending; recall grows with it. Empty if it cannot be
    set."""
    effort: int = 0
    """How much of the index a search reads. It may be set before the first search."""

    def search(
        self, queries: Vectors, k: int, allowed: Mask | None = None, conditions: Sequence[Condition] = ()
    ) -> tuple[Scores, Rows]:
        """Find the ``k`` nearest rows of each query.

        Args:
            queries: float32 ``[B, D]``, finite; of unit length if the scores are to be cosines.
            k: Number of rows to find, at least 1; it may exceed N.
            allowed: bool ``[N]``; rows where it is False are never found. None allows all.
            conditions: If given, exactly the rows in ``allowed`` satisfy all of them.

        Returns:
            Scores float32 ``[B, k]`` in descending order and rows int64 ``[B, k]``. Equal scores are ordered by row (or
            by the rows of pictures, if products have several), so that pages of one result list never overlap. If fewer
            than ``k`` rows are allowed, the rest is padded with row -1 and score -inf.

        Raises:
            StoreError: Width, values, ``k`` or mask are invalid.
        """
        queries = self.checked(queries, k, allowed)
        available = self.size if allowed is None else int(np.count_nonzero(allowed))
        if available == self.size:
            allowed = None
        scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
        rows = np.full((len(queries), k), -1, dtype=np.int64)
        wanted = min(k, available)
        if wanted and len(queries):
            found_scores, found_rows = self._with_all_ties(queries, wanted, allowed, available, conditions)
            scores[:, :wanted], rows[:, :wanted] = found_scores[:, :wanted], found_rows[:, :wanted]
        return scores, rows

    @abstractmethod
    def close(self) -> None:
        """Release memory. No search may be running or follow."""

    @abstractmethod
    def _search(self, queries: Vectors, k: int, allowed: Mask | None, available: int) -> tuple[Scores, Rows]:
        """Find exactly ``k`` of the ``available`` rows (``k <= available``), best first; ties in any order."""

    def _search_by(
        self, queries: Vectors, k: int, allowed: Mask, available: int, conditions: Sequence[Condition]
    ) -> tuple[Scores, Rows]:
        """As ``_search``, with conditions that are equivalent to the mask."""
        return self._search(queries, k, allowed, available)

    def _with_all_ties(
        self, queries: Vectors, wanted: int, allowed: Mask | None, available: int, conditions: Sequence[Condition]
    ) -> tuple[Scores, Rows]:
        # Products that share a photograph have equal scores. Which of them an index returns depends on k, so a tie at
        # the end of a page could show one product twice and another never.
        ahead = SPARE_ROWS
        while True:
            fetched = min(wanted + ahead, available)
            if allowed is not None and conditions:
                scores, rows = self._search_by(queries, fetched, allowed, available, conditions)
            else:
                scores, rows = self._search(queries, fetched, allowed, available)
            order = np.lexsort((rows, -scores), axis=-1)
            scores, rows = np.take_along_axis(scores, order, axis=1), np.take_along_axis(rows, order, axis=1)
            complete = fetched == available or bool((scores[:, wanted - 1] > scores[:, -1]).all())
            if complete or ahead >= MAX_TIES:
                return scores, rows
            ahead *= 8

    def checked(self, queries: Vectors, k: int, allowed: Mask | None) -> Vectors:
        """The queries as a contiguous array, once what ``search`` takes is checked.

        Raises:
            StoreError: As ``search``.
        """
        queries = np.asarray(queries)
        if queries.ndim != 2 or queries.shape[1] != self.dim or not np.issubdtype(queries.dtype, np.floating):
            raise StoreError(
                f"The queries are {queries.dtype} {list(queries.shape)}, but this store has vectors of {self.dim}.",
                hint=f"Give float32 [B, {self.dim}], made by the bundle that the generation was built with.",
            )
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        if not np.isfinite(queries).all():
            # FAISS returns rows of -1 for these, without an error.
            raise StoreError("A query contains NaN or infinite values.", hint="Check its picture or graph.")
        if k < 1:
            raise StoreError(f"k is {k}, but a search finds at least one row.", hint="Give k of 1 or more.")
        if allowed is not None and (allowed.dtype != np.bool_ or allowed.shape != (self.size,)):
            raise StoreError(
                f"The mask is {allowed.dtype} {list(allowed.shape)}, but the store has {self.size} rows.",
                hint=f"Give bool [{self.size}], True where a row may be found.",
            )
        return queries


class Store(Searcher):
    """A searcher that is built and opened with a generation.

    A subclass implements ``build`` and ``open``, too, and is registered in ``registry.py``.
    """

    @classmethod
    def check_device(cls, device: Device) -> None:
        """Check before a build that the store can search on ``device``.

        Raises:
            StoreError: It cannot.
        """

    @classmethod
    def check_kind(cls, kind: str, dim: int) -> None:
        """Check before a build that the store can make an index of ``kind`` over vectors of D.

        Raises:
            StoreError: It cannot; by default, a store has no choice of kinds.
        """
        if kind:
            raise StoreError(f"The store {cls.__name__} has no index {kind[:100]!r}.", hint="Omit the kind.")

    @classmethod
    @abstractmethod
    def build(
        cls, vectors: Halves, folder: Path, *, device: Device, threads: int, columns: Columns, kind: str = ""
    ) -> Self:
        """Index vectors and write what ``open`` needs.

        Args:
            vectors: float16 ``[N, D]`` of unit length; row n belongs to product n.
            folder: The folder of the generation. The store's files are named ``index`` or ``index.*``; each of them
                gets a checksum in the manifest. Vectors are in the folder already. A store with data outside
                of the folder first writes what ``remove`` needs to ``index.NAME``, a small file with its name in the
                registry.
            device: The device of searches. It may determine the kind of index.
            threads: Threads that the build may use.
            columns: The columns, with N entries each; empty unless the store has ``holds_columns``.
            kind: The kind of index; empty lets the store choose.

        Returns:
            The store, ready to be searched on the CPU.

        Raises:
            OSError: The files cannot be written.
            StoreError: ``device`` is not available.
        """

    @classmethod
    @abstractmethod
    def open(cls, vectors: Halves, folder: Path, *, kind: str, device: Device, threads: int) -> Self:
        """Open a store that ``build`` wrote.

        Args:
            vectors: As in ``build``, mapped into memory.
            folder: As in ``build``.
            kind: ``kind`` of the store that ``build`` returned.
            device: The device of searches; ``auto`` uses a GPU if the store supports it and there is one.
            threads: Threads that one search may use. Services answer many queries at once and do best with 1.

        Raises:
            StoreError: The files are damaged or of another kind, or ``device`` is not available.
        """

    @classmethod
    def publish(cls, folder: Path) -> None:
        """Publish data outside of ``folder``, right before ``CURRENT`` is replaced.

        Raises:
            StoreError: It cannot be published; ``CURRENT`` is unchanged.
        """

    @classmethod
    def remove(cls, folder: Path) -> None:
        """Delete data outside of ``folder``, before the folder is deleted. Also called for leftovers of interrupted
        builds.

        Raises:
            StoreError: It cannot be deleted now.
        """
