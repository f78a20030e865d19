"""Redis as a cache: values that are kept, expire, and are not trusted."""

from __future__ import annotations

import asyncio
import time

import pytest
import redis

from catalog.errors import ModisteError
from service.cache.cache import Cache
from service.cache.connection import CONNECTIONS, MAX_FAILURES, RedisConnection
from service.cache.memory import MemoryCache
from service.cache.redis import MAX_VALUE_BYTES
from service.cache.sealing import OVERHEAD_BYTES, seal, sealing_secret
from service.observability.metrics import Metrics
from service.settings import Settings
from tests.service.cache.opened import SECRET, opened, run, store, until
from tests.service.conftest import Redis


def test_a_value_comes_back_with_the_rest_of_its_time(redis_server: Redis) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url, ttl_s=60) as cache:
            assert await cache.get("key") is None
            await store(cache, "key")
            found = await cache.get("key")
            assert found is not None
            assert found[0] == b"value"
            assert 0 < found[1] <= 60

    run(scenario())


def test_a_value_expires_in_redis_and_by_its_own_time(redis_server: Redis) -> None:
    async def scenario() -> None:
        with redis.Redis.from_url(redis_server.url) as client:
            async with opened(redis_server.url, ttl_s=60) as cache:
                await store(cache, "key")
                assert 0 < client.pttl("key") <= 60_000
                client.set("key", seal(SECRET, "key", b"value", time.time() - 1))
                assert await cache.get("key") is None

    run(scenario())


def test_a_value_from_redis_is_kept_in_memory_for_the_rest_of_its_time(redis_server: Redis) -> None:
    now = [100.0]

    async def scenario() -> None:
        async with opened(redis_server.url, ttl_s=60) as shared:
            cache = Cache(MemoryCache(1000, ttl_s=600, clock=lambda: now[0]), shared)
            await store(shared, "key")
            assert await cache.get("key") == b"value"
            with redis.Redis.from_url(redis_server.url) as client:
                client.delete("key")
            assert await cache.get("key") == b"value"
            now[0] += 60
            assert await cache.get("key") is None

    run(scenario())


def test_values_of_another_secret_or_key_are_misses_and_logged_once(
    redis_server: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url, secret=sealing_secret("another")) as theirs:
            await store(theirs, "key")
        async with opened(redis_server.url) as cache:
            with redis.Redis.from_url(redis_server.url) as client:
                assert await cache.get("key") is None
                await store(cache, "one")
                client.copy("one", "other")
                assert await cache.get("other") is None
                client.set("garbage", b"\0\xff garbage")
                assert await cache.get("garbage") is None
            assert await cache.reachable()
        assert len(caplog.records) == 1

    run(scenario())


def test_a_huge_value_is_read_only_in_part(redis_server: Redis) -> None:
    async def scenario() -> None:
        with redis.Redis.from_url(redis_server.url) as client:
            client.set("huge", seal(SECRET, "huge", bytes(2 * MAX_VALUE_BYTES), time.time() + 60))
            async with opened(redis_server.url) as cache:
                assert await cache.get("huge") is None
                await store(cache, "key")
            read = client.info("stats")["total_net_output_bytes"]
            assert read < 1.5 * MAX_VALUE_BYTES

    run(scenario())


def test_a_value_above_the_bound_is_not_stored(redis_server: Redis) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url) as cache:
            cache.put("too large", bytes(MAX_VALUE_BYTES - OVERHEAD_BYTES + 1))
            await store(cache, "largest", bytes(MAX_VALUE_BYTES - OVERHEAD_BYTES))
        with redis.Redis.from_url(redis_server.url) as client:
            assert client.dbsize() == 1

    run(scenario())


def test_a_key_of_another_type_is_a_miss_and_is_replaced(redis_server: Redis) -> None:
    async def scenario() -> None:
        with redis.Redis.from_url(redis_server.url) as client:
            client.rpush("key", "a list")
        async with opened(redis_server.url) as cache:
            for _ in range(2 * MAX_FAILURES):
                assert await cache.get("key") is None
            assert await cache.reachable()
            await store(cache, "key")

    run(scenario())


def test_a_full_redis_is_still_read(redis_server: Redis, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url) as cache:
            await store(cache, "before")
            with redis.Redis.from_url(redis_server.url) as client:
                client.config_set("maxmemory-policy", "noeviction")
                client.config_set("maxmemory", 1)
                for number in range(2 * MAX_FAILURES):
                    cache.put(str(number), b"value")

                async def refused() -> bool:
                    return bool(caplog.records)

                await until(refused, "a write is refused")
                assert await cache.get("before") is not None
                assert await cache.reachable()
                client.config_set("maxmemory", 0)
            await store(cache, "after")
        assert len(caplog.records) == 1

    run(scenario())


def test_concurrent_reads_share_a_few_connections(redis_server: Redis) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url) as cache:
            await store(cache, "key")
            found = await asyncio.gather(*(cache.get("key") for _ in range(100)))
            assert all(one is not None and one[0] == b"value" for one in found)
            with redis.Redis.from_url(redis_server.url) as client:
                assert len(client.client_list()) <= CONNECTIONS + 1

    run(scenario())


def test_closing_finishes_the_writes(redis_server: Redis) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url) as cache:
            for number in range(20):
                cache.put(str(number), b"value")
        with redis.Redis.from_url(redis_server.url) as client:
            assert client.dbsize() == 20

    run(scenario())


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:6379", "redis://127.0.0.1:port", "redis://user:sec#ret@h", "redis://:sec@h/shop",
        "redis://:sec@h/-1", "redis://:sec@h/0/1", "redis://:sec@h?ssl=true", "redis://:sec@h?decode_responses=1",
        "redis://:sec@h?socket_timeout=0", "rediss://:sec@h?ssl_no=1",
    ],
)  # fmt: skip
def test_an_invalid_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ModisteError, match="MODISTE_REDIS_URL is not a Redis URL") as raised:
        RedisConnection(url, timeout_s=1, metrics=Metrics())
    assert "sec" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    "url", ["redis://h", "redis://h/", "redis://h/3\n", "rediss://h?ssl_cert_reqs=none", "unix:///s?db=1"]
)
def test_a_url_with_a_database_and_options_of_tls_is_accepted(url: str) -> None:
    RedisConnection(url, timeout_s=1, metrics=Metrics())


@pytest.mark.parametrize("ttl_s", ["inf", "nan", 0, 1e9])
def test_a_time_to_live_that_redis_cannot_keep_is_refused(ttl_s: object) -> None:
    with pytest.raises(ValueError, match="cache_ttl_s"):
        Settings.model_validate({"cache_ttl_s": ttl_s})
