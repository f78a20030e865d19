"""The connection to Redis, with short timeouts and a circuit breaker."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from circuitbreaker import CircuitBreaker
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from catalog.errors import ModisteError
from service.errors import excerpt
from service.observability.metrics import Metrics

T = TypeVar("T")

logger = logging.getLogger(__name__)

MAX_FAILURES = 5
"""Consecutive failed reads after which the circuit breaker opens."""
AWAY_S = 5.0
"""How long the circuit breaker stays open. The next read after that is a trial."""
SOCKET_TIMEOUT_S = 1.0
"""For connecting, and for one reply. Callers wait for ``timeout_s``, which is shorter."""
CONNECTIONS = 8
_DATABASE = re.compile(r"/?|/\d+")
_OPTION = re.compile(r"db|username|password|ssl_\w+")


class RedisConnection:
    """A few connections to one Redis, for the cache and the rate limits of a process.

    A caller waits for ``timeout_s`` at most. A command that takes longer continues in the background, so that a
    connection that is slow to establish is available to the next caller. After ``MAX_FAILURES`` consecutive failed
    reads a circuit breaker opens, and Redis is not used for ``AWAY_S`` seconds.

    Args:
        url: Such as ``redis://127.0.0.1:6379/0``.
        timeout_s: The longest time that a caller waits for a reply.
        metrics: Counts failures.

    Raises:
        ModisteError: ``url`` is not a Redis URL.
    """

    def __init__(self, url: str, *, timeout_s: float, metrics: Metrics) -> None:
        self._timeout_s, self._metrics = timeout_s, metrics
        self._breaker = CircuitBreaker(failure_threshold=MAX_FAILURES, recovery_timeout=AWAY_S)
        self._reported_away = False
        self._commands: set[asyncio.Task[Any]] = set()
        try:
            _check_options(url)
            pool = BlockingConnectionPool.from_url(
                url, max_connections=CONNECTIONS, timeout=SOCKET_TIMEOUT_S, retry=Retry(NoBackoff(), 1),
                socket_timeout=SOCKET_TIMEOUT_S, socket_connect_timeout=SOCKET_TIMEOUT_S, protocol=2,
            )  # fmt: skip
            pool.connection_class(**pool.connection_kwargs)  # It does not connect. An unknown option is an error.
        except (ValueError, TypeError):
            # The cause is not chained because it may contain a part of the password.
            raise ModisteError(
                "MODISTE_REDIS_URL is not a Redis URL.",
                hint="Give one such as redis://127.0.0.1:6379/0, with no options but ssl_*; write special "
                "characters in a password as %23.",
            ) from None
        self.client = Redis.from_pool(pool)
        """For writes in the background. Reads go through ``read``."""

    @property
    def away(self) -> bool:
        """Whether the circuit breaker is open."""
        return bool(self._breaker.opened)

    async def reachable(self) -> bool:
        """Whether Redis responds now. False without a request while the circuit breaker is open."""
        return bool(await self.read(self._ping, SOCKET_TIMEOUT_S))

    async def read(self, command: Callable[[], Coroutine[Any, Any, T]], timeout_s: float | None = None) -> T | None:
        """The result of ``command``. None if it fails, takes longer than ``timeout_s``, or the breaker is open."""
        if self._breaker.opened:
            return None
        timeout_s = self._timeout_s if timeout_s is None else timeout_s
        task = self.start(command())
        try:
            # Outside the breaker, which would count a cancelled caller as a success.
            await asyncio.wait([task], timeout=timeout_s)
            with self._breaker:
                if not task.done() or task.cancelled():
                    raise TimeoutError(f"no answer within {timeout_s * 1000:g} ms")
                result = task.result()
        except Exception as error:  # A server of another kind can make the client raise any exception.
            self._metrics.cache("error")
            if self._breaker.opened and not self._reported_away:
                self._reported_away = True
                logger.warning(
                    "Redis does not respond (%s: %s). Requests are answered without it.",
                    type(error).__name__,
                    excerpt(str(error)),
                )
            return None
        if self._reported_away:
            self._reported_away = False
            logger.info("Redis responds again.")
        return result

    def start(self, command: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run ``command`` in the background. ``close`` cancels it."""
        task = asyncio.create_task(command)
        self._commands.add(task)
        task.add_done_callback(self._done)
        return task

    async def close(self) -> None:
        """Finish the commands and close the connections, for ``2 * SOCKET_TIMEOUT_S`` at most."""
        tasks = set(self._commands)
        if tasks:
            await asyncio.wait(tasks, timeout=SOCKET_TIMEOUT_S)
        for task in tasks:
            task.cancel()
        with suppress(Exception):
            await asyncio.wait_for(self.client.aclose(), SOCKET_TIMEOUT_S)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._commands.discard(task)
        if not task.cancelled():
            task.exception()  # Mark it as retrieved; the caller may have stopped waiting.

    async def _ping(self) -> bool:
        return bool(await self.client.ping())


def _check_options(url: str) -> None:
    """Check what the client ignores or would let override its own options.

    Raises:
        ValueError: The database is not a number, or an option of the query is not one of ``_OPTION``.
    """
    parts = urlsplit(url)
    if parts.scheme != "unix" and not _DATABASE.fullmatch(parts.path):
        raise ValueError("the database is not a number")
    if not all(_OPTION.fullmatch(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        raise ValueError("an option is not supported")
