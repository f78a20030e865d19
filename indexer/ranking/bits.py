"""Sets of products as bits: one for each of N products, 64 in a word.

A million products are 125 KB, so that the products in all of several sets are found and counted in microseconds.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from indexer.stores.store import Mask, Rows

Bits = npt.NDArray[np.uint64]
"""``[(N + 63) // 64]``; the bits after the N-th are 0."""


def bits_of(mask: Mask) -> Bits:
    """The set of the rows where ``mask``, ``[N]``, is True."""
    packed = np.packbits(mask, bitorder="little")
    return np.pad(packed, (0, -len(packed) % 8)).view(np.uint64)


def count(bits: Bits) -> int:
    """How many rows a set has."""
    return int(np.bitwise_count(bits).sum())


def holds(bits: Bits, rows: npt.NDArray[np.integer]) -> Mask:
    """Which of some rows are in a set: bool ``[len(rows)]``."""
    held: Mask = (bits.view(np.uint8)[rows >> 3] >> (rows & 7).astype(np.uint8) & 1).astype(np.bool_)
    return held


def rows_of(bits: Bits) -> Rows:
    """The rows of a set, ascending; faster the fewer there are."""
    words = np.flatnonzero(bits)
    each = np.unpackbits(bits[words].view(np.uint8), bitorder="little").reshape(-1, 64)
    word, bit = np.nonzero(each)
    return words[word] * 64 + bit
