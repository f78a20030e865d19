"""Ends the process when one of its threads fails, or cannot be started.

A failed worker thread of a scheduler would leave its searches unanswered while the event loop still accepts new ones.
Memory that runs out can end any thread at any line, so no thread can handle it alone.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from catalog.errors import ModisteError
from service.observability.logs import stop_logging

EXIT_CODE = 70
"""``EX_SOFTWARE`` of sysexits.h."""

logger = logging.getLogger(__name__)


def end_if_a_thread_fails() -> None:
    """From now on, log the exception that ends a thread, and end the process with ``EXIT_CODE``."""
    threading.excepthook = _end


@contextmanager
def no_more_threads_is_an_error() -> Iterator[None]:
    """Raise a ModisteError if the system refuses to start a thread within the block."""
    try:
        yield
    except RuntimeError as error:
        if "can't start new thread" not in str(error):
            raise
        raise ModisteError(
            "The service may start no more threads.",
            hint="Raise the limit of processes and threads: pids.max of a container, TasksMax= of systemd, ulimit -u.",
        ) from error


def _end(failed: threading.ExceptHookArgs) -> None:
    try:
        name = failed.thread.name if failed.thread else "unknown"
        logger.critical(
            "The thread %s failed (%s), so the process ends.", name, failed.exc_type.__name__,
            exc_info=failed.exc_value,
        )  # fmt: skip
        stop_logging()
    finally:  # There may be no memory for the message.
        os._exit(EXIT_CODE)
