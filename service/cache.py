"""Answers kept for the next one who asks the same: in Redis, which replicas share, or in this process.

A cache may lose anything at any time and never raises; searching goes on without it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

import orjson
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from models.errors import ModisteError
from service.telemetry import Telemetry

T = TypeVar("T")

logger = logging.getLogger(__name__)

KEY_FORMAT = 1
FAILURES_TO_OPEN = 3
OPEN_S = 5.0
MOST_WRITES = 64


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

    def put(self, key: str, value: bytes) -> None:
        if key in self._values:
            self._drop(key)
        if len(key) + len(value) > self._max_bytes:
            return
        self._values[key] = (self._clock() + self._ttl_s, value)
        self.bytes += len(key) + len(value)
        while self.bytes > self._max_bytes:
            self._drop(next(iter(self._values)))

    async def close(self) -> None:
        self._values.clear()
        self.bytes = 0

    def _drop(self, key: str) -> None:
        self.bytes -= len(key) + len(self._values.pop(key)[1])


class RedisCache:
    """Redis, never waited for longer than ``timeout_s``, and left alone for a while when it keeps failing.

    Args:
        url: Such as ``redis://127.0.0.1:6379/0``.
        ttl_s: Seconds that a value is good for.
        timeout_s: The longest that one read may take.

    Raises:
        ModisteError: ``url`` is not a Redis URL.
    """

    def __init__(self, url: str, *, ttl_s: float, timeout_s: float, telemetry: Telemetry) -> None:
        self._ttl_ms, self._timeout_s, self._telemetry = max(1, round(ttl_s * 1000)), timeout_s, telemetry
        self._writes: set[asyncio.Task[None]] = set()
        self._failures, self._closed_until = 0, 0.0
        try:
            self._redis = redis.asyncio.Redis.from_url(url, retry=Retry(NoBackoff(), 0))
        except ValueError as error:
            raise ModisteError(
                f"MODISTE_REDIS_URL is not a Redis URL: {error}.", hint="Give one such as redis://127.0.0.1:6379/0."
            ) from error

    @property
    def state(self) -> str:
        return "redis (away)" if self._failures >= FAILURES_TO_OPEN else "redis"

    async def get(self, key: str) -> bytes | None:
        found = await self._attempt(lambda: self._redis.get(key))
        return found if isinstance(found, bytes) else None

    def put(self, key: str, value: bytes) -> None:
        if len(self._writes) >= MOST_WRITES:
            return
        task = asyncio.create_task(self._write(key, value))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)

    async def close(self) -> None:
        if self._writes:
            await asyncio.wait(self._writes)
        await self._redis.aclose()

    async def _write(self, key: str, value: bytes) -> None:
        await self._attempt(lambda: self._redis.set(key, value, px=self._ttl_ms))

    async def _attempt(self, command: Callable[[], Awaitable[T]]) -> T | None:
        """Run ``command``. After some failures in a row, only one attempt every few seconds."""
        now = time.monotonic()
        if self._failures >= FAILURES_TO_OPEN:
            if now < self._closed_until:
                return None
            self._closed_until = now + OPEN_S
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await command()
        # Besides its own errors the client raises ValueError and others where what answers does not speak Redis.
        except (RedisError, OSError, TimeoutError, ValueError, LookupError, TypeError, AttributeError) as error:
            self._failed(error)
            return None
        if self._failures >= FAILURES_TO_OPEN:
            logger.info("Redis answers again; results are shared again.")
        self._failures = 0
        return answer

    def _failed(self, error: Exception) -> None:
        self._telemetry.cache("error")
        self._failures += 1
        self._closed_until = time.monotonic() + OPEN_S
        if self._failures == FAILURES_TO_OPEN:
            logger.warning("Redis does not answer (%s); searching goes on without it.", type(error).__name__)
