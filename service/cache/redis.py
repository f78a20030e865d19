"""Redis as a cache whose values are authenticated."""

from __future__ import annotations

import asyncio
import logging
import time

from redis.exceptions import ResponseError

from service.cache.connection import RedisConnection
from service.cache.sealing import OVERHEAD_BYTES, open_sealed, seal
from service.errors import excerpt
from service.observability.metrics import Metrics
from service.observability.throttled_warning import ThrottledWarning

logger = logging.getLogger(__name__)

MAX_VALUE_BYTES = 2**20
CONCURRENT_WRITES = 2
"""Connections for writes; the others are reserved for reads, because callers wait for these."""
MAX_PENDING_WRITES = 64


class RedisCache:
    """Bytes by key in Redis.

    Values are sealed (``sealing.py``), so that write access to Redis without ``secret`` does not allow forging them.
    At most ``MAX_VALUE_BYTES`` of a value are read.

    Args:
        redis: The connection; limits the time that a caller waits.
        secret: Authenticates values; the same for all replicas that share them. At most 64 bytes.
        ttl_s: Seconds after which a value expires.
        metrics: Counts failures.
    """

    def __init__(self, redis: RedisConnection, *, secret: bytes, ttl_s: float, metrics: Metrics) -> None:
        self._redis, self._secret, self._ttl_s, self._metrics = redis, secret, ttl_s, metrics
        self._pending_writes = 0
        self._writing = asyncio.Semaphore(CONCURRENT_WRITES)
        self._forged, self._failing = ThrottledWarning(logger), ThrottledWarning(logger)

    async def reachable(self) -> bool:
        """Whether Redis responds now."""
        return await self._redis.reachable()

    async def get(self, key: str) -> tuple[bytes, float] | None:
        """The value under ``key`` and the seconds until it expires. None if it is missing or not authentic."""
        sealed = await self._redis.read(lambda: self._fetch(key))
        if not sealed:
            return None
        opened = open_sealed(self._secret, key, sealed)
        if opened is None:
            self._metrics.cache("error")
            self._forged.warn("The value in Redis under %s was not written with this secret and is ignored.", key)
            return None
        # The clocks of replicas differ, so the remaining time is limited to the time of a new value.
        left_s = min(opened.expires - time.time(), self._ttl_s)
        return (opened.value, left_s) if left_s > 0 else None

    def put(self, key: str, value: bytes) -> None:
        """Write in the background. Values are dropped while Redis is away or too many writes are pending."""
        if self._redis.away or self._pending_writes >= MAX_PENDING_WRITES:
            return
        if len(value) + OVERHEAD_BYTES <= MAX_VALUE_BYTES:
            self._pending_writes += 1
            self._redis.start(self._write(key, value)).add_done_callback(self._written)

    def _written(self, _: asyncio.Task[None]) -> None:
        self._pending_writes -= 1

    async def _fetch(self, key: str) -> bytes:
        try:
            # A bounded read, because another program may have written a value of any size.
            sealed = await self._redis.client.getrange(key, 0, MAX_VALUE_BYTES - 1)
        except ResponseError as error:
            if str(error).startswith("WRONGTYPE"):
                return b""
            raise
        return sealed if isinstance(sealed, bytes) else b""

    async def _write(self, key: str, value: bytes) -> None:
        sealed = seal(self._secret, key, value, time.time() + self._ttl_s)
        async with self._writing:
            try:
                await self._redis.client.set(key, sealed, px=max(1, round(self._ttl_s * 1000)))
            except ResponseError as error:  # Redis is full or read-only, or the user lacks the permission.
                self._metrics.cache("error")
                self._failing.warn("Redis refuses to store a value: %s", excerpt(str(error)))
            except Exception:  # Only reads open the circuit breaker.
                self._metrics.cache("error")
