"""Admission: refused at once and unread when full, dropped when late or deserted, never more than was promised."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest

from service.errors import InvalidRequest, Overloaded
from service.execution.admission import SMALL_BODY_BYTES, Admission, deadline, seconds_allowed
from service.observability.metrics import Metrics
from tests.service.conftest import Serve, Served, Shop, cloth, encoded, eventually


def metric(served: Served, line: str) -> float:
    """The value of a metric, by its name and labels."""
    for found in served.client.get("/metrics").text.splitlines():
        if found.startswith(f"{line} "):
            return float(found.rpartition(" ")[2])
    raise AssertionError(f"There is no {line}.")


@contextmanager
def held(served: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The text graph stands still within the block; how many rows each of its runs had."""
    bundle, gate = served.app.state.context.bundle, threading.Event()
    text, runs = bundle.text, []

    def wait_first(ids: Any) -> Any:
        runs.append(len(ids))
        assert gate.wait(30)
        return text(ids)

    monkeypatch.setattr(bundle, "text", wait_first)
    try:
        yield runs
    finally:
        gate.set()


def search(url: str, text: str, **headers: str) -> httpx.Response:
    return httpx.post(f"{url}/search", json={"text": text}, headers=headers, timeout=60, trust_env=False)


def test_beyond_the_bound_searches_are_refused_at_once_and_cached_answers_still_given(
    serve: Serve, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(shop, in_flight=2) as served, ThreadPoolExecutor(2) as shoppers:
        known = served.search(text="known")
        with held(served, monkeypatch):
            waiting = [shoppers.submit(search, served.url, f"red {number}") for number in range(2)]
            eventually(lambda: metric(served, "modiste_searches_in_flight") == 2, "both are in progress")
            refused = search(served.url, "one more")
            again = search(served.url, "known")
        answers = [one.result() for one in waiting]
    assert refused.status_code == 503
    assert refused.json()["type"] == "/problems/overloaded"
    assert int(refused.headers["retry-after"]) > 0
    assert (again.json()["cached"], again.json()["results"]) == (True, known["results"])
    assert [one.status_code for one in answers] == [200, 200]


def test_a_large_body_is_refused_before_it_is_read(serve: Serve, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(shop, in_flight=1) as served, ThreadPoolExecutor(1) as shoppers:
        with held(served, monkeypatch):
            waiting = shoppers.submit(search, served.url, "red")
            eventually(lambda: metric(served, "modiste_searches_in_flight") == 1, "it is in progress")
            with socket.create_connection(httpx.URL(served.url).netloc.decode().split(":")) as client:  # type: ignore[arg-type]
                length = SMALL_BODY_BYTES + 1
                client.sendall(
                    f"POST /search HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n"
                    "Content-Type: application/json\r\n\r\n".encode()
                )
                client.settimeout(10)
                answer = client.recv(65536)  # Not a byte of the body was sent.
            busy = metric(served, 'modiste_requests_refused_total{reason="busy"}')
        waiting.result()
    assert answer.startswith(b"HTTP/1.1 503")
    assert busy == 1


def test_bytes_of_bodies_are_bounded_also_while_they_arrive(serve: Serve, shop: Shop) -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"text": "'
        for _ in range(100):
            yield b"x" * 50_000

    with serve(shop, max_held_bytes=1_000_000) as served:
        headers = {"Content-Type": "application/json"}
        response = httpx.post(f"{served.url}/search", content=endless(), headers=headers, timeout=30, trust_env=False)
        assert response.status_code == 503
        declared = served.client.post("/search", json={"text": "x" * 1_100_000})
        assert declared.status_code == 503
        assert metric(served, 'modiste_requests_refused_total{reason="bodies"}') == 2
        assert served.search(text="red")["results"]


def test_a_search_that_takes_too_long_is_dropped_and_told_so(
    serve: Serve, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(shop, workers=1, deadline_ms=20_000) as served, ThreadPoolExecutor(1) as shoppers:
        with held(served, monkeypatch) as runs:
            first = shoppers.submit(search, served.url, "red")
            eventually(lambda: len(runs) == 1, "the first one runs")
            start = time.monotonic()
            late = search(served.url, "blue", **{"X-Request-Timeout-Ms": "50"})
            took = time.monotonic() - start
        assert first.result().status_code == 200
        assert served.search(text="green")["results"]
        assert runs == [1, 1]  # The first one and the last: nothing was computed for the late one.
        assert metric(served, "modiste_deadlines_missed_total") == 1
    assert late.status_code == 504
    assert late.json()["type"] == "/problems/deadline-passed"
    assert took < 10


def test_a_search_whose_client_has_gone_is_dropped_before_it_costs_anything(
    serve: Serve, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(shop, workers=1) as served, ThreadPoolExecutor(1) as shoppers:
        with held(served, monkeypatch) as runs:
            first = shoppers.submit(search, served.url, "red")
            eventually(lambda: len(runs) == 1, "the first one runs")
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(f"{served.url}/search", json={"text": "blue"}, timeout=0.3, trust_env=False)
            eventually(lambda: 'status="499"' in served.client.get("/metrics").text, "the leaving is noticed")
        first.result()
        assert served.search(text="green")["results"]
        assert runs == [1, 1]


@pytest.mark.parametrize("header", ["soon", "-5", "0", "nan", "inf", ""])
def test_a_timeout_that_is_none_is_refused(served: Served, header: str) -> None:
    response = served.client.post("/search", json={"text": "red"}, headers={"X-Request-Timeout-Ms": header})
    assert response.status_code == 422
    assert "milliseconds" in response.json()["hint"]


def test_a_client_may_shorten_its_time_but_not_lengthen_it() -> None:
    assert seconds_allowed(None, 30) == 30
    assert seconds_allowed("250", 30) == 0.25
    assert seconds_allowed("90000", 30) == 30
    with pytest.raises(InvalidRequest):
        seconds_allowed("x", 30)


def test_who_would_miss_its_deadline_is_refused_by_the_pace_of_those_before() -> None:
    async def scenario() -> None:
        metrics = Metrics()
        admission = Admission(slots=10, body_bytes=10, metrics=metrics)
        for _ in range(30):
            with admission.slot():
                await asyncio.sleep(0.01)
        deadline.set(asyncio.get_running_loop().time() + 0.005)
        with admission.slot():  # With nobody before it, it is tried.
            with pytest.raises(Overloaded), admission.slot():
                pass
            deadline.set(asyncio.get_running_loop().time() + 60)
            with admission.slot():
                pass
        assert b'modiste_requests_refused_total{reason="deadline"} 1.0' in metrics.exposition()

    asyncio.run(scenario())


def test_a_burst_finds_more_places_than_lasting_load() -> None:
    def entered(admission: Admission, stack: ExitStack) -> int:
        """How many get in beside those who are."""
        for number in range(100):
            try:
                admission.check_arrival(10**6)
                stack.enter_context(admission.slot())
            except Overloaded:
                return number
        raise AssertionError("There is no bound.")

    async def scenario() -> None:
        admission = Admission(slots=2, most=6, body_bytes=10**9, metrics=Metrics())
        with ExitStack() as burst:
            assert entered(admission, burst) == 6
        with admission.slot():
            for _ in range(200):  # Whoever comes finds somebody before them: a load that lasts.
                admission.check_arrival(None)
            with ExitStack() as crowd:
                assert entered(admission, crowd) == 1
        for _ in range(10):  # Nobody is there any more when others come.
            admission.check_arrival(None)
        with ExitStack() as burst:
            assert entered(admission, burst) == 6

    asyncio.run(scenario())


def test_many_different_searches_at_once_get_the_answers_that_they_get_alone(serve: Serve, shop: Shop) -> None:
    queries = [
        {"product_id": str(number % 60), "text": ("red", "in blue", "", "white")[number % 4], "k": 5 + number % 30,
         "exclude": [str((number + 1) % 60)], "filters": ({}, {"new": True}, {"price": {"max": 50}})[number % 3]}
        for number in range(120)
    ]  # fmt: skip
    with serve(shop, cache_max_bytes=0, in_flight=200) as served, ThreadPoolExecutor(16) as shoppers:
        alone = [served.search(**query) for query in queries]

        def ask(query: dict[str, Any]) -> httpx.Response:
            return httpx.post(f"{served.url}/search", json=query, timeout=60, trust_env=False)

        together = [response.json() for response in shoppers.map(ask, queries)]
        rows = metric(served, 'modiste_batch_rows_sum{stage="store"}')
        batches = metric(served, 'modiste_batch_rows_count{stage="store"}')
    for query, one, other in zip(queries, alone, together, strict=True):
        assert [result["id"] for result in other["results"]] == [result["id"] for result in one["results"]], query
        for result, same in zip(one["results"], other["results"], strict=True):
            assert result["score"] == pytest.approx(same["score"], abs=1e-5)
    assert rows == 240
    assert batches < rows


def test_pictures_that_cannot_be_read_fail_alone_among_many(serve: Serve, shop: Shop) -> None:
    good, bad = encoded(cloth("red", "white")), encoded(cloth("red", size=(300, 400)), "JPEG")[:700]
    with serve(shop, cache_max_bytes=0, in_flight=100) as served, ThreadPoolExecutor(8) as shoppers:

        def ask(number: int) -> httpx.Response:
            picture = bad if number % 3 == 0 else good
            fields = {"text": f"blue {number}"}
            return httpx.post(
                f"{served.url}/search", files={"image": picture}, data=fields, timeout=60, trust_env=False
            )

        statuses = [response.status_code for response in shoppers.map(ask, range(48))]
    assert statuses == [422 if number % 3 == 0 else 200 for number in range(48)]


def test_a_picture_seen_before_needs_no_vision_pass_for_another_modification(serve: Serve, shop: Shop) -> None:
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
