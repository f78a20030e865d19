"""Rates: counted once for all processes in Redis, and by each process where Redis does not count."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.access import limiter as limiter_module
from service.access.addresses import UNKNOWN, counted_address
from service.access.limiter import Counted, Limiter, Policy
from service.cache.connection import CONNECTIONS, RedisConnection
from service.observability.metrics import Metrics
from service.rates import WINDOWS_S, Rate
from tests.patience import PATIENCE_S
from tests.service.conftest import Redis


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, PATIENCE_S))


@asynccontextmanager
async def opened(url: str, *, timeout_s: float = PATIENCE_S) -> AsyncIterator[Limiter]:
    connection = RedisConnection(url, timeout_s=timeout_s, metrics=Metrics())
    try:
        yield Limiter(connection, secret=b"secret")
    finally:
        await connection.close()


def per_hour(amount: int, who: str = "someone", name: str = "rate") -> Policy:
    return Policy(name, who, Rate(amount, "hour"))


def left(counted: Counted) -> list[int]:
    return [usage.remaining for usage in counted.usages]


def test_a_window_begins_with_its_first_request_and_ends() -> None:
    now = [1000.0]

    async def scenario() -> None:
        limiter = Limiter(None, clock=lambda: now[0])
        first = await limiter.count([per_hour(2)])
        assert (first.allowed, left(first), first.usages[0].reset_s) == (True, [1], 3600)
        now[0] += 600
        assert left(await limiter.count([per_hour(2)])) == [0]
        refused = await limiter.count([per_hour(2)])
        assert (refused.allowed, left(refused), refused.retry_after_s) == (False, [0], 3000)
        now[0] += 3000
        assert (await limiter.count([per_hour(2)])).allowed

    run(scenario())


def test_rounding_makes_no_window_longer() -> None:
    now = 3058.998303
    assert now + 3600 - now > 3600

    async def scenario() -> None:
        (usage,) = (await Limiter(None, clock=lambda: now).count([per_hour(1)])).usages
        assert usage.reset_s == 3600

    run(scenario())


def test_a_refused_request_counts_nowhere(redis_server: Redis) -> None:
    async def scenario(limiter: Limiter) -> None:
        both = [per_hour(2), per_hour(9, name="quota")]
        results = [await limiter.count(both) for _ in range(5)]
        assert [counted.allowed for counted in results] == [True, True, False, False, False]
        assert [left(counted) for counted in results] == [[1, 8], [0, 7], [0, 7], [0, 7], [0, 7]]
        assert left(await limiter.count([per_hour(9, name="quota")])) == [6]

    async def scenarios() -> None:
        await scenario(Limiter(None))
        async with opened(redis_server.url) as shared:
            await scenario(shared)

    run(scenarios())


def test_replicas_count_together_even_at_the_same_time(redis_server: Redis) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url) as one, opened(redis_server.url) as two:
            counted = await asyncio.gather(*(each.count([per_hour(10)]) for each in (one, two) * CONNECTIONS))
        assert sum(one.allowed for one in counted) == 10

    run(scenario())


def test_a_window_in_redis_ends_and_is_never_without_an_end(redis_server: Redis) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url) as limiter:
            await limiter.count([per_hour(1)])
            with redis.Redis.from_url(redis_server.url) as client:
                (key,) = client.scan_iter()
                assert 3_500_000 < int(client.pttl(key)) <= 3_600_000
                client.persist(key)
                refused = await limiter.count([per_hour(1)])
                assert not refused.allowed
                assert 3500 < refused.retry_after_s <= 3600
                assert int(client.pttl(key)) > 3_500_000
                client.pexpire(key, 1)
                while client.exists(key):
                    await asyncio.sleep(0.01)
            assert (await limiter.count([per_hour(1)])).allowed

    run(scenario())


def test_redis_holds_no_address_in_the_clear(redis_server: Redis) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url) as limiter:
            await limiter.count([per_hour(9, "203.0.113.7", "address")])
            with redis.Redis.from_url(redis_server.url) as client:
                (key,) = client.scan_iter()
                assert b"203.0.113.7" not in key
                assert client.get(key) == b"1"

    run(scenario())


@pytest.mark.parametrize(
    "value",
    ["garbage", b"\xff", "", "nan", "1.5", "0x1", " 1", "-1", "0", str(-(2**63)), str(2**63 - 1), "9" * 1000, "4"],
)
def test_a_counter_with_an_impossible_value_is_counted_anew(redis_server: Redis, value: str | bytes) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url) as limiter:
            await limiter.count([per_hour(3)])
            with redis.Redis.from_url(redis_server.url) as client:
                (key,) = client.scan_iter()
                client.set(key, value)
                counted = [await limiter.count([per_hour(3)]) for _ in range(5)]
                assert [one.allowed for one in counted] == [True] * 3 + [False] * 2
                assert [left(one) for one in counted] == [[2], [1], [0], [0], [0]]
                assert client.get(key) == b"3"

    run(scenario())


def test_a_counter_that_ends_after_its_window_is_counted_anew(redis_server: Redis) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url) as limiter:
            await limiter.count([per_hour(1)])
            with redis.Redis.from_url(redis_server.url) as client:
                (key,) = client.scan_iter()
                client.expire(key, 365 * 86_400)
            assert (await limiter.count([per_hour(1)])).allowed
            refused = await limiter.count([per_hour(1)])
            assert not refused.allowed
            assert refused.retry_after_s <= 3600

    run(scenario())


@pytest.mark.parametrize("fault", ["kill", "freeze"])
def test_a_process_counts_by_itself_while_redis_is_away(redis_server: Redis, fault: str) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url, timeout_s=0.2) as limiter:
            getattr(redis_server, fault)()
            allowed = [(await limiter.count([per_hour(3)])).allowed for _ in range(10)]
            assert allowed == [True] * 3 + [False] * 7
        redis_server.thaw()

    run(scenario())


@pytest.mark.parametrize("fault", ["another type", "full", "read-only"])
def test_a_process_counts_by_itself_if_redis_refuses(
    redis_server: Redis, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url) as limiter:
            await limiter.count([per_hour(3)])
            with redis.Redis.from_url(redis_server.url) as client:
                (key,) = client.scan_iter()
                client.delete(key)
                if fault == "another type":
                    client.rpush(key, "1")
                elif fault == "full":
                    client.config_set("maxmemory", "1")
                else:
                    client.replicaof("127.0.0.1", "1")
            allowed = [(await limiter.count([per_hour(3)])).allowed for _ in range(10)]
            assert allowed == [True] * 3 + [False] * 7

    run(scenario())
    assert caplog.text.count("Redis refuses to count requests") == 1


@pytest.mark.parametrize(
    "reply",
    [
        5, b"abc", [], [1], [1, [], []], [1, [1, 1], [1000, 1000]], [1, [-5], [1000]], [1, [10**4000], [1000]],
        [1, [1], [-1]], [1, [1], [10**9]], [1, [float("nan")], [1000]], [1, [b"1"], [1000]], [0, [0], [1000]],
        {b"a": b"b"},
    ],
)  # fmt: skip
def test_a_process_counts_by_itself_where_the_reply_is_impossible(redis_server: Redis, reply: object) -> None:
    async def lie(*_: object) -> object:
        return reply

    async def scenario() -> None:
        async with opened(redis_server.url) as limiter:
            limiter._script = lie  # type: ignore[assignment]
            allowed = [(await limiter.count([per_hour(3)])).allowed for _ in range(10)]
            assert allowed == [True] * 3 + [False] * 7

    run(scenario())


def test_memory_is_bounded_whatever_the_number_of_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter_module, "MAX_WINDOWS", 10)

    async def scenario() -> None:
        limiter = Limiter(None)
        for number in range(50):
            await limiter.count([per_hour(1, str(number))])
        assert not (await limiter.count([per_hour(1, "49")])).allowed
        assert (await limiter.count([per_hour(1, "0")])).allowed

    run(scenario())


rates = st.builds(Rate, st.integers(1, 6), st.sampled_from(list(WINDOWS_S)[1:]))
requests = st.lists(st.lists(st.sampled_from(["address", "rate", "quota"]), min_size=1, unique=True), max_size=20)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(limits=st.fixed_dictionaries(dict.fromkeys(("address", "rate", "quota"), rates)), sequence=requests)
def test_redis_and_memory_make_the_same_decisions(
    redis_server: Redis, limits: dict[str, Rate], sequence: list[list[str]]
) -> None:
    who = str(uuid4())

    async def scenario() -> None:
        alone = Limiter(None)
        async with opened(redis_server.url) as shared:
            counts = dict.fromkeys(limits, 0)
            for names in sequence:
                policies = [Policy(name, who, limits[name]) for name in names]
                free = all(counts[name] < limits[name].amount for name in names)
                counts |= {name: counts[name] + free for name in names}
                for limiter in (alone, shared):
                    counted = await limiter.count(policies)
                    assert counted.allowed is free
                    assert left(counted) == [limits[name].amount - counts[name] for name in names]

    run(scenario())


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"), ("::ffff:203.0.113.7", "203.0.113.7"), ("fe80::1%eth0", "fe80::/64"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        (None, UNKNOWN), ("", UNKNOWN), ("unix:", UNKNOWN), ("x" * 10_000, UNKNOWN),
    ],
)  # fmt: skip
def test_an_address_is_counted_alone_and_one_of_ipv6_with_its_network(host: str | None, counted: str) -> None:
    assert counted_address(host) == counted
