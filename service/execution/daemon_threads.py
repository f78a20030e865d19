"""Threads for work that can be abandoned, such as a fetch from a server that does not respond."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from service.errors import Overloaded

T = TypeVar("T")


class DaemonThreads:
    """A thread for each call, a bounded number at a time, and a bounded queue. Used from one event loop.

    A cancelled caller returns at once, and the program ends without waiting for the thread. The work must therefore not
    use resources of the caller. The interpreter joins the threads of ``concurrent.futures`` when it exits.

    Args:
        name: Of the threads.
        threads: Maximum number of concurrent calls, including abandoned ones.
        queue: Maximum number of waiting calls.
    """

    def __init__(self, name: str, *, threads: int, queue: int) -> None:
        self._name, self._free = name, threads + queue
        self._threads = asyncio.Semaphore(threads)

    async def run(self, work: Callable[[], T]) -> T:
        """Call ``work`` in a thread, in the context of the caller.

        Raises:
            Overloaded: The queue is full; ``work`` was not called.
            Exception: Whatever ``work`` raised.
        """
        if self._free == 0:
            raise Overloaded()
        self._free -= 1
        try:
            await self._threads.acquire()
        except asyncio.CancelledError:
            self._free += 1
            raise
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        call = contextvars.copy_context().run
        thread = threading.Thread(target=call, args=(self._call, work, loop, future), name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # The system has no threads left.
            self._end()
            raise
        return await future

    def _call(self, work: Callable[[], T], loop: asyncio.AbstractEventLoop, future: asyncio.Future[T]) -> None:
        settle: Callable[[], None]
        try:
            settle = partial(future.set_result, work())
        except BaseException as error:  # The caller must get any failure.
            settle = partial(future.set_exception, error)
        with suppress(RuntimeError):  # The loop is closed: the program exits.
            loop.call_soon_threadsafe(self._settle, future, settle)

    def _settle(self, future: asyncio.Future[T], settle: Callable[[], None]) -> None:
        self._end()
        if not future.cancelled():
            settle()

    def _end(self) -> None:
        self._threads.release()
        self._free += 1
