"""Searches that are answered together: each gets its own answer, and nothing is computed twice."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.patience import PATIENCE_S
from tests.service.conftest import Serve, Shop, cloth, encoded
from tests.service.measured import metric


def test_concurrent_searches_get_the_same_answers_as_single_ones(serve: Serve, shop: Shop) -> None:
    queries = [
        {"product_id": str(number % 60), "text": ("red", "in blue", "", "white")[number % 4], "k": 5 + number % 30,
         "exclude": [str((number + 1) % 60)], "filters": ({}, {"new": True}, {"price": {"max": 50}})[number % 3]}
        for number in range(120)
    ]  # fmt: skip
    with serve(shop, cache_max_bytes=0) as served, ThreadPoolExecutor(16) as clients:
        alone = [served.search(**query) for query in queries]

        def ask(query: dict[str, Any]) -> httpx.Response:
            return httpx.post(f"{served.url}/search", json=query, timeout=PATIENCE_S, trust_env=False)

        together = [response.json() for response in clients.map(ask, queries)]
        rows = metric(served, 'modiste_batch_rows_sum{stage="store"}')
        batches = metric(served, 'modiste_batch_rows_count{stage="store"}')
    for query, one, other in zip(queries, alone, together, strict=True):
        assert [result["id"] for result in other["results"]] == [result["id"] for result in one["results"]], query
        for result, same in zip(one["results"], other["results"], strict=True):
            assert result["score"] == pytest.approx(same["score"], abs=1e-5)
    assert batches < rows


def test_an_unreadable_image_fails_alone(serve: Serve, shop: Shop) -> None:
    good, bad = encoded(cloth("red", "white")), encoded(cloth("red", size=(300, 400)), "JPEG")[:700]
    with serve(shop, cache_max_bytes=0) as served, ThreadPoolExecutor(8) as clients:

        def ask(number: int) -> httpx.Response:
            picture = bad if number % 3 == 0 else good
            fields = {"text": f"blue {number}"}
            return httpx.post(
                f"{served.url}/search", files={"image": picture}, data=fields, timeout=PATIENCE_S, trust_env=False
            )

        statuses = [response.status_code for response in clients.map(ask, range(48))]
    assert statuses == [422 if number % 3 == 0 else 200 for number in range(48)]


def test_a_second_modification_of_an_image_needs_no_vision_pass(serve: Serve, shop: Shop) -> None:
    picture = encoded(cloth("red", "white"))
    with serve(shop) as served:
        answers = [
            served.client.post("/search", files={"image": picture}, data={"text": text}).json()
            for text in ("in blue", "in green")
        ]
        assert metric(served, 'modiste_cache_total{cache="features",outcome="hit"}') == 1
    first, second = (answer["timings_ms"] for answer in answers)
    assert first["vision"] > 0
    assert (second["decode"], second["vision"]) == (0, 0)
    assert json.dumps(answers[0]["results"]) != json.dumps(answers[1]["results"])
