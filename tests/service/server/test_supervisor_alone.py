"""The supervisor alone, with workers that only report."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection, wait
from types import SimpleNamespace
from typing import Any

import pytest

from service.server import supervisor
from service.settings import load_settings
from tests.service.conftest import eventually
from tests.service.programs import is_alive
from tests.service.server.reporting_worker import hang, ignores_sigterm, report_until_sigint, report_until_sigterm

pytestmark = pytest.mark.slow


class Started(list[Any]):
    """The processes that a supervisor has started."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, worker: Callable[..., None]) -> None:
        super().__init__()
        start = supervisor._spawn.Process.start

        def start_noted(process: Any) -> None:
            start(process)
            self.append(process)

        monkeypatch.setattr(supervisor, "run_worker", worker)
        monkeypatch.setattr(supervisor._spawn.Process, "start", start_noted)


def test_workers_continue_after_all_processes_were_paused(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    started = Started(monkeypatch, report_until_sigterm)
    reported: set[object] = set()
    paused_s = 0.0

    def wait_paused_once(events: Sequence[object], timeout: float) -> list[object]:
        """As ``wait``. Once all workers have reported, an hour passes; once they have reported again, SIGTERM comes."""
        nonlocal paused_s
        ready = wait(events, 0.0 if len(reported) == 2 else timeout)  # type: ignore[arg-type]
        reported.update(each for each in ready if isinstance(each, Connection))
        if len(reported) == 2 and not ready:  # No report is waiting to be read.
            if paused_s:
                os.kill(os.getpid(), signal.SIGTERM)
            paused_s = 3600.0
            reported.clear()
        return list(ready)

    monkeypatch.setattr(supervisor, "wait", wait_paused_once)
    monkeypatch.setattr(supervisor, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + paused_s))
    supervisor.supervise(load_settings(), 1, 2)
    assert [process.exitcode for process in started] == [0, 0]
    assert not caplog.records


def test_a_worker_that_hangs_while_it_starts_is_killed_and_replaced(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    started = Started(monkeypatch, hang)
    monkeypatch.setattr(supervisor, "START_S", 0.0)

    def stop() -> None:
        try:
            eventually(lambda: len(started) == 2, "it is replaced")
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    with ThreadPoolExecutor(1) as pool:
        stopped = pool.submit(stop)
        supervisor.supervise(load_settings(), 1, 1)
        stopped.result()
    assert started[0].exitcode == -signal.SIGKILL
    assert f"Worker {started[0].pid} has not reported for 0 s and is killed." in caplog.text


def test_a_worker_that_cannot_be_started_is_tried_again_and_the_others_continue(
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
            eventually(lambda: len(started) == 2, "both are started")
            started[0].kill()
            eventually(lambda: len(started) == 3, "another is started")
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
    started = Started(monkeypatch, report_until_sigint)

    def stop() -> None:
        try:
            eventually(lambda: [ignores_sigterm(each.pid) for each in started] == [True, True], "they run")
        finally:
            for kind in (signal.SIGTERM, signal.SIGINT):
                os.kill(os.getpid(), kind)

    with ThreadPoolExecutor(1) as pool:
        stopped = pool.submit(stop)
        supervisor.supervise(load_settings(), 1, 2)
        stopped.result()
    assert [process.exitcode for process in started] == [0, 0]
    assert not caplog.records


@pytest.mark.parametrize("kind", [signal.SIGHUP, signal.SIGQUIT], ids=str)
def test_signals_of_a_terminal_stop_the_workers(monkeypatch: pytest.MonkeyPatch, kind: signal.Signals) -> None:
    started = Started(monkeypatch, report_until_sigterm)

    def stop() -> None:
        try:
            eventually(lambda: len(started) == 2, "both are started")
        finally:
            os.kill(os.getpid(), kind)

    before = signal.signal(kind, signal.default_int_handler)  # The program that runs the tests may ignore it.
    try:
        with ThreadPoolExecutor(1) as pool:
            stopped = pool.submit(stop)
            supervisor.supervise(load_settings(), 1, 2)
            stopped.result()
    finally:
        signal.signal(kind, before)
    assert not any(process.is_alive() for process in started)
