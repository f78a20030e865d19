"""Redis as a cache that is never trusted and never waited for."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from circuitbreaker import CircuitBreaker
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError

from models.errors import ModisteError
from service.cache.sealing import OVERHEAD_BYTES, open_sealed, seal
from service.cache.throttled import ThrottledWarning
from service.observability.metrics import Metrics

T = TypeVar("T")

logger = logging.getLogger(__name__)

MAX_FAILURES = 5
"""Failed reads in a row after which Redis is no longer asked."""
AWAY_S = 5.0
"""How long Redis is not asked then. The next read after it is a trial."""
SOCKET_TIMEOUT_S = 1.0
"""For connecting, and for one reply. A caller waits for less: see ``timeout_s``."""
CONNECTIONS = 8
CONCURRENT_WRITES = 2
"""Connections that writes may take; the others are left to reads, for which callers wait."""
MAX_PENDING_WRITES = 64
MAX_VALUE_BYTES = 2**20


class RedisCache:
    """Bytes by key in Redis.

    A caller waits at most ``timeout_s``. A command that takes longer goes on in the background, so that a connection
    that is slow to establish is there for the next caller. After ``MAX_FAILURES`` failed reads in a row a circuit
    breaker opens, and Redis is not asked for ``AWAY_S`` seconds.

    Values are sealed (``sealing.py``): whoever can write to Redis but has no ``secret`` cannot make the service use a
    value. Never more than ``MAX_VALUE_BYTES`` of a value are read.

    Args:
        url: Such as ``redis://127.0.0.1:6379/0``.
        secret: Authenticates values; the same for all replicas that are to share them. At most 64 bytes.
        ttl_s: Seconds after which a value expires.
        timeout_s: The longest that a caller waits for a value.
        metrics: Where failures are counted.

    Raises:
        ModisteError: ``url`` is not a Redis URL.
    """

    def __init__(self, url: str, *, secret: bytes, ttl_s: float, timeout_s: float, metrics: Metrics) -> None:
        self._secret, self._ttl_s, self._timeout_s, self._metrics = secret, ttl_s, timeout_s, metrics
        self._breaker = CircuitBreaker(failure_threshold=MAX_FAILURES, recovery_timeout=AWAY_S)
        self._away = False
        self._commands: set[asyncio.Task[Any]] = set()
        self._writes: set[asyncio.Task[None]] = set()
        self._writing = asyncio.Semaphore(CONCURRENT_WRITES)
        self._forged, self._refused = ThrottledWarning(logger), ThrottledWarning(logger)
        try:
            pool = BlockingConnectionPool.from_url(
                url, max_connections=CONNECTIONS, timeout=SOCKET_TIMEOUT_S, retry=Retry(NoBackoff(), 1),
                socket_timeout=SOCKET_TIMEOUT_S, socket_connect_timeout=SOCKET_TIMEOUT_S, protocol=2,
            )  # fmt: skip
        except ValueError:
            # The cause is not chained: it may quote a part of the password.
            raise ModisteError(
                "MODISTE_REDIS_URL is not a Redis URL.",
                hint="Give one such as redis://127.0.0.1:6379/0; write special characters in a password as %23.",
            ) from None
        self._redis = Redis.from_pool(pool)

    async def reachable(self) -> bool:
        """Whether Redis answers now. False without asking while the circuit breaker is open."""
        return bool(await self._read(self._ping, SOCKET_TIMEOUT_S))

    async def get(self, key: str) -> tuple[bytes, float] | None:
        """The value under ``key`` and the seconds until it expires. None if there is none, or it is not authentic."""
        sealed = await self._read(lambda: self._fetch(key), self._timeout_s)
        if not sealed:
            return None
        opened = open_sealed(self._secret, key, sealed)
        if opened is None:
            self._metrics.cache("error")
            self._forged.warn("Redis holds a value under %s that was not written with this secret. It is ignored.", key)
            return None
        # Clocks of replicas differ. A value never lives longer here than one that was made here.
        left_s = min(opened.expires - time.time(), self._ttl_s)
        return (opened.value, left_s) if left_s > 0 else None

    def put(self, key: str, value: bytes) -> None:
        """Write in the background. Values are dropped while Redis is away or too many are waiting."""
        if self._breaker.opened or len(self._writes) >= MAX_PENDING_WRITES:
            return
        if len(value) + OVERHEAD_BYTES <= MAX_VALUE_BYTES:
            task = asyncio.create_task(self._write(key, value))
            self._writes.add(task)
            task.add_done_callback(self._writes.discard)

    async def close(self) -> None:
        """Finish the writes and close the connections, for ``2 * SOCKET_TIMEOUT_S`` at most."""
        tasks = {*self._writes, *self._commands}
        if tasks:
            await asyncio.wait(tasks, timeout=SOCKET_TIMEOUT_S)
        for task in tasks:
            task.cancel()
        with suppress(Exception):
            await asyncio.wait_for(self._redis.aclose(), SOCKET_TIMEOUT_S)

    async def _read(self, command: Callable[[], Coroutine[Any, Any, T]], timeout_s: float) -> T | None:
        """The result of ``command``. None if it fails, takes longer than ``timeout_s``, or the breaker is open."""
        if self._breaker.opened:
            return None
        task = asyncio.create_task(command())
        self._commands.add(task)
        task.add_done_callback(self._command_done)
        try:
            with self._breaker:
                await asyncio.wait([task], timeout=timeout_s)
                if not task.done():
                    raise TimeoutError(f"no answer within {timeout_s * 1000:g} ms")
                result = task.result()
        except Exception as error:  # A server that does not speak Redis makes the client raise anything.
            self._metrics.cache("error")
            if self._breaker.opened and not self._away:
                self._away = True
                logger.warning(
                    "Redis does not answer (%s: %s). Searches go on without it.", type(error).__name__, error
                )
            return None
        if self._away:
            self._away = False
            logger.info("Redis answers again.")
        return result

    def _command_done(self, task: asyncio.Task[Any]) -> None:
        self._commands.discard(task)
        if not task.cancelled():
            task.exception()  # Retrieved, in case no caller waits any more.

    async def _ping(self) -> bool:
        return bool(await self._redis.ping())

    async def _fetch(self, key: str) -> bytes:
        try:
            # A bounded read: the value may have been written by someone else, at any size.
            sealed = await self._redis.getrange(key, 0, MAX_VALUE_BYTES - 1)
        except ResponseError as error:
            if str(error).startswith("WRONGTYPE"):
                return b""
            raise
        return sealed if isinstance(sealed, bytes) else b""

    async def _write(self, key: str, value: bytes) -> None:
        sealed = seal(self._secret, key, value, time.time() + self._ttl_s)
        async with self._writing:
            try:
                await self._redis.set(key, sealed, px=max(1, round(self._ttl_s * 1000)))
            except ResponseError as error:  # It is full or read-only, or permission is missing.
                self._metrics.cache("error")
                self._refused.warn("Redis refuses to store a value: %s", error)
            except Exception:  # Reads decide whether Redis is away.
                self._metrics.cache("error")
