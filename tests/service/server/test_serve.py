"""Stopping one process: no accepted request is lost."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest

from service.signals import WITHOUT_MEANING
from tests.patience import PATIENCE_S
from tests.service.conftest import Shop, eventually
from tests.service.programs import serving

pytestmark = pytest.mark.slow


def test_sigterm_under_load_loses_no_request_of_clients_that_close_their_connection(shop: Shop) -> None:
    answered: list[int] = []

    def client(url: str, number: int) -> None:
        """Searches until an answer closes the connection, as a load balancer's would go elsewhere then."""
        turn = 0
        with httpx.Client(base_url=url, timeout=PATIENCE_S, trust_env=False) as connection:
            while True:
                turn += 1
                response = connection.post("/search", json={"product_id": str(number), "text": f"red {turn}"})
                answered.append(response.status_code)
                if response.headers.get("connection") == "close":
                    return

    with (
        serving(shop, MODISTE_NOTICE_S="2", MODISTE_MAX_WAIT_MS="60000") as service,
        ThreadPoolExecutor(8) as pool,
    ):
        clients = [pool.submit(client, service.url, number) for number in range(8)]
        eventually(lambda: len(answered) > 40, "searches are answered")
        service.process.send_signal(signal.SIGTERM)
        for each in clients:
            each.result(PATIENCE_S)
        assert service.process.wait(PATIENCE_S) == 0
    assert set(answered) == {200}


def test_after_sigterm_the_service_is_not_ready_and_still_answers(shop: Shop) -> None:
    with (
        serving(shop, MODISTE_NOTICE_S="600") as service,
        httpx.Client(base_url=service.url, timeout=PATIENCE_S, trust_env=False) as client,
    ):
        assert "connection" not in client.get("/health/ready").headers
        service.process.send_signal(signal.SIGTERM)
        eventually(lambda: client.get("/health/ready").status_code == 503, "it is not ready any more")
        unready, live = client.get("/health/ready"), client.get("/health/live")
        answer = client.post("/search", json={"text": "red"})
        service.process.send_signal(signal.SIGINT)  # Ends the notice.
        service.process.wait(PATIENCE_S)
    assert unready.json()["reasons"] == ["The service is shutting down."]
    assert live.status_code == 200
    assert answer.status_code == 200
    assert answer.headers["connection"] == "close"


def test_a_request_that_outlasts_the_drain_does_not_keep_the_process(shop: Shop) -> None:
    stop, sent = threading.Event(), threading.Event()

    def body() -> Iterator[bytes]:
        yield b'{"text": "re'
        sent.set()
        stop.wait(PATIENCE_S)

    def search(url: str) -> None:
        headers = {"Content-Type": "application/json"}
        with suppress(httpx.TransportError):
            httpx.post(f"{url}/search", content=body(), headers=headers, timeout=PATIENCE_S, trust_env=False)

    with serving(shop, MODISTE_DRAIN_S="1", MODISTE_DEADLINE_MS="600000") as service:
        slow = threading.Thread(target=search, args=(service.url,))
        slow.start()
        assert sent.wait(PATIENCE_S)
        service.process.send_signal(signal.SIGTERM)
        service.process.wait(PATIENCE_S)
        stop.set()
        slow.join(PATIENCE_S)


def test_signals_without_a_meaning_are_ignored(shop: Shop) -> None:
    with serving(shop) as service:
        for kind in WITHOUT_MEANING:
            service.process.send_signal(kind)
        assert service.search().status_code == 200
        service.process.terminate()
        assert service.process.wait(PATIENCE_S) == 0
