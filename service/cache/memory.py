"""The cache in the memory of this process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from cachetools import TLRUCache


class _Entry(NamedTuple):
    value: bytes
    expires: float
    size: int


class MemoryCache:
    """Bytes by key, limited in bytes and time. The least recently used entries are evicted first. Used from one event
    loop.

    Args:
        max_bytes: Maximum bytes of keys and values together; 0 stores nothing.
        ttl_s: Seconds after which a value expires.
        clock: Monotonic seconds.
    """

    def __init__(self, max_bytes: int, ttl_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._ttl_s, self._clock = ttl_s, clock
        self._entries: TLRUCache[str, _Entry] = TLRUCache(
            max_bytes, ttu=lambda key, entry, now: entry.expires, timer=clock, getsizeof=lambda entry: entry.size
        )

    @property
    def size(self) -> int:
        """Bytes of all stored keys and values."""
        return int(self._entries.currsize)

    def get(self, key: str) -> bytes | None:
        """The value under ``key``; None if it is missing or expired."""
        entry = self._entries.get(key)
        return None if entry is None else entry.value

    def put(self, key: str, value: bytes, ttl_s: float | None = None) -> None:
        """Store ``value`` for ``ttl_s`` seconds; by default for the cache's own ``ttl_s``."""
        entry = _Entry(value, self._clock() + (self._ttl_s if ttl_s is None else ttl_s), len(key) + len(value))
        self._entries.pop(key, None)
        if entry.size <= self._entries.maxsize:
            self._entries[key] = entry
