"""Threads for all work except searching (files, columns, resizing, fetching), with a bounded queue."""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from service.errors import Overloaded
from service.execution.waiting import until_done

T = TypeVar("T")
_Tasks = queue.SimpleQueue[Callable[[], object] | None]
"""Calls for the threads; None ends one of them."""


class Threads:
    """A fixed number of threads with a bounded queue. Used from one event loop.

    The threads are started at once and not by the first calls. ``Thread.start`` waits for the new thread, and Python
    before 3.14 waits forever if that thread gets no memory for its first frame, so a call would block the event loop.

    A cancelled caller waits for its running call, which may use its resources, such as the generation. The queue of
    ``asyncio.to_thread`` is unbounded, and it returns to a cancelled caller at once. The interpreter joins the threads
    of ``concurrent.futures`` when it exits, but not these, which end with the object.

    Args:
        name: Of the threads.
        threads: Maximum number of concurrent calls, including abandoned ones.
        queue: Maximum number of waiting calls.
        abandon: Whether a cancelled caller returns at once. The work must not use resources of the caller.
    """

    def __init__(self, name: str, *, threads: int, queue: int, abandon: bool = False) -> None:
        self._free, self._abandon = threads + queue, abandon
        self._idle = asyncio.Semaphore(threads)
        self._tasks = _Tasks()
        weakref.finalize(self, _end, self._tasks, threads).atexit = False
        for number in range(threads):
            threading.Thread(target=_serve, args=(self._tasks,), name=f"{name}-{number}", daemon=True).start()

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
            await self._idle.acquire()
        except asyncio.CancelledError:
            self._free += 1
            raise
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        try:
            self._tasks.put(partial(contextvars.copy_context().run, self._call, work, loop, future))
        except BaseException:  # There is no memory left.
            self._free_thread()
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
        self._free_thread()
        if not future.cancelled():
            settle()

    def _free_thread(self) -> None:
        self._idle.release()
        self._free += 1


def _serve(tasks: _Tasks) -> None:
    while (task := tasks.get()) is not None:
        task()
        del task  # Otherwise its result would be kept until the next one.


def _end(tasks: _Tasks, threads: int) -> None:
    for _ in range(threads):
        tasks.put(None)
