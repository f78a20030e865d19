"""The supervisor alone, with workers that only report."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from service.server import supervisor
from service.settings import load_settings
from tests.service.conftest import eventually
from tests.service.programs import ROOT, is_alive
from tests.service.server.reporting_worker import ignores_sigterm, report_until_sigint, report_until_sigterm

pytestmark = pytest.mark.slow


def children(pid: int) -> set[int]:
    """The worker processes of a supervisor."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(child) for child in listed if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()}


def test_workers_go_on_after_all_processes_stood_still() -> None:
    program = (
        "import service.server.supervisor as supervisor\n"
        "from service.settings import load_settings\n"
        "from tests.service.server.reporting_worker import report_until_sigterm\n"
        "supervisor.run_worker, supervisor.HANG_S = report_until_sigterm, 3.0\n"
        "supervisor.supervise(load_settings(), 1, 2)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            eventually(lambda: len(children(process.pid)) == 2, "the workers are started", within_s=60)
            time.sleep(2)  # They report.
            before = children(process.pid)
            os.killpg(process.pid, signal.SIGSTOP)
            time.sleep(5)  # Longer than the time after which a worker counts as hung.
            os.killpg(process.pid, signal.SIGCONT)
            time.sleep(1)
            assert children(process.pid) == before
            process.terminate()
            assert process.communicate(timeout=30)[1] == b""
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def test_a_worker_that_cannot_be_started_now_is_tried_again_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    start = supervisor._spawn.Process.start
    started: list[Any] = []

    def start_unless_short(process: Any) -> None:
        if len(started) == 2 and not caplog.records[1:]:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        start(process)
        started.append(process)

    def kill_one_then_stop() -> set[int]:
        try:
            eventually(lambda: len(started) == 2, "both are started", within_s=60)
            started[0].kill()
            eventually(lambda: len(started) == 3, "another is started", within_s=60)
            return {process.pid for process in started[1:] if is_alive(process.pid)}
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(supervisor, "run_worker", report_until_sigterm)
    monkeypatch.setattr(supervisor, "RETRY_S", 0.1)
    monkeypatch.setattr(supervisor._spawn.Process, "start", start_unless_short)
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        with ThreadPoolExecutor(1) as pool:
            alive = pool.submit(kill_one_then_stop)
            supervisor.supervise(load_settings(), 1, 2)
            assert alive.result() == {process.pid for process in started[1:]}
    finally:
        signal.signal(signal.SIGTERM, before)
    assert "A worker could not be started" in caplog.text


def test_workers_that_drain_are_stopped_by_sigint(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    start = supervisor._spawn.Process.start
    started: list[Any] = []

    def start_noted(process: Any) -> None:
        start(process)
        started.append(process)

    def stop() -> None:
        try:
            eventually(lambda: [ignores_sigterm(each.pid) for each in started] == [True, True], "they run", within_s=60)
        finally:
            for kind in (signal.SIGTERM, signal.SIGINT):
                os.kill(os.getpid(), kind)

    monkeypatch.setattr(supervisor, "run_worker", report_until_sigint)
    monkeypatch.setattr(supervisor._spawn.Process, "start", start_noted)
    with ThreadPoolExecutor(1) as pool:
        stopped = pool.submit(stop)
        supervisor.supervise(load_settings(), 1, 2)
        stopped.result()
    assert [process.exitcode for process in started] == [0, 0]
    assert not caplog.records
