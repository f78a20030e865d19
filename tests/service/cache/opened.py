"""A cache in Redis, for tests without a service."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from service.cache.connection import MAX_FAILURES, RedisConnection
from service.cache.redis import RedisCache
from service.cache.sealing import sealing_secret
from service.observability.metrics import Metrics
from tests.patience import PATIENCE_S

"""A limit that every working Redis keeps, on a busy machine."""
SECRET = sealing_secret("a secret")


@asynccontextmanager
async def opened(
    url: str, *, timeout_s: float = PATIENCE_S, ttl_s: float = 60, secret: bytes = SECRET
) -> AsyncIterator[RedisCache]:
    connection = RedisConnection(url, timeout_s=timeout_s, metrics=Metrics())
    try:
        yield RedisCache(connection, secret=secret, ttl_s=ttl_s, metrics=Metrics())
    finally:
        await connection.close()


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, PATIENCE_S))


async def until(check: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait until ``check`` holds; fail otherwise."""
    end = time.monotonic() + PATIENCE_S
    while not await check():
        assert time.monotonic() < end, f"Not within {PATIENCE_S} s: {what}."
        await asyncio.sleep(0.01)


async def store(cache: RedisCache, key: str, value: bytes = b"value") -> None:
    """Put ``value`` and wait until it is there."""
    cache.put(key, value)

    async def stored() -> bool:
        found = await cache.get(key)
        return found is not None and found[0] == value

    await until(stored, "the value is stored")


async def fail_until_away(cache: RedisCache) -> None:
    for _ in range(MAX_FAILURES):
        assert await cache.get("key") is None
    assert not await cache.reachable()
