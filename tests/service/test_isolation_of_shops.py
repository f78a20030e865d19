"""No answer of one shop or picture reaches another, whatever Redis holds.

Two shops share one Redis and its secret. Their products have the same ids, and their generations too. Searches arrive
together, so that they form batches, while generations are swapped and Redis is killed, filled with garbage, or holds
every value under the key of another one.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.generations.manifest import MANIFEST_NAME, generation_folder
from indexer.generations.publication import publish
from tests.patience import PATIENCE_S
from tests.service.conftest import Redis, Serve, Served, Shop, build, cloth, encoded, write_cloth_catalog

IDS = ("20260101-000000-0000", "20260101-000001-0000")
PICTURES = [encoded(cloth(*colours)) for colours in (("red", "white"), ("green", "pink"), ("navy", "black"))]
REQUESTS: list[dict[str, Any]] = [
    *({"files": {"image": picture}, "data": {"k": "60"}} for picture in PICTURES),
    *({"files": {"image": picture}, "data": {"k": "60", "text": "blue"}} for picture in PICTURES),
    *({"json": {"image_base64": base64.b64encode(picture).decode(), "text": "white", "k": 60}} for picture in PICTURES),
    *({"json": {"product_id": id, "text": "red", "k": 60}} for id in ("3", "17", "40")),
    *({"json": {"text": text, "k": 60}} for text in ("red", "green", "blue white")),
    {"json": {"text": "red", "k": 60, "filters": {"price": {"min": 40}}}},
    {"json": {"product_id": "5", "box": [0, 0, 1, 0.5], "text": "green", "k": 60}},
]
Scores = dict[tuple[str, str], float]
"""The score of each product of an answer, by id and title."""


def scores_of(answer: dict[str, Any]) -> Scores:
    return {(result["id"], result["title"]): result["score"] for result in answer["results"]}


def own_index(shop: Shop, folder: Path, cloths: str) -> Shop:
    """A shop of ``cloths`` with a generation of each of ``IDS``."""
    for number, id in enumerate(IDS):
        catalog = write_cloth_catalog(folder / id, shade=1 - 0.2 * number)
        catalog.write_text(catalog.read_text().replace(" cloth", f" {cloths} {number}"))
        built = build(catalog, shop.bundle, folder / "index", publish=False)
        manifest = generation_folder(folder / "index", built) / MANIFEST_NAME
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"id": id}))
        manifest.parent.rename(manifest.parent.with_name(id))
    return shop._replace(index_root=folder / "index")


def expected(serve: Serve, shop: Shop) -> dict[str, list[Scores]]:
    """The answers of each generation: one after another, without a cache."""
    answers = {}
    for id in IDS:
        publish(shop.index_root, id)
        with serve(shop, cache_max_bytes=0, max_batch=1) as served:
            answers[id] = [scores_of(served.client.post("/search", **request).json()) for request in REQUESTS]
    return answers


def differ(one: Scores, other: Scores) -> bool:
    return one.keys() != other.keys() or any(abs(one[key] - other[key]) > 0.01 for key in one)


def metric(served: Served, pattern: str) -> float:
    """The sum of all series of a metric."""
    found = re.findall(rf"^{pattern} ([0-9.]+)$", served.client.get("/metrics").text, re.MULTILINE)
    return sum(map(float, found))


class Faults:
    """What goes wrong meanwhile, by name."""

    def __init__(self, server: Redis, shops: list[Shop]) -> None:
        self._server, self._shops, self._alive = server, shops, True
        self._published = [1] * len(shops)

    def nothing(self) -> None:
        pass

    def swap_the_first(self) -> None:
        self._swap(0)

    def swap_the_second(self) -> None:
        self._swap(1)

    def kill_or_start_redis(self) -> None:
        (self._server.kill if self._alive else self._server.start)()
        self._alive = not self._alive

    def garbage(self) -> None:
        self._rewrite(lambda values: [os.urandom(len(value)) for value in values])

    def values_of_others(self) -> None:
        self._rewrite(lambda values: values[1:] + values[:1])

    def _swap(self, shop: int) -> None:
        self._published[shop] = 1 - self._published[shop]
        publish(self._shops[shop].index_root, IDS[self._published[shop]])

    def _rewrite(self, changed: Callable[[list[bytes]], list[bytes]]) -> None:
        if self._alive:
            with redis.Redis(port=self._server.port) as client:
                keys = client.keys()
                values = [value or b"" for value in client.mget(keys)] if keys else []
                for key, value in zip(keys, changed(values), strict=True):
                    client.set(key, value)


FAULTS = ("nothing", "swap_the_first", "swap_the_second", "kill_or_start_redis", "garbage", "values_of_others")
searches = st.tuples(st.integers(0, 1), st.integers(0, len(REQUESTS) - 1), st.booleans())
rounds = st.lists(st.tuples(st.sampled_from(FAULTS), st.lists(searches, min_size=8, max_size=24)), max_size=5)


@pytest.mark.slow
def test_no_answer_of_one_shop_or_picture_reaches_another(
    serve: Serve, shop: Shop, tmp_path: Path, redis_server: Redis
) -> None:
    shops = [own_index(shop, tmp_path / name, name) for name in ("cotton", "linen")]
    right = [expected(serve, own) for own in shops]
    kinds = [(at, id, number) for at in range(2) for id in IDS for number in range(len(REQUESTS))]
    answers = [right[at][id][number] for at, id, number in kinds]
    # An answer that went astray would be seen.
    assert all(differ(one, other) for at, one in enumerate(answers) for other in answers[:at])
    shared = {"redis_url": redis_server.url, "cache_key": "of both", "workers": 1, "max_batch": 8, "queue": 100}
    faults = Faults(redis_server, shops)

    # A connection for each request: a kept one may be closed by the service while it is used again.
    client = httpx.Client(timeout=PATIENCE_S, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
    with (
        serve(shops[0], **shared) as first, serve(shops[1], **shared) as second, client,
        ThreadPoolExecutor(8) as threads,
    ):  # fmt: skip
        served = (first, second)

        def ask(at: int, number: int, hurried: bool) -> httpx.Response:
            headers = {"X-Request-Timeout-Ms": "5"} if hurried else {}
            return client.post(f"{served[at].url}/search", headers=headers, **REQUESTS[number])

        @settings(max_examples=12, deadline=None, derandomize=True, database=None)
        @given(rounds)
        def answers_are_right(plan: list[tuple[str, list[tuple[int, int, bool]]]]) -> None:
            for fault, asked in plan:
                results = [threads.submit(ask, *search) for search in asked]
                getattr(faults, fault)()
                for (at, number, hurried), result in zip(asked, results, strict=True):
                    response = result.result()
                    if response.status_code != 200:
                        assert hurried
                        assert response.json()["type"] in ("/problems/deadline-passed", "/problems/overloaded")
                        continue
                    answer = response.json()
                    assert not differ(scores_of(answer), right[at][answer["generation"]][number])

        answers_are_right()
        # Each of what could mix answers up has happened.
        assert sum(metric(one, r"modiste_batch_rows_sum\{.*") for one in served) > sum(
            metric(one, r"modiste_batch_rows_count\{.*") for one in served
        )
        hits = r'modiste_cache_total\{cache="answers",outcome="hit"\}'
        assert all(metric(one, hits) > 0 for one in served)
        assert sum(metric(one, r'modiste_cache_total\{cache="redis",outcome="error"\}') for one in served) > 0
