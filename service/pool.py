"""Threads that do the heavy work, so that the event loop never blocks, and a queue that refuses to grow."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from service.problems import Overloaded

T = TypeVar("T")


class Pool:
    """A fixed number of threads with a bounded queue; used from one event loop.

    Args:
        name: Prefix of the threads' names.
        threads: How many pieces of work run at once.
        queue: How many more may wait.
    """

    def __init__(self, name: str, *, threads: int, queue: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
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
            await asyncio.wait([future])
            raise

    def _done(self, future: asyncio.Future[T]) -> None:
        self._free += 1
        if not future.cancelled():
            future.exception()  # Seen, also where the caller has gone and nobody else looks.

    def close(self) -> None:
        """Let running work finish and end the threads."""
        self._executor.shutdown()
