"""Threads for what is done beside searching (giant pictures, files, columns), and a queue that refuses to grow."""

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
    """A fixed number of threads with a bounded queue; used from one event loop.

    Args:
        name: Prefix of the threads' names.
        threads: How many pieces of work run at once.
        queue: How many more may wait.
        polite: Whether the threads leave the cores to whoever else has work (on Linux).
    """

    def __init__(self, name: str, *, threads: int, queue: int, polite: bool = False) -> None:
        self._executor = ThreadPoolExecutor(
            threads, thread_name_prefix=name, initializer=_be_polite if polite else None
        )
        self._free = threads + queue

    async def run(self, work: Callable[[], T]) -> T:
        """Do ``work`` in a thread.

        Raises:
            Overloaded: The queue is full; nothing was done.
        """
        if self._free == 0:
            raise Overloaded()
        self._free -= 1
        context = contextvars.copy_context()
        future = asyncio.get_running_loop().run_in_executor(self._executor, context.run, work)
        future.add_done_callback(self._done)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            # A thread cannot be cancelled: whatever it uses (a generation, above all) must be held until it is done.
            await until_done(future)
            raise

    def _done(self, future: asyncio.Future[T]) -> None:
        self._free += 1
        if not future.cancelled():
            future.exception()  # Seen, also where the caller has gone and nobody else looks.

    def close(self) -> None:
        """Let running work finish and end the threads."""
        self._executor.shutdown()


def _be_polite() -> None:
    if sys.platform == "linux":  # Elsewhere a priority belongs to the whole process.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
