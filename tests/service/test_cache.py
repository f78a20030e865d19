"""The result cache: what it keeps, and that nothing ever waits for it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import redis

from service.cache import FAILURES_TO_OPEN, MemoryCache, cache_key
from tests.service.conftest import Redis, Serve, Served, Shop, build, eventually


def get(cache: MemoryCache, key: str) -> bytes | None:
    return asyncio.run(cache.get(key))


def test_a_value_is_there_until_its_time_is_up() -> None:
    now = [100.0]
    cache = MemoryCache(1000, ttl_s=5, clock=lambda: now[0])
    cache.put("a", b"value")
    now[0] += 4.9
    assert get(cache, "a") == b"value"
    now[0] += 0.1
    assert get(cache, "a") is None
    assert cache.bytes == 0


def test_the_least_recently_used_goes_when_memory_is_full() -> None:
    cache = MemoryCache(3 * (1 + 100), ttl_s=60)
    for key in "abc":
        cache.put(key, bytes(100))
    get(cache, "a")
    cache.put("d", bytes(100))
    assert [key for key in "abcd" if get(cache, key) is not None] == ["a", "c", "d"]


def test_memory_never_exceeds_its_bound() -> None:
    cache = MemoryCache(500, ttl_s=60)
    for number in range(100):
        cache.put(str(number), bytes(number))
        assert cache.bytes <= 500


def test_a_value_that_is_too_large_is_not_kept_and_replaces_the_old_one() -> None:
    cache = MemoryCache(50, ttl_s=60)
    cache.put("a", b"old")
    cache.put("a", bytes(51))
    assert get(cache, "a") is None


def test_keys_differ_with_every_part_but_not_with_their_order() -> None:
    assert cache_key(text="red", k=1) == cache_key(k=1, text="red")
    keys = {cache_key(text="red", k=1), cache_key(text="red", k=2), cache_key(text="Red", k=1), cache_key(text="red")}
    assert len(keys) == 4


def test_the_second_of_two_equal_searches_is_answered_from_the_cache(serve: Serve, shop: Shop) -> None:
    with serve(shop) as served:
        first = served.search(product_id="5", text="in  red", k=7)
        second = served.search(product_id="5", text="in red ", k=7)
    assert (first["cached"], second["cached"]) == (False, True)
    assert second["results"] == first["results"]
    assert second["timings_ms"]["store"] == 0


@pytest.mark.parametrize(
    "change",
    [{"k": 8}, {"offset": 1}, {"text": "in Red"}, {"product_id": "6"}, {"exclude": ["1"]}, {"filters": {"new": True}}],
)
def test_a_search_that_differs_in_anything_is_computed(serve: Serve, shop: Shop, change: dict[str, object]) -> None:
    with serve(shop) as served:
        served.search(product_id="5", text="in red", k=7)
        assert served.search(**{"product_id": "5", "text": "in red", "k": 7, **change})["cached"] is False


def test_another_generation_is_never_answered_with_the_old_ones_results(serve: Serve, own_shop: Shop) -> None:
    with serve(own_shop) as served:
        served.search(text="red")
        published = build(own_shop.catalog, own_shop.bundle, own_shop.index_root)
        eventually(lambda: served.search(text="blue")["generation"] == published, "the new generation serves")
        assert served.search(text="red")["cached"] is False
        assert served.search(text="red")["cached"] is True


def test_a_cache_of_no_bytes_keeps_nothing(serve: Serve, shop: Shop) -> None:
    with serve(shop, cache_max_bytes=0) as served:
        served.search(text="red")
        assert served.search(text="red")["cached"] is False


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
        serve(shop, redis_url=redis_server.url, cache_timeout_ms=1000) as served,
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
    monkeypatch.setattr("service.cache.OPEN_S", 0.2)
    with serve(shop, redis_url=redis_server.url, cache_timeout_ms=200) as served:
        eventually(is_shared(served, "red"), "results are shared")
        redis_server.kill()
        for number in range(20):
            assert served.search(text=f"red {number}")["cached"] is False
        assert cache_state(served) == "redis (away)"
        redis_server.start()
        eventually(is_shared(served, "red"), "results are shared again")
        assert cache_state(served) == "redis"


@contextmanager
def false_redis(answer: bytes | None) -> Iterator[str]:
    """Something that accepts connections, and answers everything with ``answer`` or not at all; its URL."""
    connections: list[socket.socket] = []

    def talk(connection: socket.socket) -> None:
        try:
            while connection.recv(65536):
                if answer is not None:
                    connection.sendall(answer)
        except OSError:
            pass

    def accept(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connections.append(connection)
            threading.Thread(target=talk, args=[connection], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=[listener], daemon=True).start()
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        listener.shutdown(socket.SHUT_RDWR)
    for connection in connections:
        connection.close()


@pytest.mark.parametrize(
    "answer",
    [None, b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00\xff\x00\xff\r\n", b"$5\r\nab", b"*-7\r\n", b"+OK\r\n" * 100],
    ids=["silence", "HTTP", "bytes", "half an answer", "nonsense", "too much"],
)
def test_a_redis_that_answers_rubbish_or_nothing_neither_fails_nor_delays_a_search(
    serve: Serve, shop: Shop, answer: bytes | None
) -> None:
    with false_redis(answer) as url, serve(shop, redis_url=url, cache_timeout_ms=200) as served:
        served.search(text="warm")
        start = time.perf_counter()
        for number in range(20):
            assert served.search(text=f"red {number}")["cached"] is False
        took = time.perf_counter() - start
    # Waiting for silence 200 ms each would take 4 s; left alone after a few failures, it costs only those.
    assert took < 0.2 * FAILURES_TO_OPEN + 1.5


def test_looks_into_the_cache_are_counted(serve: Serve, shop: Shop) -> None:
    with serve(shop) as served:
        for _ in range(3):
            served.search(text="red")
        metrics = served.client.get("/metrics").text
    assert 'modiste_cache_total{outcome="hit"} 2.0' in metrics
    assert 'modiste_cache_total{outcome="miss"} 1.0' in metrics
