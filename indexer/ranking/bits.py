"""Sets of products as bits, ordered by cell.

A set of a million products takes about 150 KB, so the intersection of several sets is computed and counted in
microseconds. The products of a cell are adjacent and start at a new 64-bit word. The products of a set in the nearest
cells are therefore found by reading only the words of these cells, however few products the set has.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from indexer.stores.cells import Cells, ranges
from indexer.stores.store import Mask, Rows

Bits = npt.NDArray[np.uint64]
"""``[W]``, W words of 64 bits as ``BitLayout`` orders them; bits that belong to no product are 0."""

Walk = npt.NDArray[np.int64]
"""Places of the 64-bit words of a set, in the order in which their cells are visited."""
_WORD = 64


class BitLayout:
    """The position of the bit of each of N products. Thread-safe.

    Args:
        cells: The cells of the products.
    """

    def __init__(self, cells: Cells) -> None:
        self.size = len(cells.of)
        sizes = np.bincount(cells.of, minlength=len(cells.centroids))
        # An empty cell has a word, too, so that the words of some cells are never an empty list.
        words = np.maximum(1, -(-sizes // _WORD))
        self._first = np.concatenate([[0], np.cumsum(words)])
        rows = np.argsort(cells.of, kind="stable")
        within = np.arange(self.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        self._row_at = np.full(int(self._first[-1]) * _WORD, self.size, dtype=np.int32)
        places = np.repeat(self._first[:-1] * _WORD, sizes) + within
        self._row_at[places] = rows
        self._place_of = np.empty(self.size, dtype=np.int32)
        self._place_of[rows] = places

    def bits_of(self, mask: Mask) -> Bits:
        """The set of the rows where ``mask``, ``[N]``, is True."""
        return np.packbits(np.append(mask, False)[self._row_at], bitorder="little").view(np.uint64)

    @cached_property
    def everything(self) -> Bits:
        """The set of all rows."""
        return self.bits_of(np.ones(self.size, dtype=np.bool_))

    def rows_of(self, bits: Bits) -> Rows:
        """The rows of a set, in the order of the cells."""
        return self._rows_in(bits, np.flatnonzero(bits != 0))

    def held(self, bits: Bits, rows: npt.NDArray[np.integer]) -> Mask:
        """Which of some rows are in a set: bool ``[len(rows)]``."""
        places = self._place_of.take(rows)
        held: Mask = np.bitwise_and(bits.view(np.uint8).take(places >> 3) >> (places & 7).astype(np.uint8), 1) > 0
        return held

    def walk(self, order: npt.NDArray[np.integer]) -> Walk:
        """The words of all cells, in the order ``[C]`` in which the cells are visited."""
        return ranges(self._first[order], self._first[order + 1])

    def nearest(self, bits: Bits, walk: Walk, wanted: int) -> Rows:
        """The first rows of a set on a walk: ``wanted`` or up to 63 more; all of them if there are fewer.

        Args:
            bits: The set.
            walk: Over the cells, the nearest first.
            wanted: Minimum number of rows.
        """
        held = np.cumsum(np.bitwise_count(bits[walk]), dtype=np.int32)
        words = walk[: int(np.searchsorted(held, wanted)) + 1]
        return self._rows_in(bits, words[bits[words] != 0])

    def _rows_in(self, bits: Bits, words: npt.NDArray[np.integer]) -> Rows:
        # As bool, because ``flatnonzero`` takes five times as long for integers.
        at = np.flatnonzero(np.unpackbits(bits.take(words).view(np.uint8), bitorder="little").view(np.bool_))
        rows: Rows = self._row_at.take(words.take(at // _WORD) * _WORD + at % _WORD).astype(np.int64)
        return rows


def count(bits: Bits) -> int:
    """The number of rows of a set."""
    return int(np.bitwise_count(bits).sum())
