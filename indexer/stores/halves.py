"""Fast conversion of half precision to float32."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from indexer.stores.store import Halves, Rows, Scores, Vectors

_SCALE = np.float32(2.0**112)
"""Factor between a float16 and the float32 with the same bits at the positions of a float32."""
BLOCK = 256
"""Number of vectors that are converted at a time, so that they stay in the cache of a core."""


def floats(halves: Halves) -> Vectors:
    """The same finite numbers as float32, in a fifth of the time of ``astype``."""
    result: Vectors = _scaled(halves) * _SCALE
    return result


def cosines(halves: Halves, rows: Rows, vector: Vectors) -> Scores:
    """The inner products of some of N vectors ``[N, D]`` and a unit vector ``[D]``: ``[len(rows)]``."""
    scores, scaled = np.empty(len(rows), np.float32), vector * _SCALE
    for at in range(0, len(rows), BLOCK):
        some = halves.take(rows[at : at + BLOCK], axis=0)
        # A matrix product would round equal vectors differently by their position, and pages of equal products overlap.
        np.vecdot(_scaled(some), scaled, out=scores[at : at + BLOCK])
    return scores


def _scaled(halves: Halves) -> npt.NDArray[np.float32]:
    """Numbers divided by ``_SCALE``."""
    bits = np.ascontiguousarray(halves).view(np.int16).astype(np.int32)
    bits <<= 13
    bits &= -0x70002000  # Sign, exponent and fraction.
    return bits.view(np.float32)
