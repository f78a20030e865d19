"""Processes for work that must be stoppable and limited in memory."""

from __future__ import annotations

import asyncio
import atexit
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from service.errors import Overloaded
from service.execution.waiting import until_done
from service.signals import STOPPING, ignore_signals

T = TypeVar("T")

NICENESS = 10
ENDING_S = 5.0
"""Time for a process to end after its pipe was closed."""

# Threads and ONNX Runtime sessions do not survive a fork.
_spawn = multiprocessing.get_context("spawn")


class WorkFailed(Exception):
    """The process crashed or was killed before it returned a result.

    Args:
        ended_by: The signal, such as ``SIGSEGV``, or the exit status.
    """

    def __init__(self, ended_by: str) -> None:
        super().__init__(f"The process was ended by {ended_by} before it returned a result.")
        self.ended_by = ended_by


class ProcessPool:
    """A fixed number of processes of low priority with a bounded queue. Used from one event loop.

    If its caller is cancelled, a call is stopped by killing its process; a thread could not be stopped. A call that
    exceeds its memory raises ``MemoryError``. ``concurrent.futures`` can do neither.

    Args:
        processes: Maximum number of concurrent calls.
        queue: Maximum number of waiting calls.
        memory_bytes: Maximum memory of one call (on Linux).
        seconds: Maximum time of one call, without its time in the queue; None does not limit it.
    """

    def __init__(self, processes: int, *, queue: int, memory_bytes: int, seconds: float | None = None) -> None:
        self.memory_bytes, self._free, self._seconds = memory_bytes, processes + queue, seconds
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="process-pool")
        together = threading.Barrier(processes)
        for _ in range(processes):  # Now, because a thread that is started without memory blocks the event loop.
            self._threads.submit(together.wait)
        self._idle: asyncio.Queue[_Process] = asyncio.Queue()
        self._all = [_Process(memory_bytes) for _ in range(processes)]
        for process in self._all:
            self._idle.put_nowait(process)
            atexit.register(process.kill)  # multiprocessing would send SIGTERM, which is ignored, and wait.

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """Call ``function`` in a process; it, its arguments and its result must be picklable.

        Raises:
            Overloaded: The queue is full; ``function`` was not called.
            MemoryError: The call exceeded its memory.
            TimeoutError: The call exceeded its time and was stopped.
            WorkFailed: The process ended without a result.
            Exception: Any exception of ``function``.
        """
        if self._free == 0:
            raise Overloaded()
        self._free -= 1
        try:
            process = await self._idle.get()
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._run(process, function, args)
            finally:
                self._idle.put_nowait(process)
        finally:
            self._free += 1

    def close(self) -> None:
        """End the processes. No call may be running."""
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
            stopped.set()  # Before ``kill``, because the thread may be about to start a process.
            process.kill()
            await until_done(future)
            raise


class _Process:
    """A process that is started by its first call, and restarted by the next call after it has ended."""

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
            if stopped.is_set():  # If it is set later, ``kill`` follows and finds the process.
                raise EOFError
            self._pipe.send((function, args))
            succeeded, result = self._pipe.recv()
        except (EOFError, OSError) as error:
            if stopped.is_set():
                self.end()
            raise WorkFailed(self._ended_by()) from error
        except BaseException:  # No memory for a result. The rest of it would be read as the next result.
            self.end()
            raise
        if not succeeded:
            raise result
        return result

    def kill(self) -> None:
        """Kill the process without waiting for its end; a running call raises ``WorkFailed``. Thread-safe."""
        if self._process is not None:
            self._process.kill()

    def end(self) -> None:
        """Kill the process and wait for its end."""
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def _ended_by(self) -> str:
        """The reason for the end of the process, whose pipe is closed."""
        assert self._process is not None
        self._process.join(ENDING_S)  # If it is killed before it has ended, the reason is lost.
        self.end()
        code = self._process.exitcode or 0
        return signal.Signals(-code).name if code < 0 else f"exit status {code}"

    def _start(self) -> None:
        self._pipe, theirs = _spawn.Pipe()
        process = _spawn.Process(target=_serve, args=(theirs, self._memory_bytes), daemon=True)
        with theirs:
            process.start()
        self._process = process  # Only now, because a process that has not started cannot be killed.


def _serve(pipe: Connection, memory_bytes: int) -> None:
    """Answer calls until the other end of the pipe is closed.

    Signals that systemd or a terminal sends to all processes of a service are ignored, because the service still waits
    for the results of its calls.
    """
    ignore_signals(*STOPPING)
    # Python's warnings and messages of C libraries such as libtiff would be printed between the lines of the log.
    warnings.simplefilter("ignore")
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    limited = False
    while True:
        try:
            function, args = pipe.recv()  # Imports the function's modules, which do not count as its memory.
        except EOFError:
            return
        if sys.platform == "linux" and not limited:
            os.nice(NICENESS)
            _limit_memory(memory_bytes)
            limited = True
        pipe.send(_answer(function, args))
        del function, args  # Otherwise they would count as memory of the next call.


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
