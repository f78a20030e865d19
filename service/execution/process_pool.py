"""Processes for work that may have to be stopped, or to be kept from taking memory."""

from __future__ import annotations

import asyncio
import atexit
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from service.errors import Overloaded
from service.execution.waiting import until_done

T = TypeVar("T")

NICENESS = 10

# Threads and ONNX Runtime sessions do not survive a fork.
_spawn = multiprocessing.get_context("spawn")


class WorkFailed(Exception):
    """The process ended without a result: it crashed, or was killed."""


class ProcessPool:
    """A fixed number of processes of low priority with a bounded queue. Used from one event loop.

    Work whose caller is cancelled is stopped by killing its process; a thread could not be stopped. A call that would
    take more memory than it may raises ``MemoryError``. ``concurrent.futures`` can do neither.

    Args:
        processes: How many calls run at once.
        queue: How many more may wait.
        memory_bytes: Memory that one call may take (on Linux).
    """

    def __init__(self, processes: int, *, queue: int, memory_bytes: int) -> None:
        self.memory_bytes, self._free = memory_bytes, processes + queue
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="process-pool")
        self._idle: asyncio.Queue[_Process] = asyncio.Queue()
        self._all = [_Process(memory_bytes) for _ in range(processes)]
        for process in self._all:
            self._idle.put_nowait(process)
            atexit.register(process.kill)  # multiprocessing would send SIGTERM, which they ignore, and wait.

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """Call ``function`` in a process; it, its arguments and its result must be picklable.

        Raises:
            Overloaded: The queue is full; ``function`` was not called.
            MemoryError: It needs more memory than it may take.
            WorkFailed: The process ended without a result.
            Exception: Whatever ``function`` raised.
        """
        if self._free == 0:
            raise Overloaded()
        self._free -= 1
        try:
            process = await self._idle.get()
            try:
                return await self._run(process, function, args)
            finally:
                self._idle.put_nowait(process)
        finally:
            self._free += 1

    def close(self) -> None:
        """End the processes. Nothing may be running."""
        for process in self._all:
            process.end()
            atexit.unregister(process.kill)
        self._threads.shutdown()

    async def _run(self, process: _Process, function: Callable[..., T], args: tuple[Any, ...]) -> T:
        stopped = threading.Event()
        future = asyncio.wrap_future(self._threads.submit(process.call, function, args, stopped))
        try:
            result: T = await asyncio.shield(future)
            return result
        except asyncio.CancelledError:
            stopped.set()  # Before the kill: the thread may be about to start a process.
            process.kill()
            await until_done(future)
            raise


class _Process:
    """A process that is started by its first call, and again after it has ended."""

    def __init__(self, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        self._process: multiprocessing.process.BaseProcess | None = None

    def call(self, function: Callable[..., Any], args: tuple[Any, ...], stopped: threading.Event) -> Any:
        """Call ``function`` in the process, from a thread.

        Args:
            stopped: Set by the caller, before ``kill``, when the result is no longer wanted.
        """
        if self._process is None or not self._process.is_alive():
            self._start()
        try:
            if stopped.is_set():  # Set later, it is followed by ``kill``, which finds the process.
                raise EOFError
            self._pipe.send((function, args))
            succeeded, result = self._pipe.recv()
        except (EOFError, OSError) as error:
            self.end()
            raise WorkFailed("The process ended without a result.") from error
        if not succeeded:
            raise result
        return result

    def kill(self) -> None:
        """Kill the process without waiting for its end; a running call raises ``WorkFailed``. From any thread."""
        if self._process is not None:
            self._process.kill()

    def end(self) -> None:
        """Kill the process and wait for its end."""
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def _start(self) -> None:
        self._pipe, theirs = _spawn.Pipe()
        process = _spawn.Process(target=_serve, args=(theirs, self._memory_bytes), daemon=True)
        with theirs:
            process.start()
        self._process = process  # Only now: a process that is not started cannot be killed.


def _serve(pipe: Connection, memory_bytes: int) -> None:
    """Answer calls until the other end of the pipe is closed.

    SIGTERM and SIGINT are ignored: sent to all processes of a service, as systemd and Ctrl-C do, they would end work
    for which the service still waits.
    """
    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, signal.SIG_IGN)
    limited = False
    while True:
        try:
            function, args = pipe.recv()  # Imports what the function needs, which does not count as its memory.
        except EOFError:
            return
        if sys.platform == "linux" and not limited:
            os.nice(NICENESS)
            _limit_memory(memory_bytes)
            limited = True
        pipe.send(_answer(function, args))
        del function, args  # They would count as memory of the next call.


def _answer(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[bool, Any]:
    try:
        return True, function(*args)
    except BaseException as error:
        return False, error


def _limit_memory(memory_bytes: int) -> None:
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
