"""The cache of one process: what it keeps, for how long, and in how much memory."""

from __future__ import annotations

import logging

import pytest

from service.cache.cache import cache_key
from service.cache.memory import MemoryCache
from service.observability.throttled_warning import ThrottledWarning
from tests.service.conftest import Serve, Shop, build, eventually


def test_a_value_expires() -> None:
    now = [100.0]
    cache = MemoryCache(1000, ttl_s=5, clock=lambda: now[0])
    cache.put("a", b"value")
    cache.put("b", b"value", ttl_s=2)
    now[0] += 1.9
    assert (cache.get("a"), cache.get("b")) == (b"value", b"value")
    now[0] += 0.1
    assert (cache.get("a"), cache.get("b")) == (b"value", None)
    now[0] += 3
    assert cache.get("a") is None
    assert cache.size == 0


def test_the_least_recently_used_value_is_evicted_first() -> None:
    cache = MemoryCache(3 * (1 + 100), ttl_s=60)
    for key in "abc":
        cache.put(key, bytes(100))
    cache.get("a")
    cache.put("d", bytes(100))
    assert [key for key in "abcd" if cache.get(key) is not None] == ["a", "c", "d"]


def test_keys_and_values_never_exceed_the_bound() -> None:
    cache = MemoryCache(500, ttl_s=60)
    for number in range(100):
        cache.put(str(number), bytes(number))
        assert 0 < cache.size <= 500


def test_a_value_that_is_too_large_is_not_kept_and_removes_the_old_one() -> None:
    cache = MemoryCache(50, ttl_s=60)
    cache.put("a", b"old")
    cache.put("a", bytes(51))
    assert cache.get("a") is None


def test_keys_depend_on_every_part_but_not_on_their_order() -> None:
    assert cache_key("answer", text="red", k=1) == cache_key("answer", k=1, text="red")
    others: list[tuple[str, dict[str, object]]] = [
        ("answer", {"text": "red", "k": 1}), ("answer", {"text": "red", "k": 2}), ("answer", {"text": "Red", "k": 1}),
        ("answer", {"text": "red"}), ("features", {"text": "red"}),
    ]  # fmt: skip
    keys = {cache_key(kind, **parts) for kind, parts in others}
    assert len(keys) == 5


def test_repeated_warnings_are_counted_instead_of_logged(caplog: pytest.LogCaptureFixture) -> None:
    now = [100.0]
    throttled = ThrottledWarning(logging.getLogger("test"), clock=lambda: now[0])
    for _ in range(5):
        throttled.warn("%s is invalid.", "this")
    now[0] += 60
    throttled.warn("%s is invalid.", "that")
    assert caplog.messages == ["this is invalid.", "that is invalid. (4 similar warnings were suppressed.)"]


def test_another_generation_does_not_get_the_answers_of_the_old_one(serve: Serve, own_shop: Shop) -> None:
    with serve(own_shop) as served:
        served.search(text="red")
        published = build(own_shop.catalog, own_shop.bundle, own_shop.index_root)
        eventually(lambda: served.search(text="blue")["generation"] == published, "the new generation serves")
        assert served.search(text="red")["cached"] is False
        assert served.search(text="red")["cached"] is True


def test_a_cache_of_no_bytes_keeps_nothing(serve: Serve, shop: Shop) -> None:
    with serve(shop, cache_max_bytes=0) as served:
        assert [served.search(text="red")["cached"] for _ in range(2)] == [False, False]


def test_hits_and_misses_are_counted(serve: Serve, shop: Shop) -> None:
    with serve(shop) as served:
        for _ in range(3):
            served.search(text="red")
        metrics = served.client.get("/metrics").text
    assert 'modiste_cache_total{cache="answers",outcome="hit"} 2.0' in metrics
    assert 'modiste_cache_total{cache="answers",outcome="miss"} 1.0' in metrics
