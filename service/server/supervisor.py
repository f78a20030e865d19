"""Starts the worker processes of one service, replaces those that end or hang, and stops them.

uvicorn's own supervisor shares one listening socket, so that one worker may accept all connections that a client opens
together. It also waits without limit for a hung worker, and restarts a failing one without a pause.
"""

from __future__ import annotations

import logging
import math
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from catalog.errors import ModisteError
from service.server.worker import run_worker
from service.settings import Settings
from service.signals import stop_signals

logger = logging.getLogger(__name__)

HANG_S = 10.0
"""A worker whose event loop has not reported for this time is killed and replaced."""
START_S = 600.0
"""The same before its first report, while it loads and measures the bundle."""
SHORT_LIFE_S = 10.0
RETRY_S = 5.0
"""Pause before the next try if the system could not start a process."""
MAX_PAUSE_S = 30.0
"""Longest pause before a worker that fails repeatedly is restarted."""
MAX_WAIT_S = 1.0
"""Longest wait for an event."""
PAUSED_S = 3.0
"""If a wait takes longer, the container or the machine was paused, and with it the workers."""
GRACE_S = 5.0
"""Time for workers to stop after the drain."""

# Threads and ONNX Runtime sessions do not survive a fork.
_spawn = multiprocessing.get_context("spawn")


def supervise(settings: Settings, port: int, processes: int) -> None:
    """Serve with several workers until a signal stops the service.

    Raises:
        ModisteError: None of the workers can serve: the bundle or a setting cannot be used.
    """
    with tempfile.TemporaryDirectory(prefix="modiste-", ignore_cleanup_errors=True) as folder, _signals() as signals:
        workers: list[_Worker] = []
        try:
            for _ in range(processes):
                workers.append(_Worker(settings, port, Path(folder)))
            while not _step(workers, signals):
                pass
        finally:
            _stop(workers, signals, settings.notice_s + settings.drain_s + GRACE_S)


class _Worker:
    """One worker process and its replacements."""

    def __init__(self, settings: Settings, port: int, run_folder: Path) -> None:
        self._arguments = (settings, port, run_folder)
        self._short_lives = 0
        self.has_reported = self.has_served = False
        self.start(others_serve=False)

    def start(self, *, others_serve: bool) -> None:
        """Start a process."""
        self.reports, theirs = _spawn.Pipe(duplex=False)
        arguments = (*self._arguments, theirs, others_serve)
        self.process: BaseProcess = _spawn.Process(target=run_worker, args=arguments, name="modiste")
        self.process.start()
        theirs.close()
        self.error: tuple[str, str] | None = None
        """Message and hint of the ModisteError with which it ended."""
        self.start_at, self._started = math.inf, time.monotonic()
        self.patience_s = START_S
        """Maximum time until its next report."""
        self.restart_clock()

    @property
    def running(self) -> bool:
        """Whether a process was started and is not known to have ended."""
        return self.start_at == math.inf

    def read_reports(self) -> None:
        """Read the reports of the process: whether it has a generation while its event loop runs, or its error."""
        with suppress(EOFError, OSError):
            while self.reports.poll():
                report: bool | tuple[str, str] = self.reports.recv()
                if isinstance(report, bool):
                    self.patience_s, self.has_reported = HANG_S, True
                    self.has_served |= report
                    self.restart_clock()
                else:
                    self.error = report

    def restart_clock(self) -> None:
        """Expect the next report within ``patience_s`` from now."""
        self.hangs_at = time.monotonic() + self.patience_s

    def kill(self) -> None:
        """Kill the process, without waiting for its end."""
        self.process.kill()
        self.patience_s = self.hangs_at = math.inf  # It no longer counts as hung.

    def ended(self) -> None:
        """Schedule the next start: at once, or after a growing pause if processes end quickly."""
        self.process.join()
        self.read_reports()
        self.reports.close()
        self.hangs_at = math.inf  # Otherwise the ended process would count as hung during the pause.
        lived = time.monotonic() - self._started
        self._short_lives = self._short_lives + 1 if lived < SHORT_LIFE_S else 0
        pause = min(2.0 ** (self._short_lives - 2), MAX_PAUSE_S) if self._short_lives > 1 else 0.0
        self.start_at = time.monotonic() + pause


def _step(workers: list[_Worker], signals: int) -> bool:
    """Wait for the next event and handle it. Returns whether the service is to stop."""
    now = time.monotonic()
    for worker in workers:
        if worker.start_at <= now:
            try:
                worker.start(others_serve=any(each.has_served for each in workers))
            except OSError as error:  # No memory or process ids. The other workers continue.
                logger.error("A worker could not be started. Next try in %g s: %s", RETRY_S, error)
                worker.start_at = now + RETRY_S
    running = [worker for worker in workers if worker.running]
    events: list[object] = [signals]
    for worker in running:
        events += [worker.process.sentinel, worker.reports]
    next_at = min(min(worker.start_at, worker.hangs_at) for worker in workers)
    waiting = time.monotonic()
    ready = wait(events, min(MAX_WAIT_S, max(0.0, next_at - now)))  # type: ignore[arg-type]
    if time.monotonic() - waiting > PAUSED_S:
        for worker in running:
            worker.restart_clock()
    if signals in ready:
        return True
    for worker in running:
        worker.read_reports()
        if worker.process.sentinel in ready:
            worker.ended()
            if worker.error is not None and not any(each.has_reported for each in workers):
                raise ModisteError(worker.error[0], hint=worker.error[1])
            logger.error(
                "Worker %s ended with exit code %s and is replaced.%s",
                worker.process.pid, worker.process.exitcode, f" {' '.join(worker.error)}" if worker.error else "",
            )  # fmt: skip
        elif worker.hangs_at <= time.monotonic():
            logger.error("Worker %s has not reported for %g s and is killed.", worker.process.pid, worker.patience_s)
            worker.kill()
    return False


def _stop(workers: list[_Worker], signals: int, within_s: float) -> None:
    """Forward signals to all workers until they have ended; kill those that do not end in time.

    Workers may have received the same signal from Ctrl-C or systemd. They handle it once.
    """
    running = [worker.process for worker in workers if worker.running]
    for process in running:
        process.terminate()  # Even after SIGINT, which workers ignore while they start.
    until = time.monotonic() + within_s
    while running:
        ready = wait([signals, *(process.sentinel for process in running)], max(0.0, until - time.monotonic()))
        if signals in ready:
            kind = os.read(signals, 1)[0]
            for process in running:
                assert process.pid is not None
                os.kill(process.pid, kind)
        elif not ready:
            for process in running:
                logger.error("Worker %s did not stop within %g s and is killed.", process.pid, within_s)
                process.kill()
        for process in [process for process in running if process.sentinel in ready or not ready]:
            process.join()
            running.remove(process)


@contextmanager
def _signals() -> Iterator[int]:
    """A file descriptor that receives the number of every signal that stops the service, as a byte."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def handle(kind: int, _: object) -> None:
        with suppress(BlockingIOError):
            os.write(writing, bytes([kind]))

    try:
        with stop_signals(handle):
            yield reading
    finally:
        os.close(reading)
        os.close(writing)
