"""Threads for other work than searching (files, columns, resizing), with a bounded queue."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from service.errors import Overloaded
from service.execution.waiting import until_done

T = TypeVar("T")


class ThreadPool:
    """A fixed number of threads with a bounded queue. Used from one event loop.

    ``asyncio.to_thread`` has an unbounded queue, and returns to a cancelled caller while the thread still uses
    resources of the caller.

    Args:
        name: Prefix of the names of the threads.
        threads: Maximum number of concurrent calls.
        queue: Maximum number of waiting calls.
    """

    def __init__(self, name: str, *, threads: int, queue: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._free = threads + queue

    async def run(self, work: Callable[[], T]) -> T:
        """Call ``work`` in a thread, in the context of the caller.

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
            # Work that has not started is dropped. A running thread cannot be interrupted and uses resources of the
            # caller.
            if not call.cancel():
                await until_done(future)
            raise

    def _done(self, future: asyncio.Future[T]) -> None:
        self._free += 1

    def close(self) -> None:
        """Let running work finish and end the threads."""
        self._executor.shutdown()
