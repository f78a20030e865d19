"""Admission: what is refused before it costs anything, and what is dropped when it is late."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import httpx
import pytest

from service.errors import NotFound, Overloaded
from service.execution.admission import SMALL_BODY_BYTES, Admission
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
    """Block the text graph within the block; the number of rows of each of its runs."""
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


class Clock:
    """Seconds that the test advances."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_unmeasured_service_admits_everything() -> None:
    admission = Admission(max_wait_s=0.001, body_bytes=10, metrics=Metrics(), clock=Clock())
    with ExitStack() as searches:
        for _ in range(100):
            admission.check_arrival(None, 1.0)
            searches.enter_context(admission.search())


@pytest.mark.parametrize("seconds", [0.001, 0.02, 0.5], ids=["fast model", "usual model", "slow model"])
def test_the_budget_is_a_time_whatever_a_search_costs(seconds: float) -> None:
    clock = Clock()
    admission = Admission(max_wait_s=1.0, body_bytes=10, metrics=Metrics(), clock=clock)
    for _ in range(20):
        with admission.search():
            clock.now += seconds
        clock.now += 5.0  # Idle time does not count.
    with ExitStack() as searches:
        admitted = 0
        while admission.expected_wait_s <= 1.0:
            searches.enter_context(admission.search())
            admitted += 1
        assert admitted == pytest.approx(1.0 / seconds, abs=1.01)
        with pytest.raises(Overloaded) as refused:
            searches.enter_context(admission.search())
        assert refused.value.retry_after_s == 2  # Rounded up: the expected wait is a little over the budget.


def test_the_time_per_search_is_that_between_completions_of_concurrent_searches() -> None:
    clock = Clock()
    admission = Admission(max_wait_s=1.0, body_bytes=10, metrics=Metrics(), clock=clock)
    for _ in range(30):
        with ExitStack() as batch:
            for _ in range(4):
                batch.enter_context(admission.search())
            clock.now += 0.4  # Four searches in one batch of 400 ms.
    with ExitStack() as searches:
        for _ in range(5):
            searches.enter_context(admission.search())
        assert admission.expected_wait_s == pytest.approx(0.5, rel=0.1)


def test_failed_searches_do_not_count_as_fast_ones() -> None:
    clock = Clock()
    admission = Admission(max_wait_s=1.0, body_bytes=10, metrics=Metrics(), clock=clock)
    with admission.search():
        clock.now += 0.1
    for _ in range(50):
        with suppress(ValueError), admission.search():
            raise ValueError
    with admission.search():
        assert admission.expected_wait_s == pytest.approx(0.1)


def test_the_time_of_failed_searches_is_not_that_of_the_others() -> None:
    clock = Clock()
    admission = Admission(max_wait_s=1.0, body_bytes=10, metrics=Metrics(), clock=clock)
    for _ in range(30):
        with admission.search():
            for _ in range(9):
                with suppress(ValueError), admission.search():
                    clock.now += 0.05
                    raise ValueError
            clock.now += 0.1
    with admission.search():
        assert admission.expected_wait_s == pytest.approx(0.1)


def test_a_search_that_would_miss_its_deadline_is_refused_on_arrival_unless_the_service_is_idle() -> None:
    clock = Clock()
    admission = Admission(max_wait_s=1.0, body_bytes=10, metrics=Metrics(), clock=clock)
    with admission.search():
        clock.now += 0.2
    admission.check_arrival(0, allowed_s=0.01)
    with admission.search():
        admission.check_arrival(0, allowed_s=0.5)
        with pytest.raises(Overloaded) as refused:
            admission.check_arrival(0, allowed_s=0.3)
    assert refused.value.reason == "deadline"


def test_overload_is_refused_with_retry_after_and_cached_answers_are_still_given(
    serve: Serve, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(shop, max_wait_ms=1, workers=1) as served, ThreadPoolExecutor(2) as clients:
        served.app.state.context.admission._busy_s, served.app.state.context.admission._completed = 1.0, 1.0
        known = served.search(text="known")
        with held(served, monkeypatch):
            waiting = clients.submit(search, served.url, "red")
            eventually(lambda: metric(served, "modiste_searches_in_flight") == 1, "it is in progress")
            refused = search(served.url, "one more")
            again = search(served.url, "known")
            assert metric(served, "modiste_expected_wait_seconds") > 0.001
        answer = waiting.result()
    assert refused.status_code == 503
    assert refused.json()["type"] == "/problems/overloaded"
    assert int(refused.headers["retry-after"]) > 0
    assert (again.json()["cached"], again.json()["results"]) == (True, known["results"])
    assert answer.status_code == 200


def test_a_large_body_is_refused_before_it_is_read(serve: Serve, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(shop, max_wait_ms=1) as served, ThreadPoolExecutor(1) as clients:
        served.app.state.context.admission._busy_s, served.app.state.context.admission._completed = 1.0, 1.0
        with held(served, monkeypatch):
            waiting = clients.submit(search, served.url, "red")
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


def test_requests_that_a_full_queue_refuses_are_counted(
    serve: Serve, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, gate = threading.Event(), threading.Event()

    def wait(*_: object) -> None:
        begun.set()
        assert gate.wait(30)
        raise NotFound("It is gone.")

    monkeypatch.setattr("service.http.routes.products.product_card", wait)
    with serve(shop, workers=1, queue=0) as served, ThreadPoolExecutor(1) as clients:
        first = clients.submit(httpx.get, f"{served.url}/products?limit=1", trust_env=False)
        assert begun.wait(30)
        refused = served.client.get("/products?limit=1")
        gate.set()
        assert first.result().status_code == 404
        assert refused.json()["type"] == "/problems/overloaded"
        assert metric(served, 'modiste_requests_refused_total{reason="queue"}') == 1


def test_bytes_of_bodies_are_bounded_while_they_arrive(serve: Serve, shop: Shop) -> None:
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


def test_a_search_past_its_deadline_is_dropped_with_504(
    serve: Serve, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(shop, workers=1, deadline_ms=20_000) as served, ThreadPoolExecutor(1) as clients:
        with held(served, monkeypatch) as runs:
            first = clients.submit(search, served.url, "red")
            eventually(lambda: len(runs) == 1, "the first one runs")
            late = search(served.url, "blue", **{"X-Request-Timeout-Ms": "50"})
        assert first.result().status_code == 200
        assert served.search(text="green")["results"]
        assert runs == [1, 1]  # The first one and the last: nothing was computed for the late one.
        assert metric(served, "modiste_deadlines_missed_total") == 1
    assert late.status_code == 504
    assert late.json()["type"] == "/problems/deadline-passed"


def test_a_search_whose_client_has_disconnected_is_dropped(
    serve: Serve, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(shop, workers=1) as served, ThreadPoolExecutor(1) as clients:
        with held(served, monkeypatch) as runs:
            first = clients.submit(search, served.url, "red")
            eventually(lambda: len(runs) == 1, "the first one runs")
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(f"{served.url}/search", json={"text": "blue"}, timeout=0.3, trust_env=False)
            eventually(lambda: 'status="499"' in served.client.get("/metrics").text, "the leaving is noticed")
        first.result()
        assert served.search(text="green")["results"]
        assert runs == [1, 1]


@pytest.mark.parametrize("header", ["soon", "-5", "0", "nan", "inf", ""])
def test_an_invalid_timeout_header_is_refused(served: Served, header: str) -> None:
    response = served.client.post("/search", json={"text": "red"}, headers={"X-Request-Timeout-Ms": header})
    assert response.status_code == 422
    assert "milliseconds" in response.json()["hint"]


def test_concurrent_searches_get_the_same_answers_as_single_ones(serve: Serve, shop: Shop) -> None:
    queries = [
        {"product_id": str(number % 60), "text": ("red", "in blue", "", "white")[number % 4], "k": 5 + number % 30,
         "exclude": [str((number + 1) % 60)], "filters": ({}, {"new": True}, {"price": {"max": 50}})[number % 3]}
        for number in range(120)
    ]  # fmt: skip
    with serve(shop, cache_max_bytes=0) as served, ThreadPoolExecutor(16) as clients:
        alone = [served.search(**query) for query in queries]

        def ask(query: dict[str, Any]) -> httpx.Response:
            return httpx.post(f"{served.url}/search", json=query, timeout=60, trust_env=False)

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
                f"{served.url}/search", files={"image": picture}, data=fields, timeout=60, trust_env=False
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
