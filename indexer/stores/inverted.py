"""An inverted file of FAISS: vectors by cell, of which a search reads the nearest cells.

A search with a filter reads more cells than one without: of a filter that leaves the share s, it reads as many cells as
hold the square root of s times the rows that are read without. The allowed rows that are nearest lie farther out than
the nearest of all, but not 1/s times as many cells. A filter that leaves few rows is answered by scoring these alone.
"""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from cachetools import LRUCache

from indexer.stores.cells import Cells
from indexer.stores.store import Halves, Mask, Rows, Scores, Vectors

KEPT_FILTERS = 16
"""Filters of which is kept what a search needs to know."""
FEW = 8192
"""Rows up to which a filter's rows are scored one by one: from here on, reading cells costs less."""


class _Allowed(NamedTuple):
    """What a search needs to know of a filter."""

    mask: Mask
    bits: npt.NDArray[np.uint8]
    rows: Rows | None
    """The rows; None if there are more than ``FEW``."""
    counts: npt.NDArray[np.int64]
    """How many rows of each cell are allowed ``[C]``."""


class InvertedFile:
    """Searches an ``IndexIVFScalarQuantizer`` at half precision. Safe to use from several threads at once.

    Args:
        faiss: The module.
        index: Over N vectors.
        cells: Their cells, in the order of the index's lists.
        vectors: float16 ``[N, D]``.
    """

    def __init__(self, faiss: Any, index: Any, cells: Cells, vectors: Halves) -> None:
        self._faiss, self._index, self._cells, self._vectors = faiss, index, cells, vectors
        self._sizes = np.bincount(cells.of, minlength=len(cells.centroids))
        self._kept: LRUCache[int, _Allowed] = LRUCache(KEPT_FILTERS)
        self._lock = threading.Lock()

    def search(self, queries: Vectors, k: int, mask: Mask | None, available: int, read: int) -> tuple[Scores, Rows]:
        """As ``Store._search``, reading ``read`` cells of the mean size, and more of them with a filter."""
        share = (available / len(self._vectors)) ** 0.5
        least = min(available, max(k, int(share * read * len(self._vectors) / len(self._sizes))))
        if mask is None:
            scores, rows = self._read(queries, k, read, None)
            return (scores, rows) if (rows >= 0).all() else self._read(queries, k, self._enough(queries, least), None)
        allowed = self._allowed(mask)
        if allowed.rows is not None:
            return among(self._faiss, self._vectors, queries, k, allowed.rows)
        selector = self._faiss.IDSelectorBitmap(allowed.bits)  # A bare pointer to the bits, which ``allowed`` holds.
        return self._read(queries, k, self._enough(queries, least, allowed.counts), selector)

    def near(self, queries: Vectors, k: int, mask: Mask | None, available: int, read: int) -> tuple[Scores, Rows]:
        """As ``search``, in less time: with a filter it does not count how many allowed rows the cells hold, unless
        they hold fewer than ``k``."""
        if mask is not None and (allowed := self._allowed(mask)).rows is None:
            selector = self._faiss.IDSelectorBitmap(allowed.bits)
            cells = int(read * (len(self._vectors) / available) ** 0.5)
            scores, rows = self._read(queries, k, cells, selector)
            if (rows >= 0).all():
                return scores, rows
        return self.search(queries, k, mask, available, read)

    def _enough(self, queries: Vectors, least: int, counts: npt.NDArray[np.int64] | None = None) -> int:
        """How many of the nearest cells hold ``least`` rows that count; of all rows, if ``counts`` is None."""
        order = np.argsort(-(queries @ self._cells.centroids.T), axis=1)
        held = np.cumsum((self._sizes if counts is None else counts)[order], axis=1)
        return int((held < least).sum(axis=1).max()) + 1

    def _read(self, queries: Vectors, k: int, cells: int, selector: Any) -> tuple[Scores, Rows]:
        parameters = self._faiss.SearchParametersIVF(sel=selector, nprobe=min(cells, len(self._sizes)))
        scores, rows = self._index.search(queries, k, params=parameters)
        return scores, rows

    def _allowed(self, mask: Mask) -> _Allowed:
        with self._lock:
            kept = self._kept.get(id(mask))
        if kept is not None and kept.mask is mask:
            return kept
        rows = np.flatnonzero(mask)
        counts = np.bincount(self._cells.of[rows], minlength=len(self._sizes))
        few = rows if len(rows) <= FEW else None
        found = _Allowed(mask, np.packbits(mask, bitorder="little"), few, counts)
        if not mask.flags.writeable:  # Others may change.
            with self._lock:
                self._kept[id(mask)] = found
        return found


def among(faiss: Any, vectors: Halves, queries: Vectors, k: int, rows: Rows) -> tuple[Scores, Rows]:
    """The best ``k`` of some rows, by their vectors ``[N, D]``."""
    some = faiss.IndexScalarQuantizer(vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    some.train(np.zeros((1, vectors.shape[1]), dtype=np.float32))
    some.add_sa_codes(np.ascontiguousarray(vectors[rows]).view(np.uint8))
    scores, places = some.search(queries, k)
    return scores, rows[places]
