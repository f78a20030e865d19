"""Redis as a cache that can be trusted to cost little, whatever state Redis is in."""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import logging
import struct
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError

from models.errors import ModisteError
from service.cache.memory import ThrottledWarning
from service.observability.metrics import Metrics

T = TypeVar("T")

logger = logging.getLogger(__name__)

FAILURES_TO_OPEN = 3
SUCCESS_FORGIVES = 0.2
"""Of one failure: who fails more than one time in six is left alone."""
FIRST_PROBE_S = 0.1
OPEN_S = 5.0
"""The longest pause between two probes while Redis is away."""
PROBE_TIMEOUT_S = 1.0
CONNECTIONS = 8
WRITERS = 2
"""Of the connections; the others are there for those who wait for an answer."""
MOST_WRITES = 64
MAX_VALUE_BYTES = 2**20

_ENVELOPE = struct.Struct("<4sd16s")
_MAGIC = b"Mod2"


class RedisCache:
    """Redis, never waited for longer than ``timeout_s``, and left alone while it keeps failing.

    After some failures in a row it is *away*: nobody asks it any more, and a task in the background probes it with
    growing pauses until it answers. A value carries its key's and its own digest and the time that it expires, so that
    whatever else lies under the key is no value.

    Args:
        url: Such as ``redis://127.0.0.1:6379/0``.
        ttl_s: Seconds that a value is good for.
        timeout_s: The longest that one read may take, connecting and waiting for a connection included.

    Raises:
        ModisteError: ``url`` is not a Redis URL.
    """

    def __init__(self, url: str, *, ttl_s: float, timeout_s: float, metrics: Metrics) -> None:
        self._url, self._ttl_s, self._timeout_s, self._metrics = url, ttl_s, timeout_s, metrics
        self._writes: set[asyncio.Task[None]] = set()
        self._writers = asyncio.Semaphore(WRITERS)
        self._failures = 0.0
        self._probing: asyncio.Task[None] | None = None
        self._rubbish, self._refusals = ThrottledWarning(logger), ThrottledWarning(logger)
        try:
            self._redis = self._client()
        except ValueError as error:
            raise ModisteError(
                f"MODISTE_REDIS_URL is not a Redis URL: {error}.", hint="Give one such as redis://127.0.0.1:6379/0."
            ) from error

    @property
    def state(self) -> str:
        return "redis" if self._probing is None else "redis (away)"

    async def get(self, key: str) -> bytes | None:
        found = await self.fetch(key)
        return found and found[0]

    async def fetch(self, key: str) -> tuple[bytes, float] | None:
        """The value under ``key``, and the seconds that are left of its time."""
        sealed = await self._attempt(lambda: self._redis.get(key))
        if not isinstance(sealed, bytes):
            return None
        opened = _opened(key, sealed)
        if opened is None:
            self._metrics.cache("error")
            self._rubbish.warn("Redis holds something else than a value of Modiste under %s; it is not used.", key)
            return None
        value, expires = opened
        # Clocks of replicas differ; a value never lives longer here than one that was made here.
        left_s = min(expires - time.time(), self._ttl_s)
        return (value, left_s) if left_s > 0 else None

    def put(self, key: str, value: bytes) -> None:
        if self._probing is not None or len(self._writes) >= MOST_WRITES or len(value) > MAX_VALUE_BYTES:
            return
        task = asyncio.create_task(self._write(key, _sealed(key, value, time.time() + self._ttl_s)))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)

    async def close(self) -> None:
        if self._writes:
            await asyncio.wait(self._writes, timeout=PROBE_TIMEOUT_S)
        for task in [*self._writes, self._probing]:
            if task is not None:
                task.cancel()
                await asyncio.wait([task], timeout=PROBE_TIMEOUT_S)
        await _let_go(self._redis)

    async def _write(self, key: str, sealed: bytes) -> None:
        async with self._writers:
            await self._attempt(lambda: self._redis.set(key, sealed, px=max(1, round(self._ttl_s * 1000))))

    async def _attempt(self, command: Callable[[], Awaitable[T]]) -> T | None:
        """What ``command`` gives; None where Redis is away, refuses, or does not answer in time."""
        if self._probing is not None:
            return None
        limit = asyncio.get_running_loop().time() + self._timeout_s
        try:
            answer = await _within(self._timeout_s, command())
        except ResponseError as error:
            # It answers in time, but refuses: full (OOM), read-only, a value of another type, no permission.
            self._metrics.cache("error")
            self._refusals.warn("Redis refuses a command: %s", error)
            return None
        except Exception as error:  # Where what answers does not speak Redis, the client raises anything.
            # Where this loop was too busy to look in time, Redis is not to blame.
            if asyncio.get_running_loop().time() < limit + self._timeout_s:
                self._failed(error)
            return None
        self._failures = max(0.0, self._failures - SUCCESS_FORGIVES)
        return answer

    def _failed(self, error: Exception) -> None:
        self._metrics.cache("error")
        self._failures += 1
        if self._failures >= FAILURES_TO_OPEN and self._probing is None:
            logger.warning("Redis does not answer (%s); searching goes on without it.", type(error).__name__)
            # In no request's context: what it logs minutes later belongs to none.
            self._probing = asyncio.create_task(self._probe(), context=contextvars.Context())

    async def _probe(self) -> None:
        """Wait until Redis answers again; nobody else asks it meanwhile."""
        # Whatever its connections went through, a new client has none of it.
        await _let_go(self._redis)
        pause_s = min(FIRST_PROBE_S, OPEN_S)
        while True:
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, OPEN_S)
            client = self._client()
            try:
                # All connections, so that connecting, which may take longer than a read, is on no request's time.
                asked = asyncio.gather(*(client.get("modiste:probe") for _ in range(CONNECTIONS)))
                if set(await _within(PROBE_TIMEOUT_S, asked)) == {None}:
                    break
            except Exception:  # As above.
                pass
            await _let_go(client)
        self._redis, self._failures, self._probing = client, 0.0, None
        logger.info("Redis answers again; results are shared again.")

    def _client(self) -> Redis:
        pool = BlockingConnectionPool.from_url(
            self._url, max_connections=CONNECTIONS, timeout=self._timeout_s, retry=Retry(NoBackoff(), 0),
            socket_timeout=PROBE_TIMEOUT_S, socket_connect_timeout=PROBE_TIMEOUT_S, protocol=2,
        )  # fmt: skip
        return Redis.from_pool(pool)


async def _within(limit_s: float, work: Awaitable[T]) -> T:
    """What ``work`` gives; TimeoutError if it does not in time, whatever it does about being cancelled then.

    The client of Redis takes its time, or goes on, where it is cancelled while it connects or lets go.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait([task], timeout=limit_s)
    finally:
        if not task.done():
            _abandoned.add(task)
            task.add_done_callback(_buried)
            task.cancel()
    if not task.done() or task.cancelled():
        raise TimeoutError
    return task.result()


_abandoned: set[asyncio.Future[Any]] = set()


def _buried(task: asyncio.Future[Any]) -> None:
    _abandoned.discard(task)
    if not task.cancelled():
        task.exception()  # Seen; nobody else looks.


async def _let_go(client: Redis) -> None:
    with suppress(Exception):
        await _within(PROBE_TIMEOUT_S, client.aclose())


def _sealed(key: str, value: bytes, expires: float) -> bytes:
    return _ENVELOPE.pack(_MAGIC, expires, _digest(key, expires, value)) + value


def _opened(key: str, sealed: bytes) -> tuple[bytes, float] | None:
    """The value and when it expires (seconds since 1970); None for anything that was not sealed for ``key``."""
    if len(sealed) < _ENVELOPE.size:
        return None
    magic, expires, digest = _ENVELOPE.unpack_from(sealed)
    value = sealed[_ENVELOPE.size :]
    return (value, expires) if magic == _MAGIC and digest == _digest(key, expires, value) else None


def _digest(key: str, expires: float, value: bytes) -> bytes:
    digest = hashlib.blake2b(f"{key} {expires!r} ".encode(), digest_size=16)
    digest.update(value)
    return digest.digest()
