"""Sets of products as bits, ordered by cell.

A million products are some 150 KB, so that the products in all of several sets are found and counted in microseconds.
The products of a cell lie side by side, in 64-bit words of their own. So those of a set that are in the nearest cells
are found by reading the words of these cells, however rare the products of the set are.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from indexer.stores.cells import Cells, ranges
from indexer.stores.store import Mask, Rows

Bits = npt.NDArray[np.uint64]
"""``[W]``, W words of 64 bits as ``BitLayout`` orders them; bits that belong to no product are 0."""

AT_FIRST = 8
"""Cells that are looked at before all others, for each word that the rows of a full set would take."""
Words = npt.NDArray[np.int64]
"""Places of 64-bit words in a set."""
_WORD = 64


class BitLayout:
    """Where each of N products has its bit. Safe to use from several threads at once.

    Args:
        cells: Of the products.
    """

    def __init__(self, cells: Cells) -> None:
        self.size = len(cells.of)
        sizes = np.bincount(cells.of, minlength=len(cells.centroids))
        # A cell without products has a word, too, so that no cell is an empty range.
        words = np.maximum(1, -(-sizes // _WORD))
        self._first = np.concatenate([[0], np.cumsum(words)])
        rows = np.argsort(cells.of, kind="stable")
        within = np.arange(self.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        self._row_at = np.full(int(self._first[-1]) * _WORD, self.size, dtype=np.int32)
        self._row_at[np.repeat(self._first[:-1] * _WORD, sizes) + within] = rows

    def bits_of(self, mask: Mask) -> Bits:
        """The set of the rows where ``mask``, ``[N]``, is True."""
        return np.packbits(np.append(mask, False)[self._row_at], bitorder="little").view(np.uint64)

    @cached_property
    def everything(self) -> Bits:
        """The set of all rows."""
        return self.bits_of(np.ones(self.size, dtype=np.bool_))

    def rows_of(self, bits: Bits) -> Rows:
        """The rows of a set, cell by cell; faster the fewer there are."""
        return self._rows_in(bits, np.flatnonzero(bits))

    def walk(self, order: npt.NDArray[np.integer]) -> Walk:
        """A walk over all cells ``[C]``, the first one first."""
        return Walk(self._first, order)

    def nearest(self, bits: Bits, walk: Walk, wanted: int) -> Rows:
        """The first rows of a set on a walk: ``wanted`` or up to 63 more, or all that there are.

        Args:
            bits: The set.
            walk: Over the cells, the nearest first.
            wanted: How many rows.
        """
        words, held = self._held(bits, walk.first(AT_FIRST * (wanted // _WORD + 1)))
        if held[-1] < wanted:
            if count(bits) <= wanted:
                return self.rows_of(bits)
            words, held = self._held(bits, walk.words)
        words = words[: int(np.searchsorted(held, wanted)) + 1]
        return self._rows_in(bits, words[bits[words] != 0])

    def _held(self, bits: Bits, words: Words) -> tuple[Words, npt.NDArray[np.int32]]:
        """Some words, and how many rows a set has up to each of them."""
        return words, np.cumsum(np.bitwise_count(bits[words]), dtype=np.int32)

    def _rows_in(self, bits: Bits, words: npt.NDArray[np.integer]) -> Rows:
        word, bit = np.nonzero(np.unpackbits(bits[words].view(np.uint8), bitorder="little").reshape(-1, _WORD))
        rows: Rows = self._row_at[words[word] * _WORD + bit].astype(np.int64)
        return rows


class Walk:
    """The words of sets in the order of cells. See ``BitLayout.walk``."""

    def __init__(self, first: npt.NDArray[np.integer], order: npt.NDArray[np.integer]) -> None:
        self._first, self._order = first, order

    def first(self, cells: int) -> Words:
        """Those of the first cells."""
        some = self._order[:cells]
        return ranges(self._first[some], self._first[some + 1])

    @cached_property
    def words(self) -> Words:
        """All words."""
        return self.first(len(self._order))


def count(bits: Bits) -> int:
    """How many rows a set has."""
    return int(np.bitwise_count(bits).sum())
