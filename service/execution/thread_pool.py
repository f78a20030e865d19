"""Threads for work beside searching (large images, files, columns), with a bounded queue."""

from __future__ import annotations

import asyncio
import contextvars
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from service.errors import Overloaded
from service.execution.waiting import until_done

T = TypeVar("T")

NICENESS = 10


class ThreadPool:
    """A fixed number of threads with a bounded queue. Used from one event loop.

    ``asyncio.to_thread`` has an unbounded queue, and returns to a cancelled caller while the thread still uses what the
    caller holds.

    Args:
        name: Prefix of the threads' names.
        threads: How many calls run at once.
        queue: How many more may wait.
        low_priority: Whether the threads yield the cores to all others (on Linux).
    """

    def __init__(self, name: str, *, threads: int, queue: int, low_priority: bool = False) -> None:
        self._executor = ThreadPoolExecutor(
            threads, thread_name_prefix=name, initializer=_lower_priority if low_priority else None
        )
        self._free = threads + queue

    async def run(self, work: Callable[[], T], *, abandon: bool = False) -> T:
        """Call ``work`` in a thread, in the context of the caller.

        Args:
            abandon: Whether a cancelled caller returns at once, while the thread ends on its own: for work that uses
                nothing which the caller holds.

        Raises:
            Overloaded: The queue is full; ``work`` was not called.
        """
        if self._free == 0:
            raise Overloaded()
        self._free -= 1
        context = contextvars.copy_context()
        call = self._executor.submit(context.run, work)
        future = asyncio.wrap_future(call)
        future.add_done_callback(self._done)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            # Work that has not started is dropped. A thread cannot be interrupted, and uses what the caller holds.
            if not call.cancel() and not abandon:
                await until_done(future)
            raise

    def _done(self, future: asyncio.Future[T]) -> None:
        self._free += 1

    def close(self) -> None:
        """Let running work finish and end the threads."""
        self._executor.shutdown()


def _lower_priority() -> None:
    if sys.platform == "linux":  # Elsewhere a priority belongs to the whole process.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
