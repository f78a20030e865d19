"""Answers and features kept for the next one who asks the same: in this process, and in Redis, which replicas share.

A cache may lose anything at any time and never raises; searching goes on without it.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

import orjson

KEY_FORMAT = 3
SELDOM_S = 60.0


class Cache(Protocol):
    """Bytes by key for a limited time."""

    @property
    def state(self) -> str:
        """What keeps the bytes, and whether it can be reached."""

    async def get(self, key: str) -> bytes | None:
        """What was put under ``key``; None if it is gone, or cannot be had at once."""

    def put(self, key: str, value: bytes) -> None:
        """Keep ``value``, if possible. Returns at once."""

    async def close(self) -> None:
        """Finish what is being written and let go."""


def cache_key(**parts: Any) -> str:
    """One key for equal ``parts`` (JSON values, in any order), another for any other."""
    return f"modiste:{KEY_FORMAT}:{hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()}"


class MemoryCache:
    """The least recently used go first when ``max_bytes`` are full. Used from one event loop.

    Args:
        max_bytes: Bound of keys and values together; 0 keeps nothing.
        ttl_s: Seconds that a value is good for.
        clock: Seconds that only grow.
    """

    state = "memory"

    def __init__(self, max_bytes: int, ttl_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_bytes, self._ttl_s, self._clock = max_bytes, ttl_s, clock
        self._values: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self.bytes = 0

    async def get(self, key: str) -> bytes | None:
        if key not in self._values:
            return None
        expires, value = self._values[key]
        if self._clock() >= expires:
            self._drop(key)
            return None
        self._values.move_to_end(key)
        return value

    def put(self, key: str, value: bytes, ttl_s: float | None = None) -> None:
        """Keep ``value``; for ``ttl_s`` only, where it was made a while ago."""
        if key in self._values:
            self._drop(key)
        if len(key) + len(value) > self._max_bytes:
            return
        self._values[key] = (self._clock() + (self._ttl_s if ttl_s is None else ttl_s), value)
        self.bytes += len(key) + len(value)
        while self.bytes > self._max_bytes:
            self._drop(next(iter(self._values)))

    async def close(self) -> None:
        self._values.clear()
        self.bytes = 0

    def _drop(self, key: str) -> None:
        self.bytes -= len(key) + len(self._values.pop(key)[1])


class FarCache(Cache, Protocol):
    """A cache that tells how much longer a value is good for, so that a copy of it does not outlive it."""

    async def fetch(self, key: str) -> tuple[bytes, float] | None:
        """What ``get`` gives, and the seconds that are left of its time."""


class TwoLevelCache:
    """A memory of this process in front of what all processes share. What is found far is kept near from then on.

    Nothing is ever withdrawn: a key names everything that its value depends on, the generation among it.
    """

    def __init__(self, near: MemoryCache, far: FarCache) -> None:
        self._near, self._far = near, far

    @property
    def state(self) -> str:
        return self._far.state

    async def get(self, key: str) -> bytes | None:
        value = await self._near.get(key)
        if value is not None:
            return value
        found = await self._far.fetch(key)
        if found is None:
            return None
        value, left_s = found
        self._near.put(key, value, left_s)
        return value

    def put(self, key: str, value: bytes) -> None:
        self._near.put(key, value)
        self._far.put(key, value)

    async def close(self) -> None:
        await self._near.close()
        await self._far.close()


class ThrottledWarning:
    """Warnings of one kind, at most one a minute: what goes wrong with every request would flood the log."""

    def __init__(self, logger: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger, self._clock = logger, clock
        self._quiet_until, self._unsaid = float("-inf"), 0

    def warn(self, message: str, *arguments: object) -> None:
        """Log ``message``, or count it for the next time."""
        now = self._clock()
        if now < self._quiet_until:
            self._unsaid += 1
            return
        more = f" ({self._unsaid} more of these were not logged.)" if self._unsaid else ""
        self._quiet_until, self._unsaid = now + SELDOM_S, 0
        self._logger.warning(message + more, *arguments)
