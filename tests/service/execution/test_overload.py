"""Searches that are refused before they cost anything, and those that are dropped because they are late."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from PIL import Image

from indexer.generations.generation import Generation
from service.errors import NotFound
from service.execution.admission import SMALL_BODY_BYTES
from service.execution.single_flight import SingleFlight
from service.search.query import Query
from service.search.words.wishes import Wishes, wishes_of
from tests.patience import PATIENCE_S
from tests.service.conftest import Serve, Served, Shop, encoded, eventually
from tests.service.measured import metric

MAX_WAIT_MS = 0.001
"""A budget that the expected wait exceeds as soon as one search is in progress and another one has been answered."""


@contextmanager
def held(served: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Block the text graph within the block; the number of rows of each of its runs."""
    bundle, gate = served.app.state.context.bundle, threading.Event()
    text, runs = bundle.text, []

    def wait_first(ids: Any) -> Any:
        runs.append(len(ids))
        assert gate.wait(PATIENCE_S)
        return text(ids)

    monkeypatch.setattr(bundle, "text", wait_first)
    try:
        yield runs
    finally:
        gate.set()


def search(url: str, text: str, **headers: str) -> httpx.Response:
    return httpx.post(f"{url}/search", json={"text": text}, headers=headers, timeout=PATIENCE_S, trust_env=False)


def test_overload_is_refused_with_retry_after_and_cached_answers_are_still_returned(
    serve: Serve, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(shop, max_wait_ms=MAX_WAIT_MS, workers=1) as served, ThreadPoolExecutor(2) as clients:
        known = served.search(text="known")
        with held(served, monkeypatch):
            waiting = clients.submit(search, served.url, "red")
            eventually(lambda: metric(served, "modiste_searches_in_flight") == 1, "it is in progress")
            refused = search(served.url, "one more")
            again = search(served.url, "known")
            assert metric(served, "modiste_expected_wait_seconds") > MAX_WAIT_MS / 1000
        answer = waiting.result()
    assert refused.status_code == 503
    assert refused.json()["type"] == "/problems/overloaded"
    assert int(refused.headers["retry-after"]) > 0
    assert (again.json()["cached"], again.json()["results"]) == (True, known["results"])
    assert answer.status_code == 200


def test_a_large_body_that_arrives_during_overload_is_refused_before_it_is_parsed(
    serve: Serve, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its headers arrived before the other searches were in progress."""
    with serve(shop, max_wait_ms=MAX_WAIT_MS, workers=1) as served, ThreadPoolExecutor(1) as clients:
        served.search(text="known")
        body = b"{" * (SMALL_BODY_BYTES + 1)  # Parsing it would give a 422.
        with (
            held(served, monkeypatch),
            httpx.Client(base_url=served.url, trust_env=False, timeout=PATIENCE_S) as client,
        ):

            def late() -> Iterator[bytes]:
                yield body[:-1]
                waiting.append(clients.submit(search, served.url, "red"))
                eventually(lambda: metric(served, "modiste_searches_in_flight") == 1, "it is in progress")
                yield body[-1:]

            waiting: list[Any] = []
            refused = client.post("/search", content=late(), headers={"Content-Type": "application/json"})
        assert waiting[0].result().status_code == 200
    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/overloaded")


def test_a_search_is_in_progress_before_its_task_begins(
    serve: Serve, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise, many searches would be admitted between two steps of the event loop."""
    run = SingleFlight.run
    counts: list[float | None] = []

    async def watched(self: SingleFlight, key: str, work: Callable[[], Any]) -> Any:
        def begin() -> Any:
            task = work()
            metrics = served.app.state.context.metrics
            counts.append(metrics.registry.get_sample_value("modiste_searches_in_flight"))
            return task

        return await run(self, key, begin)

    monkeypatch.setattr(SingleFlight, "run", watched)
    with serve(shop) as served:
        served.search(text="red")
        assert counts == [1]
        assert metric(served, "modiste_searches_in_flight") == 0


def test_the_text_of_a_refused_search_is_not_parsed(serve: Serve, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsing takes two thirds of the time of a refusal."""
    parsed = []

    def watched(query: Query, generation: Generation) -> Wishes | None:
        parsed.append(query.text)
        return wishes_of(query, generation)

    monkeypatch.setattr("service.search.pipeline.wishes_of", watched)
    with (
        serve(shop, max_wait_ms=MAX_WAIT_MS, workers=1, understand_text=True) as served,
        ThreadPoolExecutor(1) as clients,
    ):
        served.search(text="known")
        with held(served, monkeypatch):
            waiting = clients.submit(search, served.url, "red")
            eventually(lambda: metric(served, "modiste_searches_in_flight") == 1, "it is in progress")
            assert search(served.url, "blue").status_code == 503
        assert waiting.result().status_code == 200
    assert parsed == ["known", "red"]


@pytest.mark.parametrize("length", [SMALL_BODY_BYTES + 1, 6000], ids=["the shortest", "a small photograph"])
def test_a_large_body_is_refused_before_it_is_read(
    serve: Serve, shop: Shop, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    with serve(shop, max_wait_ms=MAX_WAIT_MS) as served, ThreadPoolExecutor(1) as clients:
        served.search(text="known")
        with held(served, monkeypatch):
            waiting = clients.submit(search, served.url, "red")
            eventually(lambda: metric(served, "modiste_searches_in_flight") == 1, "it is in progress")
            with socket.create_connection(httpx.URL(served.url).netloc.decode().split(":")) as client:  # type: ignore[arg-type]
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
        assert gate.wait(PATIENCE_S)
        raise NotFound("It is gone.")

    monkeypatch.setattr("service.http.routes.products.product_card", wait)
    with serve(shop, workers=1, queue=0) as served, ThreadPoolExecutor(1) as clients:
        first = clients.submit(httpx.get, f"{served.url}/products?limit=1", trust_env=False)
        assert begun.wait(PATIENCE_S)
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
        response = httpx.post(
            f"{served.url}/search", content=endless(), headers=headers, timeout=PATIENCE_S, trust_env=False
        )
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


@pytest.mark.parametrize("header", ["soon", "-5", "0", "nan", "inf", "", "1_000", "1e3", "0x10", "+5"])
def test_an_invalid_timeout_header_is_refused(served: Served, header: str) -> None:
    response = served.client.post("/search", json={"text": "red"}, headers={"X-Request-Timeout-Ms": header})
    assert response.status_code == 422
    assert "milliseconds" in response.json()["hint"]


def test_pictures_that_wait_for_a_decoder_delay_no_search(serve: Serve, shop: Shop) -> None:
    def upload(url: str, red: int) -> int:
        large = encoded(Image.new("RGB", (3000, 2000), (red, 0, 0)), "JPEG")
        return httpx.post(f"{url}/search", files={"image": large}, timeout=PATIENCE_S, trust_env=False).status_code

    before, deadline_ms = set(multiprocessing.active_children()), 600_000
    with (
        serve(shop, max_wait_ms=MAX_WAIT_MS, deadline_ms=deadline_ms, decoders=1, cache_max_bytes=0) as served,
        ThreadPoolExecutor(8) as clients,
    ):
        assert upload(served.url, 0) == 200
        (decoder,) = set(multiprocessing.active_children()) - before
        assert decoder.pid is not None
        os.kill(decoder.pid, signal.SIGSTOP)
        try:
            decoders, uploads = served.app.state.context.decoders, []
            for red in range(10, 90, 10):  # One by one, because a search counts until it waits for the decoder.
                uploads.append(clients.submit(upload, served.url, red))
                eventually(lambda: decoders._free == 33 - len(uploads), "it waits for the decoder")
            assert search(served.url, "red").status_code == 200
        finally:
            os.kill(decoder.pid, signal.SIGCONT)
        assert [each.result() for each in uploads] == [200] * len(uploads)


def test_pictures_beyond_the_queue_are_refused_and_the_event_loop_continues(serve: Serve, shop: Shop) -> None:
    def upload(url: str, red: int) -> httpx.Response:
        large = encoded(Image.new("RGB", (3000, 2000), (red, 0, 0)), "JPEG")
        return httpx.post(f"{url}/search", files={"image": large}, timeout=PATIENCE_S, trust_env=False)

    before = set(multiprocessing.active_children())
    with serve(shop, decoders=1, queue=0, cache_max_bytes=0) as served, ThreadPoolExecutor(2) as clients:
        assert upload(served.url, 0).status_code == 200
        (decoder,) = set(multiprocessing.active_children()) - before
        assert decoder.pid is not None
        os.kill(decoder.pid, signal.SIGSTOP)
        try:
            uploads = [clients.submit(upload, served.url, red) for red in (100, 200)]
            first, _ = wait(uploads, timeout=PATIENCE_S, return_when=FIRST_COMPLETED)
            assert served.client.get("/health/live").status_code == 200
        finally:
            os.kill(decoder.pid, signal.SIGCONT)
        (refused,) = [each.result() for each in first]
        assert sorted(each.result().status_code for each in uploads) == [200, 503]
    assert refused.json()["type"] == "/problems/overloaded"
    assert int(refused.headers["retry-after"]) > 0
