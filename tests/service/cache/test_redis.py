"""Redis as a cache: what replicas share through it, and that nothing ever waits for it, in whatever state it is."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import pytest
import redis

from models.errors import ModisteError
from service.cache.redis import CONNECTIONS, FAILURES_TO_OPEN, MAX_VALUE_BYTES, MOST_WRITES, RedisCache
from service.observability.metrics import Metrics
from tests.service.conftest import Redis, Serve, Served, Shop, eventually

PATIENT_S = 1.0
"""A time limit that no working Redis fails to keep, on a machine that does much else."""


@asynccontextmanager
async def opened(url: str, *, timeout_s: float = PATIENT_S, ttl_s: float = 60) -> AsyncIterator[RedisCache]:
    cache = RedisCache(url, ttl_s=ttl_s, timeout_s=timeout_s, metrics=Metrics())
    try:
        yield cache
    finally:
        await cache.close()


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 30))


async def until(check: Callable[[], bool], what: str, *, within_s: float = 10.0) -> None:
    """Wait until ``check`` holds, without asking the cache for anything."""
    end = time.monotonic() + within_s
    while not check():
        assert time.monotonic() < end, f"Not within {within_s:g} s: {what}."
        await asyncio.sleep(0.01)


async def stored(cache: RedisCache, key: str, value: bytes = b"value") -> None:
    """Put ``value`` and wait until it is there."""
    cache.put(key, value)
    await until(lambda: not cache._writes, "the value is written")
    assert await cache.get(key) == value


async def exhausted(cache: RedisCache) -> None:
    """Ask until nobody is asked any more."""
    for _ in range(FAILURES_TO_OPEN):
        assert await cache.get("key") is None
    assert cache.state == "redis (away)"


def test_a_value_comes_back_until_its_time_is_up(redis_server: Redis) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url, ttl_s=0.5) as cache:
            await stored(cache, "key")
            fetched = await cache.fetch("key")
            assert fetched is not None
            assert 0 < fetched[1] <= 0.5
            await asyncio.sleep(0.6)
            assert await cache.get("key") is None

    run(scenario())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sealed: b"",
        lambda sealed: b"rubbish",
        lambda sealed: sealed[:-1],
        lambda sealed: sealed + b"x",
        lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]),
        lambda sealed: b"Mod1" + sealed[4:],
        lambda sealed: sealed[:4] + b"\xff" * 8 + sealed[12:],
    ],
    ids=["empty", "rubbish", "truncated", "too long", "a flipped bit", "another version", "another time"],
)
def test_rubbish_is_a_miss_and_logged_once(
    redis_server: Redis, spoil: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url) as cache:
            await stored(cache, "key")
            with redis.Redis.from_url(redis_server.url) as client:
                sealed = client.get("key")
                assert isinstance(sealed, bytes)
                client.set("key", spoil(sealed))
            for _ in range(3):
                assert await cache.get("key") is None
            assert cache.state == "redis"
            assert len(caplog.records) == 1
            await stored(cache, "key", b"right again")

    run(scenario())


def test_a_value_of_another_key_is_a_miss(redis_server: Redis) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url) as cache:
            await stored(cache, "one")
            with redis.Redis.from_url(redis_server.url) as client:
                client.copy("one", "other")
            assert await cache.get("other") is None

    run(scenario())


def test_a_value_of_another_type_is_a_miss_and_is_replaced(redis_server: Redis) -> None:
    async def scenario() -> None:
        with redis.Redis.from_url(redis_server.url) as client:
            client.rpush("key", "a list")
        async with opened(redis_server.url) as cache:
            for _ in range(2 * FAILURES_TO_OPEN):
                assert await cache.get("key") is None
            assert cache.state == "redis"
            await stored(cache, "key")

    run(scenario())


def test_a_full_redis_is_still_read_and_says_so_once(redis_server: Redis, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url) as cache:
            await stored(cache, "before")
            with redis.Redis.from_url(redis_server.url) as client:
                client.config_set("maxmemory-policy", "noeviction")
                client.config_set("maxmemory", 1)
                for number in range(2 * FAILURES_TO_OPEN):
                    cache.put(str(number), b"value")
                await until(lambda: not cache._writes, "all writes were tried")
                assert await cache.get("0") is None
                assert await cache.get("before") == b"value"
                assert cache.state == "redis"
                assert len(caplog.records) == 1
                assert "OOM" in caplog.text or "maxmemory" in caplog.text
                client.config_set("maxmemory", 0)
            await stored(cache, "after")

    run(scenario())


def test_a_value_that_is_too_large_is_not_sent(redis_server: Redis) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url) as cache:
            cache.put("large", bytes(MAX_VALUE_BYTES + 1))
            cache.put("largest", bytes(MAX_VALUE_BYTES))
            await until(lambda: not cache._writes, "all is written")
            assert await cache.get("large") is None
            assert await cache.get("largest") is not None

    run(scenario())


def test_a_hundred_at_once_share_a_few_connections(redis_server: Redis) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url) as cache:
            await stored(cache, "key")
            values = await asyncio.gather(*(cache.get("key") for _ in range(100)))
            assert values == [b"value"] * 100
            with redis.Redis.from_url(redis_server.url) as client:
                clients = client.client_list()
                assert isinstance(clients, list)
                assert len(clients) <= CONNECTIONS + 1

    run(scenario())


def test_a_frozen_redis_is_waited_for_a_few_times_and_then_no_more(redis_server: Redis) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url, timeout_s=0.05) as cache:
            redis_server.freeze()
            start = time.perf_counter()
            for number in range(200):
                assert await cache.get("key") is None
                cache.put(str(number), b"value")
                assert len(cache._writes) <= MOST_WRITES
            took = time.perf_counter() - start
            assert cache.state == "redis (away)"
        # 200 waits of 50 ms would take 10 s.
        assert took < 0.05 * FAILURES_TO_OPEN + 1

    run(scenario())


def test_no_request_pays_for_finding_out_whether_redis_is_back(
    redis_server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.cache.redis.OPEN_S", 0.05)

    async def scenario() -> None:
        async with opened(redis_server.url, timeout_s=0.3) as cache:
            redis_server.freeze()
            await exhausted(cache)
            longest = 0.0
            for _ in range(60):  # Over many probes.
                start = time.perf_counter()
                assert await cache.get("key") is None
                longest = max(longest, time.perf_counter() - start)
                await asyncio.sleep(0.01)
            # A probe waits a second for the frozen one, a request would have waited 0.3 s.
            assert longest < 0.2

    run(scenario())


@pytest.mark.parametrize("fault", ["kill", "freeze"])
def test_redis_is_used_again_when_it_is_back_without_anyone_asking(
    redis_server: Redis, fault: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("service.cache.redis.OPEN_S", 0.1)
    caplog.set_level("INFO")

    async def scenario() -> None:
        async with opened(redis_server.url, timeout_s=0.2) as cache:
            await stored(cache, "key")
            for _ in range(3):
                getattr(redis_server, fault)()
                await exhausted(cache)
                redis_server.start() if fault == "kill" else redis_server.thaw()
                await until(lambda: cache.state == "redis", "Redis is used again")
            await stored(cache, "key")
            values = await asyncio.gather(*(cache.get("key") for _ in range(4 * CONNECTIONS)))
            assert values == [b"value"] * (4 * CONNECTIONS)

    run(scenario())
    assert sum("answers again" in message for message in caplog.messages) == 3


def test_a_redis_that_is_slow_now_and_then_stays_in_use_and_keeps_no_connection_occupied(redis_server: Redis) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url, timeout_s=0.2) as cache:
            await stored(cache, "key")
            for _ in range(CONNECTIONS + 2):
                redis_server.freeze()
                assert await cache.get("key") is None
                redis_server.thaw()
                for _ in range(8):
                    await until_found(cache)
            await until(lambda: not cache._redis.connection_pool._in_use_connections, "no connection is in use")

    run(scenario())


async def until_found(cache: RedisCache) -> None:
    for _ in range(100):
        if await cache.get("key") is not None:
            return
        await asyncio.sleep(0.01)
    pytest.fail("The value was not found again.")


def test_one_in_three_that_fail_are_enough_to_leave_redis_alone(redis_server: Redis) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url, timeout_s=0.1) as cache:
            for _ in range(30):
                redis_server.freeze()
                await cache.get("key")
                redis_server.thaw()
                if cache.state == "redis (away)":
                    return
                for _ in range(2):
                    await cache.get("key")
            pytest.fail("Redis was still asked after 30 failures in 90.")

    run(scenario())


def test_an_event_loop_that_was_busy_does_not_blame_redis(redis_server: Redis) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url, timeout_s=0.02) as cache:
            for _ in range(3 * FAILURES_TO_OPEN):
                asking = asyncio.create_task(cache.get("key"))
                await asyncio.sleep(0)
                time.sleep(0.06)  # Of the loop's own time, as a large batch of other work would take it.
                await asking
            assert cache.state == "redis"

    run(scenario())


def test_closing_waits_for_writes_but_not_for_a_redis_that_is_away(redis_server: Redis) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url) as cache:
            for number in range(MOST_WRITES):
                cache.put(str(number), b"value")
        with redis.Redis.from_url(redis_server.url) as client:
            assert client.dbsize() == MOST_WRITES
        redis_server.freeze()
        start = time.monotonic()
        async with opened(redis_server.url, timeout_s=0.05) as cache:
            cache.put("key", b"value")
            await exhausted(cache)
        assert time.monotonic() - start < 5

    run(scenario())


@contextmanager
def false_redis(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Something else that listens where Redis should, and talks to each connection as ``talk`` does; its URL."""
    connections: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        try:
            while connection.recv(65536):
                talk(connection)
        except OSError:
            pass

    def accept(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connections.append(connection)
            start(serve, connection)

    def start(work: Callable[[socket.socket], None], end: socket.socket) -> threading.Thread:
        thread = threading.Thread(target=work, args=[end], daemon=True)
        thread.start()
        threads.append(thread)
        return thread

    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = start(accept, listener)
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()  # Whom it lets in last has to be hung up on too.
    for connection in connections:
        with suppress(OSError):  # The client may have gone.
            connection.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join()
    for connection in connections:
        connection.close()


def answering(answer: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(answer)


def dripping(connection: socket.socket) -> None:
    """Half of an answer, a byte at a time, each within what a single read may take."""
    for byte in b"$1000\r\n" + b"x" * 500:
        connection.sendall(bytes([byte]))
        time.sleep(0.02)


FALSE = {
    "silence": lambda connection: None,
    "a drip": dripping,
    "HTTP": answering(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "bytes": answering(b"\x00\xff\x00\xff\r\n"),
    "half an answer": answering(b"$5\r\nab"),
    "nonsense": answering(b"*-7\r\n"),
    "too much": answering(b"+OK\r\n" * 100),
    "a huge length": answering(b"$999999999999\r\n"),
    "an error": answering(b"-ERR no\r\n"),
    "hanging up": lambda connection: connection.shutdown(socket.SHUT_RDWR),
}


@pytest.mark.parametrize("talk", FALSE.values(), ids=FALSE.keys())
def test_what_is_no_redis_costs_a_few_time_limits_and_nothing_more(talk: Callable[[socket.socket], None]) -> None:
    async def scenario(url: str) -> None:
        async with opened(url, timeout_s=0.1) as cache:
            start = time.perf_counter()
            for number in range(50):
                assert await cache.get(str(number)) is None
                cache.put(str(number), b"value")
            took = time.perf_counter() - start
        assert took < 0.1 * FAILURES_TO_OPEN + 1

    with false_redis(talk) as url:
        run(scenario(url))


def test_an_address_where_nothing_listens_costs_nothing() -> None:
    async def scenario() -> None:
        async with opened("redis://127.0.0.1:1/0", timeout_s=0.1) as cache:
            await exhausted(cache)

    run(scenario())


@pytest.mark.parametrize("url", ["http://127.0.0.1:6379", "redis://127.0.0.1:port"])
def test_what_is_no_url_of_a_redis_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ModisteError, match="MODISTE_REDIS_URL is not a Redis URL"):
        RedisCache(url, ttl_s=60, timeout_s=1, metrics=Metrics())


def is_shared(served: Served, text: str) -> Callable[[], bool]:
    return lambda: bool(served.search(text=text)["cached"])


def cache_state(served: Served) -> str:
    return str(served.client.get("/health/ready").json()["cache"])


def test_replicas_share_results_through_redis(serve: Serve, shop: Shop, redis_server: Redis) -> None:
    with (
        serve(shop, redis_url=redis_server.url, cache_timeout_ms=1000) as one,
        serve(shop, redis_url=redis_server.url, cache_timeout_ms=1000) as other,
    ):
        results = one.search(text="red")["results"]
        eventually(is_shared(other, "red"), "the other replica knows the result")
        assert other.search(text="red")["results"] == results


def test_results_leave_redis_when_their_time_is_up(serve: Serve, shop: Shop, redis_server: Redis) -> None:
    with (
        serve(shop, redis_url=redis_server.url, cache_timeout_ms=1000, cache_ttl_s=60) as served,
        redis.Redis.from_url(redis_server.url) as client,
    ):
        served.search(text="red")
        eventually(lambda: client.dbsize() == 1, "the result is in Redis")
        (key,) = client.scan_iter()
        assert 50_000 < client.pttl(key) <= 60_000


def test_rubbish_in_redis_is_computed_again(serve: Serve, shop: Shop, redis_server: Redis) -> None:
    with (
        serve(shop, redis_url=redis_server.url, cache_timeout_ms=1000, cache_max_bytes=0) as served,
        redis.Redis.from_url(redis_server.url) as client,
    ):
        results = served.search(text="red")["results"]
        for rubbish in (b"rubbish", b"", b"{}", b'{"mode": "text", "results": [1]}'):
            eventually(is_shared(served, "red"), "the result is in Redis")
            (key,) = client.scan_iter()
            client.set(key, rubbish)
            answer = served.search(text="red")
            assert (answer["cached"], answer["results"]) == (False, results)


def test_searches_go_on_when_redis_is_killed_and_share_again_when_it_is_back(
    serve: Serve, shop: Shop, redis_server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.cache.redis.OPEN_S", 0.2)
    with serve(shop, redis_url=redis_server.url, cache_timeout_ms=200, cache_max_bytes=0) as served:
        eventually(is_shared(served, "red"), "results are shared")
        redis_server.kill()
        for number in range(20):
            assert served.search(text=f"red {number}")["cached"] is False
        assert cache_state(served) == "redis (away)"
        redis_server.start()
        eventually(is_shared(served, "red"), "results are shared again")
        assert cache_state(served) == "redis"


@pytest.mark.parametrize("talk", FALSE.values(), ids=FALSE.keys())
def test_a_redis_that_answers_rubbish_or_nothing_neither_fails_nor_delays_a_search(
    serve: Serve, shop: Shop, talk: Callable[[socket.socket], None]
) -> None:
    with false_redis(talk) as url, serve(shop, redis_url=url, cache_timeout_ms=200) as served:
        served.search(text="warm")
        start = time.perf_counter()
        for number in range(20):
            assert served.search(text=f"red {number}")["cached"] is False
        took = time.perf_counter() - start
    # Waiting for silence 200 ms each would take 4 s; left alone after a few failures, it costs only those.
    assert took < 0.2 * FAILURES_TO_OPEN + 1.5
