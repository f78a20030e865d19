"""Numbers of half precision as float32."""

from __future__ import annotations

import numpy as np

from indexer.stores.store import Halves, Vectors

_SCALE = np.float32(2.0**112)
"""The bits of a float16, moved to where a float32 has them, are those of a number so many times smaller."""


def floats(halves: Halves) -> Vectors:
    """The same finite numbers as float32, in a fifth of the time of ``astype``."""
    bits = np.ascontiguousarray(halves).view(np.int16).astype(np.int32)
    bits <<= 13
    bits &= -0x70002000  # Sign, exponent and fraction.
    result: Vectors = bits.view(np.float32) * _SCALE
    return result
