"""Logging: plain lines on a terminal, JSON lines elsewhere, each with the id of its request.

Records are written by a thread, so that a slow or unread stderr never blocks the event loop. The queue is bounded;
records that do not fit are counted and dropped.
"""

from __future__ import annotations

import atexit
import contextvars
import json
import logging
import os
import queue
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener

import orjson

PROBE_PATHS = ("/health/live", "/health/ready", "/metrics")
"""Requests for these are neither traced nor logged above debug level."""

MAX_QUEUED = 10_000
"""Records that may wait to be written."""
FLUSH_TIMEOUT_S = 1.0
"""How long the process waits at its end for queued records to be written."""

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))} | {0x0A: "\\n", 0x09: "\\t"}


def escape_controls(text: str) -> str:
    """``text`` with control characters escaped, so that it can neither forge a line nor command a terminal."""
    return text.translate(_CONTROL)


def start_logging(level: str) -> None:
    """Log to stderr from now on. What is queued when the process ends is written, as far as stderr takes it.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``.
    """
    # No line shows them, and logging would look them up for each record ("Optimization" in its HOWTO).
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    writer = _StderrWriter()
    writer.setFormatter(_PlainFormatter() if sys.stderr.isatty() else _JsonFormatter())
    records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    listener = QueueListener(records, writer)
    logging.basicConfig(level=level.upper(), handlers=[_BoundedQueueHandler(records)], force=True)
    listener.start()
    _listeners.append(listener)


def stop_logging() -> None:
    """Write what is queued, as far as stderr takes it within ``FLUSH_TIMEOUT_S``. Later records are not written."""
    while _listeners:
        # ``QueueListener.stop`` would wait without end where the thread is blocked by a pipe that nothing reads, and no
        # thread that calls it can be started while the interpreter exits.
        listener, written = _listeners.pop(), threading.Event()
        listener.queue.put_nowait(logging.makeLogRecord({"written": written}))
        listener.enqueue_sentinel()
        written.wait(FLUSH_TIMEOUT_S)


_listeners: list[QueueListener] = []
atexit.register(stop_logging)


class _BoundedQueueHandler(QueueHandler):
    """Queues records without waiting, and reports how many were dropped.

    The queue is one whose ``put`` may be interrupted by itself: a finaliser may log while a record is being queued.
    """

    def __init__(self, records: queue.SimpleQueue[logging.LogRecord], max_queued: int = MAX_QUEUED) -> None:
        super().__init__(records)
        self._records, self._max_queued, self._dropped = records, max_queued, 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        # Now, because arguments may change, and the listener's thread has another context.
        record.msg, record.args = record.getMessage(), None
        record.request_id = request_id.get()
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        if self._records.qsize() >= self._max_queued:
            self._dropped += 1
            return
        self._records.put(record)
        if self._dropped:
            self._records.put(self._report())
            self._dropped = 0

    def _report(self) -> logging.LogRecord:
        message = "%d log records were dropped because stderr was not read in time."
        return logging.LogRecord(__name__, logging.WARNING, "", 0, message, (self._dropped,), None)


class _StderrWriter(logging.Handler):
    """Writes lines to stderr, from the listener's thread alone.

    It takes no lock, neither its own nor that of ``sys.stderr``: a write may be blocked for good, and the interpreter
    takes both when it exits.
    """

    def handle(self, record: logging.LogRecord) -> bool:
        written: threading.Event | None = getattr(record, "written", None)
        if written is not None:  # From ``stop_logging``: all records before it are written.
            written.set()
            return True
        with suppress(Exception):  # stderr is closed or its disk is full, or the record cannot be formatted.
            os.write(2, f"{self.format(record)}\n".encode(errors="replace"))
        return True


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": escape_controls(record.getMessage()),
        }
        if id := getattr(record, "request_id", ""):
            line["request_id"] = id
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        try:
            return orjson.dumps(line, default=str).decode()
        except orjson.JSONEncodeError:  # The name of a file that is not UTF-8 has surrogates, which json escapes.
            return json.dumps(line, default=str)


class _PlainFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        record.message = escape_controls(record.message)
        return super().formatMessage(record)
