"""Logging: plain lines on a terminal, JSON lines elsewhere, each with the id of its request.

A thread writes the records, so that a slow or unread stderr does not block the event loop. The queue is bounded;
further records are counted and dropped.
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
import warnings
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from typing import Any

import orjson

PROBE_PATHS = ("/health/live", "/health/ready", "/metrics")
"""Requests for these paths are not traced, and are logged at debug level."""

MAX_QUEUED = 10_000
"""Maximum number of queued records."""
FLUSH_TIMEOUT_S = 1.0
"""How long the process waits for queued records to be written when it exits."""

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))} | {0x0A: "\\n", 0x09: "\\t"}
# Signs that break a line or change the direction of what follows.
_CONTROL |= {
    code: f"\\u{code:04x}" for code in (0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
}


def escape_controls(text: str) -> str:
    """``text`` with control characters escaped, so that it cannot forge log lines or control a terminal."""
    return text.translate(_CONTROL)


def start_logging(level: str) -> None:
    """Log to stderr from now on. Records that are queued when the process exits are still written if stderr accepts
    them.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``.
    """
    writer = _StderrWriter()
    writer.setFormatter(_PlainFormatter() if sys.stderr.isatty() else _JsonFormatter())
    records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    listener = QueueListener(records, writer)
    logging.basicConfig(level=level.upper(), handlers=[_BoundedQueueHandler(records)], force=True)
    # Python prints warnings to stderr itself: in a format of its own, and blocked by a pipe that nothing reads.
    logging.captureWarnings(True)
    # FAISS names every variant of its library that it does not find, although the one for any processor works.
    logging.getLogger("faiss.loader").setLevel(logging.WARNING)
    # Its warnings contain bytes of malformed forms. The request log has the refusals.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"PIL\.")  # Damaged pictures; one may cause thousands.
    listener.start()
    _listeners.append(listener)


def stop_logging() -> None:
    """Write the queued records, for ``FLUSH_TIMEOUT_S`` at most. Later records are not written."""
    while _listeners:
        # ``QueueListener.stop`` would block if nothing reads the pipe of stderr, and it cannot be called in a thread
        # because threads cannot be started while the interpreter exits.
        listener, written = _listeners.pop(), threading.Event()
        listener.queue.put_nowait(logging.makeLogRecord({"written": written}))
        listener.enqueue_sentinel()
        written.wait(FLUSH_TIMEOUT_S)


_listeners: list[QueueListener] = []
atexit.register(stop_logging)


class _BoundedQueueHandler(QueueHandler):
    """Queues records without blocking, and reports how many were dropped.

    ``SimpleQueue.put`` is reentrant, which is needed because a finaliser may log while a record is being queued.
    """

    def __init__(self, records: queue.SimpleQueue[logging.LogRecord], max_queued: int = MAX_QUEUED) -> None:
        super().__init__(records)
        self._records, self._max_queued, self._dropped = records, max_queued, 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        # Format here, because arguments may change and the listener's thread has another context.
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
    """Writes lines to stderr, only from the listener's thread.

    It uses neither its own lock nor that of ``sys.stderr``: a write may block forever, and the interpreter acquires
    both locks when it exits.
    """

    def handle(self, record: logging.LogRecord) -> bool:
        written: threading.Event | None = getattr(record, "written", None)
        if written is not None:  # From ``stop_logging``: all earlier records are written.
            written.set()
            return True
        with suppress(Exception):  # stderr is closed, its disk is full, or the record cannot be formatted.
            os.write(2, f"{self.format(record)}\n".encode(errors="replace"))
        return True


class _Formatter(logging.Formatter):
    """Formats tracebacks indented and with control characters escaped, because exceptions may quote requests."""

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return "\n".join(f"  {escape_controls(line)}" for line in super().formatException(ei).split("\n"))


class _JsonFormatter(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": escape_controls(record.getMessage()),
        }
        if id := getattr(record, "request_id", ""):
            line["request_id"] = id
        for name, value in getattr(record, "fields", {}).items():
            line[name] = escape_controls(value) if isinstance(value, str) else value
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        try:
            return orjson.dumps(line, default=str).decode()
        except orjson.JSONEncodeError:  # File names that are not UTF-8 have surrogates, which json escapes.
            return json.dumps(line, default=str)


class _PlainFormatter(_Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        record.message = escape_controls(record.message)
        return super().formatMessage(record)
