"""The cache: what it keeps, for how long, and in how much memory."""

from __future__ import annotations

import asyncio
import logging

import pytest

from service.cache.memory import MemoryCache, ThrottledWarning, TwoLevelCache, cache_key
from tests.service.conftest import Serve, Shop, build, eventually


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


class Far(MemoryCache):
    """Another process's memory, which counts who looks, and says how long its values have still to live."""

    def __init__(self, left_s: float) -> None:
        super().__init__(1000, ttl_s=60)
        self.left_s, self.looks = left_s, 0

    async def fetch(self, key: str) -> tuple[bytes, float] | None:
        self.looks += 1
        value = await self.get(key)
        return None if value is None else (value, self.left_s)


def two_levels(left_s: float = 60) -> tuple[list[float], Far, TwoLevelCache]:
    now, far = [100.0], Far(left_s)
    return now, far, TwoLevelCache(MemoryCache(1000, ttl_s=60, clock=lambda: now[0]), far)


def test_what_was_found_far_is_near_from_then_on() -> None:
    _, far, cache = two_levels()
    far.put("a", b"value")
    assert [asyncio.run(cache.get("a")) for _ in range(3)] == [b"value"] * 3
    assert far.looks == 1


def test_what_is_put_is_near_and_far() -> None:
    _, far, cache = two_levels()
    cache.put("a", b"value")
    assert asyncio.run(cache.get("a")) == b"value"
    assert far.looks == 0
    assert asyncio.run(far.get("a")) == b"value"


def test_a_near_copy_does_not_outlive_what_it_is_a_copy_of() -> None:
    now, far, cache = two_levels(left_s=5)
    far.put("a", b"value")
    asyncio.run(cache.get("a"))
    now[0] += 5
    far.put("a", b"newer value")
    assert asyncio.run(cache.get("a")) == b"newer value"


def test_what_keeps_happening_is_logged_seldom_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    now = [100.0]
    seldom = ThrottledWarning(logging.getLogger("test"), clock=lambda: now[0])
    for _ in range(5):
        seldom.warn("%s is rubbish.", "this")
    now[0] += 60
    seldom.warn("%s is rubbish.", "that")
    assert caplog.messages == ["this is rubbish.", "that is rubbish. (4 more of these were not logged.)"]


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


def test_looks_into_the_cache_are_counted(serve: Serve, shop: Shop) -> None:
    with serve(shop) as served:
        for _ in range(3):
            served.search(text="red")
        metrics = served.client.get("/metrics").text
    assert 'modiste_cache_total{cache="answers",outcome="hit"} 2.0' in metrics
    assert 'modiste_cache_total{cache="answers",outcome="miss"} 1.0' in metrics
