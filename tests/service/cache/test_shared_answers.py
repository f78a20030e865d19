"""Answers that replicas share through Redis."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable

import pytest
import redis

from indexer.generations.publication import current_id
from service.cache.sealing import seal, sealing_secret
from tests.service.conftest import Redis, Serve, Served, Shop, eventually


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


def test_searches_continue_without_redis_and_share_again_when_it_is_back(
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
