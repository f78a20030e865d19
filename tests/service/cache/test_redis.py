"""Redis as a cache: what replicas share through it, that it is not trusted, and that no request waits for it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import pytest
import redis

from indexer.generations.publication import current_id
from models.errors import ModisteError
from service.cache.connection import CONNECTIONS, MAX_FAILURES, RedisConnection
from service.cache.levels import Cache
from service.cache.memory import MemoryCache
from service.cache.redis import MAX_VALUE_BYTES, RedisCache
from service.cache.sealing import OVERHEAD_BYTES, seal, sealing_secret
from service.observability.metrics import Metrics
from service.settings import Settings
from tests.service.conftest import Redis, Serve, Served, Shop, eventually

PATIENT_S = 5.0
"""A limit that every working Redis keeps, on a busy machine."""
SECRET = sealing_secret("a secret")


@asynccontextmanager
async def opened(
    url: str, *, timeout_s: float = PATIENT_S, ttl_s: float = 60, secret: bytes = SECRET
) -> AsyncIterator[RedisCache]:
    connection = RedisConnection(url, timeout_s=timeout_s, metrics=Metrics())
    try:
        yield RedisCache(connection, secret=secret, ttl_s=ttl_s, metrics=Metrics())
    finally:
        await connection.close()


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 30))


async def until(check: Callable[[], Awaitable[bool]], what: str, *, within_s: float = 20.0) -> None:
    """Wait until ``check`` holds; fail otherwise."""
    end = time.monotonic() + within_s
    while not await check():
        assert time.monotonic() < end, f"Not within {within_s:g} s: {what}."
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


@pytest.mark.parametrize("fault", ["kill", "freeze"])
def test_redis_is_left_alone_while_it_is_away_and_used_again_when_it_is_back(
    redis_server: Redis, fault: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("service.cache.connection.AWAY_S", 0.2)
    caplog.set_level("INFO")

    async def scenario() -> None:
        async with opened(redis_server.url, timeout_s=0.2) as cache:
            await store(cache, "key")
            getattr(redis_server, fault)()
            await fail_until_away(cache)
            redis_server.start() if fault == "kill" else redis_server.thaw()
            await until(cache.reachable, "Redis is used again")
            await store(cache, "key")

    run(scenario())
    assert ["does not answer" in message for message in caplog.messages] == [True, False]


def test_a_database_that_does_not_exist_is_away(redis_server: Redis) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url.replace("/0", "/99")) as cache:
            assert not await cache.reachable()
            await fail_until_away(cache)

    run(scenario())


@contextmanager
def false_redis(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that is not Redis and answers each connection with ``talk``; its URL."""
    connections: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with suppress(OSError):
            while connection.recv(65536):
                talk(connection)

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connections.append(connection)
                threads.append(threading.Thread(target=serve, args=[connection], daemon=True))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=accept, args=[listener], daemon=True)
        accepting.start()
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()
    for connection in connections:
        with suppress(OSError):  # The client may have closed it.
            connection.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join()
    for connection in connections:
        connection.close()


def answering(answer: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(answer)


FALSE = {
    "silence": lambda connection: None,
    "HTTP": answering(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "bytes": answering(b"\x00\xff\x00\xff\r\n"),
    "half a reply": answering(b"$5\r\nab"),
    "an invalid length": answering(b"*-7\r\n"),
    "too many replies": answering(b"+OK\r\n" * 100),
    "a huge length": answering(b"$999999999999\r\n"),
    "an error": answering(b"-ERR no\r\n"),
    "hanging up": lambda connection: connection.shutdown(socket.SHUT_RDWR),
}


@pytest.mark.parametrize("talk", FALSE.values(), ids=FALSE.keys())
def test_a_server_that_is_not_redis_is_away(talk: Callable[[socket.socket], None]) -> None:
    async def scenario(url: str) -> None:
        async with opened(url, timeout_s=0.05) as cache:
            for number in range(3 * MAX_FAILURES):
                cache.put(str(number), b"value")
                assert await cache.get(str(number)) is None

    with false_redis(talk) as url:
        run(scenario(url))


def test_an_address_without_a_server_is_away() -> None:
    async def scenario() -> None:
        async with opened("redis://127.0.0.1:1/0") as cache:
            await fail_until_away(cache)

    run(scenario())


@pytest.mark.parametrize("url", ["http://127.0.0.1:6379", "redis://127.0.0.1:port", "redis://user:sec#ret@h"])
def test_an_invalid_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ModisteError, match="MODISTE_REDIS_URL is not a Redis URL") as raised:
        RedisConnection(url, timeout_s=1, metrics=Metrics())
    assert "sec" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("ttl_s", ["inf", "nan", 0, 1e9])
def test_a_time_to_live_that_redis_cannot_keep_is_refused(ttl_s: object) -> None:
    with pytest.raises(ValueError, match="cache_ttl_s"):
        Settings.model_validate({"cache_ttl_s": ttl_s})


def cached(served: Served, text: str) -> Callable[[], bool]:
    return lambda: bool(served.search(text=text)["cached"])


def cache_state(served: Served) -> str:
    return str(served.client.get("/health/ready").json()["cache"])


def test_replicas_share_answers_if_they_share_the_secret(serve: Serve, shop: Shop, redis_server: Redis) -> None:
    shared = {"redis_url": redis_server.url, "cache_timeout_ms": 1000}
    with (
        serve(shop, cache_key="a", **shared) as one,
        serve(shop, cache_key="a", **shared) as two,
        serve(shop, cache_key="b", **shared) as other,
    ):
        answer = one.search(text="red")
        eventually(cached(two, "red"), "the other replica has the answer")
        assert two.search(text="red")["results"] == answer["results"]
        assert not other.search(text="red")["cached"]


def test_catalogues_that_share_an_id_share_no_answers(
    serve: Serve, shop: Shop, own_shop: Shop, redis_server: Redis
) -> None:
    folder = own_shop.index_root / "generations" / str(current_id(own_shop.index_root))
    manifest = json.loads((folder / "manifest.json").read_text())
    report = (folder / "report.csv").read_bytes() + b"another shop\n"
    (folder / "report.csv").write_bytes(report)
    manifest["files"]["report.csv"] |= {"size": len(report), "sha256": hashlib.sha256(report).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    shared = {"redis_url": redis_server.url, "cache_timeout_ms": 1000, "cache_key": "a", "cache_max_bytes": 0}
    with serve(shop, **shared) as one, serve(own_shop, **shared) as other:
        eventually(cached(one, "red"), "the answer is in Redis")
        answer = other.search(text="red")
        assert (answer["cached"], answer["generation"]) == (False, one.search(text="red")["generation"])


def test_a_forged_answer_is_not_served(serve: Serve, shop: Shop, redis_server: Redis) -> None:
    settings = {"redis_url": redis_server.url, "cache_timeout_ms": 1000, "cache_max_bytes": 0}
    with serve(shop, **settings) as served, redis.Redis.from_url(redis_server.url) as client:
        results = served.search(text="red")["results"]
        eventually(cached(served, "red"), "the answer is in Redis")
        (name,) = client.scan_iter()
        forged = json.dumps({"rows": [7], "scores": [1.0], "total": 1, "text_truncated": False, "expected": []})
        for value in (b"garbage", b"", forged.encode(), seal(sealing_secret(""), name.decode(), forged.encode(), 4e9)):
            client.set(name, value)
            answer = served.search(text="red")
            assert (answer["cached"], answer["results"]) == (False, results)
            eventually(cached(served, "red"), "the answer is written again")


def test_a_value_with_the_right_secret_and_a_wrong_shape_is_not_served(
    serve: Serve, shop: Shop, redis_server: Redis
) -> None:
    settings = {"redis_url": redis_server.url, "cache_timeout_ms": 1000, "cache_max_bytes": 0, "cache_key": "secret"}
    with serve(shop, **settings) as served, redis.Redis.from_url(redis_server.url) as client:
        results = served.search(text="red")["results"]
        eventually(cached(served, "red"), "the answer is in Redis")
        (name,) = client.scan_iter()
        for value in (
            b"{}",
            b"",
            b'{"rows": [9999], "scores": [1], "total": 1, "text_truncated": false, "expected": []}',
        ):
            client.set(name, seal(sealing_secret("secret"), name.decode(), value, time.time() + 60))
            answer = served.search(text="red")
            assert (answer["cached"], answer["results"]) == (False, results)


def test_searches_go_on_without_redis_and_share_again_when_it_is_back(
    serve: Serve, shop: Shop, redis_server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.cache.connection.AWAY_S", 0.2)
    with serve(shop, redis_url=redis_server.url, cache_timeout_ms=1000, cache_max_bytes=0) as served:
        eventually(cached(served, "red"), "answers are shared")
        redis_server.kill()
        assert [served.search(text=f"red {number}")["cached"] for number in range(10)] == [False] * 10
        assert cache_state(served) == "redis (away)"
        redis_server.start()
        eventually(cached(served, "red"), "answers are shared again")
        assert cache_state(served) == "redis"


def test_readiness_reports_a_database_that_does_not_exist_as_away(
    serve: Serve, shop: Shop, redis_server: Redis
) -> None:
    with serve(shop, redis_url=redis_server.url.replace("/0", "/99")) as served:
        assert cache_state(served) == "redis (away)"
        assert served.found(text="red")
