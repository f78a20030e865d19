"""The log: sentences on a terminal, elsewhere JSON lines that carry the id of their request."""

from __future__ import annotations

import contextvars
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TextIO

import orjson

logger = logging.getLogger(__name__)

QUIET = ("/health/live", "/health/ready", "/metrics")
"""Paths of probes: neither traced nor logged above debug level."""

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")

GATHERED_S = 0.2
"""How long a line may wait for others."""
MOST_LINES = 10_000
"""That may wait for a log that nobody reads."""
PIPED_BYTES = 4096
"""POSIX' ``PIPE_BUF``, on Linux."""


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if id := getattr(record, "request_id", ""):
            line["request_id"] = id
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


class _PlainLines(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")


class _Gathering(logging.StreamHandler[TextIO]):
    """Formats and writes lines a few times a second, all that there are at once; from a warning on, at once what there
    is. Who is killed takes those of the last moment along.

    To write lets go of Python's lock. The thread that computes takes it then, and whoever waits for an answer waits for
    the log: with a write for each search, two cores answered a twelfth fewer.
    """

    def __init__(self) -> None:
        super().__init__()
        self._records: deque[logging.LogRecord] = deque()
        self._writing = threading.Lock()
        self._writer: int | None = None
        self._missing = 0
        threading.Thread(target=self._flush_now_and_then, name="log", daemon=True).start()

    def createLock(self) -> None:  # noqa: N802
        """None: a record is kept in one step, and who logs must not wait until all is written."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        if len(self._records) >= MOST_LINES:  # Whoever reads the log has stopped.
            self._missing += 1
            return
        record.request_id = request_id.get()  # Known only here.
        self._records.append(record)
        if record.levelno >= logging.WARNING:
            self.flush()

    def flush(self) -> None:
        # What is collected as garbage meanwhile may log, too, in the midst of this; the loop below comes to it.
        if self._writer == threading.get_ident():
            return
        with self._writing:
            self._writer = threading.get_ident()
            try:
                while self._records:
                    self._write([self._records.popleft() for _ in range(len(self._records))])
            finally:
                self._writer = None

    def close(self) -> None:
        self.flush()
        super().close()

    def _write(self, records: Sequence[logging.LogRecord]) -> None:
        lines = [line for record in records if (line := self._formatted(record)) is not None]
        with suppress(OSError, ValueError):  # Whoever reads the log has gone.
            for whole in _batched(lines):
                self.stream.write(whole)
                self.stream.flush()
        if self._missing:
            missing, self._missing = self._missing, 0
            logger.warning("%d lines of the log are missing: they were not read in time.", missing)

    def _formatted(self, record: logging.LogRecord) -> str | None:
        try:
            return self.format(record)
        except Exception:
            self.handleError(record)
            return None

    def _flush_now_and_then(self) -> None:
        while True:
            time.sleep(GATHERED_S)
            self.flush()


def _batched(lines: Sequence[str]) -> Iterator[str]:
    """Lines put together as far as a pipe takes them in one piece, so that those of several processes never mix."""
    batch: list[str] = []
    size = 0
    for line in lines:
        length = len(line.encode(errors="replace")) + 1
        if batch and size + length > PIPED_BYTES:
            yield "".join(batch)
            batch, size = [], 0
        batch.append(f"{line}\n")
        size += length
    if batch:
        yield "".join(batch)


def configure_logging(level: str) -> None:
    """Log to stderr: sentences on a terminal, JSON lines elsewhere."""
    # Nobody reads who logged and where; to find that out for every request takes longer than all the rest of a line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    handler: logging.Handler
    if sys.stderr.isatty():
        handler = logging.StreamHandler()
        handler.setFormatter(_PlainLines())
    else:
        handler = _Gathering()
        handler.setFormatter(_JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
