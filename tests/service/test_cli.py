"""The program ``modiste``, run as a program."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.service.conftest import Shop, eventually, is_ready
from tests.toy_bundle import write_toy_bundle

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("MODISTE_")}


def modiste(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "service.cli", *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, env={**ENVIRONMENT, **variables}, capture_output=True, text=True, timeout=100, check=False
    )


@contextmanager
def serving(shop: Shop) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``modiste serve`` as a process, and its URL."""
    command = [sys.executable, "-m", "service.cli", "serve", "--port", "0", "--device", "cpu"]
    command += ["--index-root", str(shop.index_root), "--bundle", str(shop.bundle)]
    with subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            url = re.search(r"http://\S+", process.stderr.readline())
            assert url is not None
            eventually(lambda: is_ready(url[0]), "it is ready", within_s=60)
            yield process, url[0]
        finally:
            process.kill()


def test_help_names_every_command_and_needs_no_torch() -> None:
    answer = modiste("--help")
    assert answer.returncode == 0
    for command in ("serve", "demo", "models", "index"):
        assert command in answer.stdout
    loaded = "import sys, service.cli; print([name for name in ('torch', 'faiss', 'fastapi') if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", loaded], cwd=ROOT, text=True).strip() == "[]"


def test_the_version_is_told() -> None:
    assert re.fullmatch(r"modiste \d\S*\n", modiste("--version").stdout)


@pytest.mark.parametrize(
    ("arguments", "variables", "sentence"),
    [
        (["serve", "--bundle", "/nowhere"], {}, "/nowhere is not a bundle"),
        (["serve", "--log-level", "loud"], {}, "--log-level cannot be 'loud'"),
        (["serve"], {"MODISTE_PORT": "http"}, "MODISTE_PORT cannot be 'http'"),
        (["index", "rollback", "--index-root", "/nowhere"], {}, "no index root at /nowhere"),
        (["demo", "--bundle", "/nowhere", "--port", "0"], {}, "/nowhere is not a bundle"),
    ],
)
def test_an_error_is_one_sentence_and_a_hint(arguments: list[str], variables: dict[str, str], sentence: str) -> None:
    answer = modiste(*arguments, **variables)
    assert "Traceback" not in answer.stderr
    assert sentence in answer.stderr
    assert answer.returncode == 1
    assert len(answer.stderr.splitlines()) == 2


def test_a_taken_port_is_told_with_another_to_try(shop: Shop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = modiste("serve", "--port", str(port), "--bundle", shop.bundle)
        demo = modiste("demo", "--port", str(port), "--bundle", shop.bundle)
    for told in (answer, demo):
        assert told.returncode == 1
        assert f"Port {port} of 127.0.0.1 is taken" in told.stderr
        assert f"--port {port + 1}" in told.stderr


def test_serve_answers_searches_over_the_network(shop: Shop) -> None:
    with serving(shop) as (_, url):
        response = httpx.post(f"{url}/search", json={"product_id": "2", "text": "in red"}, trust_env=False)
    assert response.json()["results"][0]["title"] == "Purple cloth"


def test_sigterm_finishes_requests_in_flight_and_refuses_new_ones(shop: Shop) -> None:
    half_sent, go_on = threading.Event(), threading.Event()

    def body() -> Iterator[bytes]:
        yield b'{"text": "re'
        half_sent.set()
        go_on.wait(30)
        yield b'd"}'

    def search(url: str) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        return httpx.post(f"{url}/search", content=body(), headers=headers, timeout=60, trust_env=False)

    with ThreadPoolExecutor(1) as shopper, serving(shop) as (process, url):
        in_flight = shopper.submit(search, url)
        half_sent.wait(30)
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        eventually(lambda: refuses_connections(url), "new connections are refused")
        go_on.set()
        assert in_flight.result().json()["results"]
        assert process.wait(10) == 0


def refuses_connections(url: str) -> bool:
    try:
        httpx.get(f"{url}/health/live", trust_env=False)
    except httpx.TransportError:
        return True
    return False


def test_the_demo_draws_indexes_and_searches_and_does_it_all_only_once(tmp_path: Path) -> None:
    bundle = write_toy_bundle(tmp_path / "bundle")
    folders = ["--bundle", str(bundle), "--folder", str(tmp_path / "demo")]
    first, second = (modiste("demo", "--once", "--products", "120", "--port", "0", *folders) for _ in range(2))
    assert "Indexing 120 products with toy 1.0.0" in first.stdout
    assert "Indexing" not in second.stdout
    for answer in (first, second):
        assert re.search(r"reference +.*\(product G\d+\)", answer.stdout)
        assert re.search(r"modification +in \w+", answer.stdout)
        assert "119 products" in answer.stdout
        # A bundle that knows five colours and no garments: the demo must say that this is no good answer.
        assert (answer.returncode == 3) == ("satisfy the modification" in answer.stderr)
        assert answer.returncode in (0, 3)
    assert len(list((tmp_path / "demo" / "index" / "generations").iterdir())) == 1
