"""Stopping: politely, with nothing lost that was accepted."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from tests.service.conftest import Shop, eventually, is_ready

ROOT = Path(__file__).parents[3]


@contextmanager
def serving(shop: Shop, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``modiste serve`` as a process, and its URL."""
    command = [sys.executable, "-m", "service.cli", "serve", "--port", "0", "--device", "cpu"]
    command += ["--index-root", str(shop.index_root), "--bundle", str(shop.bundle), "--log-level", "warning"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MODISTE_")}
    with subprocess.Popen(
        command, cwd=ROOT, env={**environment, **variables}, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            url = re.search(r"http://\S+", process.stderr.readline())
            assert url is not None
            eventually(lambda: is_ready(url[0]), "it is ready", within_s=60)
            yield process, url[0]
        finally:
            process.kill()


def test_sigterm_under_load_loses_nothing_that_was_accepted(shop: Shop) -> None:
    answered: list[int] = []
    lost: list[Exception] = []
    turned_away: list[float] = []

    def shopper(url: str, number: int) -> None:
        turn = 0
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            while not turned_away:
                turn += 1
                try:
                    response = client.post("/search", json={"product_id": str(number), "text": f"red {turn}"})
                except httpx.ConnectError:  # Nobody listens any more: the politest refusal that TCP has.
                    turned_away.append(time.monotonic())
                except httpx.TransportError as error:
                    lost.append(error)
                else:
                    answered.append(response.status_code)

    with serving(shop, MODISTE_NOTICE_S="1", MODISTE_IN_FLIGHT="64") as (process, url):
        threads = [threading.Thread(target=shopper, args=(url, number)) for number in range(8)]
        for thread in threads:
            thread.start()
        eventually(lambda: len(answered) > 40, "searches are answered", within_s=60)
        process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        for thread in threads:
            thread.join(60)
        assert process.wait(30) == 0
    assert lost == []
    assert set(answered) == {200}
    assert turned_away[0] - told > 0.8  # Only after the time in which load balancers were to notice.


def test_readiness_goes_first_and_connections_are_given_back(shop: Shop) -> None:
    with (
        serving(shop, MODISTE_NOTICE_S="5") as (process, url),
        httpx.Client(base_url=url, timeout=30, trust_env=False) as client,
    ):
        assert "connection" not in client.get("/health/ready").headers
        process.send_signal(signal.SIGTERM)
        eventually(lambda: client.get("/health/ready").status_code == 503, "it is not ready any more")
        unready, live = client.get("/health/ready"), client.get("/health/live")
        answer = client.post("/search", json={"text": "red"})
    assert unready.json()["reasons"] == ["The service is about to stop."]
    assert live.status_code == 200
    assert answer.status_code == 200
    assert answer.headers["connection"] == "close"


def test_a_request_that_outlasts_the_drain_does_not_hold_the_process(shop: Shop) -> None:
    stop, sent = threading.Event(), threading.Event()

    def body() -> Iterator[bytes]:
        yield b'{"text": "re'
        sent.set()
        stop.wait(60)

    def search(url: str) -> None:
        headers = {"Content-Type": "application/json"}
        with suppress(httpx.TransportError):
            httpx.post(f"{url}/search", content=body(), headers=headers, timeout=60, trust_env=False)

    with serving(shop, MODISTE_NOTICE_S="0", MODISTE_DRAIN_S="1") as (process, url):
        slow = threading.Thread(target=search, args=(url,))
        slow.start()
        assert sent.wait(30)
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        stop.set()
        slow.join(30)
