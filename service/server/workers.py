"""Several processes behind one listening socket, for more cores than one event loop can feed.

The socket is bound once and inherited, so a connection that waits belongs to none of them: whoever has fewest takes it,
and one that dies takes none along. Each maps the same generation's files into its memory, which the system holds once.
"""

from __future__ import annotations

import logging
import math
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from prometheus_client.multiprocess import mark_process_dead

from models.errors import ModisteError
from service.execution.cores import Shares, keep_to_own_cores
from service.server.door import ABSENT, Counts, Crowd
from service.server.handover import Handover, Mailboxes
from service.settings import Settings

logger = logging.getLogger(__name__)

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SHORT_LIFE_S = 10.0
LONGEST_PAUSE_S = 30.0
GRACE_S = 5.0
"""How much longer than they said that processes may take to stop."""

# Not forked: threads and graphs of this process do not survive that.
_spawning = multiprocessing.get_context("spawn")


def run_processes(settings: Settings, bound: socket.socket, shares: Shares) -> None:
    """Serve with several processes until SIGTERM or SIGINT; one that dies is started again.

    Raises:
        ModisteError: None of them can serve: a setting or the bundle cannot be used.
    """
    with tempfile.TemporaryDirectory(prefix="modiste-metrics-") as folder, _signals() as signals:
        os.environ[METRICS_FOLDER] = folder  # prometheus_client's own switch; read when the workers import it.
        counts = _spawning.RawArray("i", [ABSENT] * shares.processes)
        mailboxes = Mailboxes.make(shares.processes, lambda size: _spawning.RawArray("i", size))
        # A process that keeps to its own cores cannot find out how many there are.
        settings = settings.model_copy(update=shares._asdict())
        workers = [_Worker(settings, bound, counts, mailboxes, place) for place in range(shares.processes)]
        try:
            _keep(workers, signals, Path(folder))
        finally:
            # As long as one of us listens, the system lets connections in.
            bound.close()
            _stop(workers, signals, settings.notice_s + settings.drain_s + GRACE_S)
            del os.environ[METRICS_FOLDER]


class _Worker:
    """One process, and whatever is started in its place."""

    def __init__(
        self, settings: Settings, bound: socket.socket, counts: Counts, mailboxes: Mailboxes | None, place: int
    ) -> None:
        self._settings, self._bound, self._counts, self._place = settings, bound, counts, place
        self._mailboxes = mailboxes
        self._short_lives, self._could_serve = 0, False
        self.start()

    def start(self) -> None:
        self.messages, theirs = _spawning.Pipe()
        self.process: BaseProcess = _spawning.Process(
            target=_serve,
            args=(self._settings, self._bound, self._counts, self._mailboxes, self._place, theirs),
            name="modiste",
            daemon=True,
        )
        self.process.start()
        theirs.close()
        self.error: tuple[str, str] | None = None
        """Message and hint of a ModisteError that it ended with."""
        self.start_at, self._started = math.inf, time.monotonic()

    @property
    def running(self) -> bool:
        """Whether it was started and nobody has seen it end."""
        return self.start_at == math.inf

    def ended(self) -> None:
        """Plan the next start: at once, or later and later where lives are short."""
        self._listen()
        self.messages.close()
        self._counts[self._place] = ABSENT
        if self._mailboxes is not None:
            self._mailboxes.bury(self._place)
        lived = time.monotonic() - self._started
        self._short_lives = self._short_lives + 1 if lived < SHORT_LIFE_S else 0
        pause = min(2.0 ** (self._short_lives - 2), LONGEST_PAUSE_S) if self._short_lives > 1 else 0.0
        self.start_at = time.monotonic() + pause

    def could_serve(self) -> bool:
        """Whether any of its processes has ever got as far as serving."""
        if not self.messages.closed:
            self._listen()
        return self._could_serve

    def _listen(self) -> None:
        with suppress(EOFError, OSError):
            while self.messages.poll():
                self.error = self.messages.recv()
                self._could_serve |= self.error is None


def _keep(workers: list[_Worker], signals: int, folder: Path) -> None:
    """Start again whoever dies, until a signal comes."""
    while True:
        now = time.monotonic()
        for worker in workers:
            if worker.start_at <= now:
                worker.start()
        # Not by asking for exit codes: one that has died since the last look would be waited for no more.
        running = {worker.process.sentinel: worker for worker in workers if worker.running}
        soonest = min(worker.start_at for worker in workers)
        for ready in wait([signals, *running], None if soonest == math.inf else max(0.0, soonest - now)):
            if ready == signals:
                os.read(signals, 1)  # Else it would be heard a second time, which means: at once.
                return
            assert isinstance(ready, int)
            worker = running[ready]
            worker.process.join()
            worker.ended()
            mark_process_dead(worker.process.pid, path=str(folder))  # type: ignore[no-untyped-call]
            why = f" ({' '.join(worker.error)})" if worker.error else ""
            if worker.error and not any(each.could_serve() for each in workers):
                raise ModisteError(worker.error[0], hint=worker.error[1])
            logger.error(
                "Process %s ended with %s%s; another takes its place.",
                worker.process.pid, worker.process.exitcode, why,
            )  # fmt: skip


def _stop(workers: list[_Worker], signals: int, within_s: float) -> None:
    """Tell all to finish, as often as this process is told; kill who does not in time."""
    for worker in workers:
        worker.process.terminate()
    until = time.monotonic() + within_s
    while running := [worker.process for worker in workers if worker.process.exitcode is None]:
        ready = wait([signals, *(process.sentinel for process in running)], max(0.0, until - time.monotonic()))
        if not ready:
            for process in running:
                logger.error("Process %s did not stop within %g s and is killed.", process.pid, within_s)
                process.kill()
                process.join()
        elif signals in ready:
            os.read(signals, 1)
            for process in running:
                process.terminate()


@contextmanager
def _signals() -> Iterator[int]:
    """A file descriptor that can be read once for every SIGTERM and SIGINT within the block."""
    heard, tell = os.pipe()
    os.set_blocking(tell, False)

    def handle(*_: object) -> None:
        with suppress(BlockingIOError):
            os.write(tell, b"!")

    before = {kind: signal.signal(kind, handle) for kind in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield heard
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
        os.close(heard)
        os.close(tell)


def _serve(
    settings: Settings, bound: socket.socket, counts: Counts, mailboxes: Mailboxes | None, place: int,
    parent: Connection,
) -> None:  # fmt: skip
    """The job of one process."""
    from service.app import create_app
    from service.observability.logs import configure_logging
    from service.observability.tracing import set_up_tracing, shut_down_tracing
    from service.server.server import run

    configure_logging(settings.log_level)
    keep_to_own_cores(place, len(counts))
    # A terminal sends its Ctrl-C to all of us; until there is something to drain, it is the parent's to tell.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, args=[parent], name="parent", daemon=True).start()
    set_up_tracing()
    try:
        application = create_app(settings)
    except ModisteError as error:
        parent.send((error.message, error.hint))
        sys.exit(error.exit_code)
    parent.send(None)
    try:
        handover = mailboxes and Handover(mailboxes, place, application.state.context.metrics)
        run(application, settings, bound, Crowd(counts, place), handover)
    finally:
        shut_down_tracing()


def _follow(parent: Connection) -> None:
    """Stop when the parent is gone, however it went."""
    with suppress(EOFError, OSError):
        parent.recv()
    os.kill(os.getpid(), signal.SIGTERM)
