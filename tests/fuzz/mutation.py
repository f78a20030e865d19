"""Bytes changed at random, as damage and malice change files."""

from __future__ import annotations

import numpy as np

TELLING = (
    b"\0", b"\xff", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\r\n", b'"', b"[", b"{", b"<", b"&",
    b",", b"-1", b"9" * 30, b"1e999", b"null", b"NaN", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"../", b"%00", b"\x1b[2J",
)  # fmt: skip
"""What parsers stumble over."""


def mutated(data: bytes, random: np.random.Generator) -> bytes:
    """``data`` after one to four changes: bits flipped, bytes replaced, a part removed, repeated or moved, the end cut
    off, or something telling put in."""
    changed = bytearray(data)
    for _ in range(int(random.integers(1, 5))):
        at, length = (int(place) for place in random.integers(0, len(changed) + 1, 2))
        part = changed[at : at + length % 64]
        match int(random.integers(0, 7)):
            case 0 if at < len(changed):
                changed[at] ^= 1 << int(random.integers(0, 8))
            case 1:
                changed[at : at + len(part)] = random.bytes(len(part))
            case 2:
                del changed[at : at + len(part)]
            case 3:
                changed[at:at] = part * int(random.integers(1, 40))
            case 4:
                changed[length:length] = part
            case 5 if random.integers(0, 4) == 0:
                del changed[at:]
            case _:
                changed[at:at] = TELLING[int(random.integers(0, len(TELLING)))]
    return bytes(changed)
