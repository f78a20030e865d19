"""Threads for other work than searching (files, columns, resizing, fetching), with a bounded queue."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from service.errors import Overloaded
from service.execution.waiting import until_done

T = TypeVar("T")


class Threads:
    """A thread for each call, a bounded number at a time, and a bounded queue. Used from one event loop.

    A cancelled caller waits for its running thread, which may use its resources, such as the generation. The queue of
    ``asyncio.to_thread`` is unbounded, and it returns to a cancelled caller at once. The interpreter joins the threads
    of ``concurrent.futures`` when it exits, but not these.

    Args:
        name: Of the threads.
        threads: Maximum number of concurrent calls, including abandoned ones.
        queue: Maximum number of waiting calls.
        abandon: Whether a cancelled caller returns at once. The work must not use resources of the caller.
    """

    def __init__(self, name: str, *, threads: int, queue: int, abandon: bool = False) -> None:
        self._name, self._free, self._abandon = name, threads + queue, abandon
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
        except BaseException:  # The system has no threads or no memory left.
            self._end()
            raise
        try:
            return await (future if self._abandon else asyncio.shield(future))
        except asyncio.CancelledError:
            if not self._abandon:
                await until_done(future)
            raise

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
