"""The end of one server after a signal."""

from __future__ import annotations

import math
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from service.app import create_app
from service.server import draining
from service.server.draining import DrainingServer
from service.server.listening import address, listen
from service.settings import Settings, load_settings
from tests.patience import PATIENCE_S
from tests.ports import free_port
from tests.service.conftest import Shop, eventually, is_ready
from tests.service.programs import ENVIRONMENT, ROOT, refuses_connections

REQUEST = b"POST /search HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n"


@pytest.fixture
def settings(shop: Shop) -> Settings:
    return load_settings(index_root=shop.index_root, bundle=shop.bundle, device="cpu", notice_s=600)


def test_sigterm_counts_once_and_sigint_ends_the_notice(settings: Settings) -> None:
    server = DrainingServer(create_app(settings), settings)
    for kind in (signal.SIGTERM, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT):
        server.handle_exit(kind, None)
    assert server._stop_at < math.inf
    assert not server.should_exit
    server.handle_exit(signal.SIGINT, None)
    assert server.should_exit


def test_a_server_that_finishes_its_last_requests_still_reports(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draining, "REPORT_S", 0.01)
    reports: list[None] = []
    server = DrainingServer(create_app(settings), settings, lambda: reports.append(None))
    bound = listen("127.0.0.1", 0)
    url = address(bound)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        eventually(lambda: server.started and bool(reports), "it serves and reports")
        with socket.create_connection(bound.getsockname()) as client:
            client.sendall(REQUEST + b'{"text"')
            eventually(lambda: bool(server.server_state.tasks), "the request has begun")
            server.should_exit = True
            eventually(lambda: refuses_connections(url), "it listens no more")
            before = len(reports)
            eventually(lambda: len(reports) > before + 2, "it reports")
            client.sendall(b': "red"}')
            assert client.recv(12) == b"HTTP/1.1 200"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


def test_a_server_that_waits_for_a_generation_reports(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draining, "REPORT_S", 0.01)
    settings = load_settings(index_root=tmp_path / "index", bundle=shop.bundle, device="cpu", poll_s=0.01, notice_s=0)
    reports: list[None] = []
    app = create_app(settings, others_serve=True)
    server = DrainingServer(app, settings, lambda: reports.append(None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listen("127.0.0.1", 0)]})
    thread.start()
    try:
        eventually(lambda: len(reports) > 2, "it reports")
        assert not server.started
    finally:
        server.handle_exit(signal.SIGTERM, None)
        thread.join(PATIENCE_S)


def test_a_server_without_connections_waits_for_no_last_requests(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draining, "LAST_REQUESTS_S", 100 * PATIENCE_S)
    server = DrainingServer(create_app(settings), settings.model_copy(update={"notice_s": 0}))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listen("127.0.0.1", 0)]}, daemon=True)
    thread.start()
    eventually(lambda: server.started, "it has started")
    server.handle_exit(signal.SIGTERM, None)
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_service_collects_no_garbage_when_it_exits(shop: Shop, processes: str) -> None:
    """Visiting all objects took most of the time of a shutdown."""
    port = str(free_port())
    arguments = ["modiste", "serve", "--port", port, "--device", "cpu", "--processes", processes]
    arguments += ["--index-root", str(shop.index_root), "--bundle", str(shop.bundle)]
    program = (
        "import atexit, gc, sys\n"
        "from service.__main__ import main\n"
        "atexit.register(lambda: print('frozen', gc.get_freeze_count() > 0))\n"
        f"sys.argv = {arguments}\n"
        "main()"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE) as process:
        try:
            eventually(lambda: is_ready(f"http://127.0.0.1:{port}"), "it is ready")
            process.terminate()
            assert process.communicate(timeout=PATIENCE_S)[0] == b"frozen True\n"
        finally:
            process.kill()
