"""A table of SHA-256 digests. A dictionary of a million digests takes 200 MB, this table a quarter of it."""

from __future__ import annotations

from array import array

SIZE = 32
"""Bytes of a digest."""


class Digests:
    """Digests in the order in which they were added, in a hash table with open addressing.

    Safe to read from several threads while none adds.

    Args:
        digests: The first ones, one after another. They may repeat; the first of equal ones is found.
    """

    def __init__(self, digests: bytes | bytearray = b"") -> None:
        self._digests = bytearray(digests)
        self._slots = array("i")
        self._fill()

    def __len__(self) -> int:
        return len(self._digests) // SIZE

    def find(self, digest: bytes) -> int | None:
        """The place of a digest; None if it was not added."""
        place = self._slots[self._slot(digest)]
        return None if place < 0 else place

    def add(self, digest: bytes) -> bool:
        """Add a digest; False if it was added before."""
        slot = self._slot(digest)
        if self._slots[slot] >= 0:
            return False
        self._slots[slot] = len(self)
        self._digests += digest
        if 3 * len(self) > 2 * len(self._slots):
            self._fill()
        return True

    def _slot(self, digest: bytes) -> int:
        """The slot of a digest, or the empty one that it would take."""
        last = len(self._slots) - 1
        slot = int.from_bytes(digest[:8], "little") & last
        while (place := self._slots[slot]) >= 0 and self._digests[SIZE * place : SIZE * (place + 1)] != digest:
            slot = (slot + 1) & last
        return slot

    def _fill(self) -> None:
        """Give every digest a slot, in a table that is at most a third full."""
        self._slots = array("i", [-1]) * (1 << max(10, (2 * len(self)).bit_length()))
        for place in range(len(self)):
            slot = self._slot(bytes(self._digests[SIZE * place : SIZE * (place + 1)]))
            if self._slots[slot] < 0:
                self._slots[slot] = place
