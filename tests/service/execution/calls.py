"""Functions to call in other processes. Each imports this module, so it imports little."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

from catalog.errors import ModisteError
from service.execution.process_pool import ProcessPool
from tests.fresh_process import limit_memory, unlimit_memory


def add(one: int, other: int) -> int:
    return one + other


def process_id() -> int:
    return os.getpid()


def fail() -> None:
    raise ModisteError("It failed.", hint="Change it.")


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def signal_itself() -> int:
    """As systemd and terminals signal every process of a service."""
    for kind in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        os.kill(os.getpid(), kind)
    return os.getpid()


def sleep_after_touching(path: Path, *_: object) -> None:
    path.write_text(str(os.getpid()))
    time.sleep(600)


def take(megabytes: int) -> int:
    return len(b"1" * (megabytes * 2**20))


def take_twice(megabytes: int) -> int:
    first = b"1" * (megabytes * 2**20)
    return len(first) + take(megabytes)


def receive_a_result_without_memory_for_it() -> tuple[str, int]:
    """What happens to a call whose result is larger than the memory of its caller, and the result of the next call."""

    async def scenario() -> tuple[str, int]:
        pool = ProcessPool(1, queue=1, memory_bytes=2**28)
        await pool.run(add, 1, 2)
        limit_memory(2**24)
        try:
            await pool.run(bytes, 72 * 2**20)  # More than an arena of malloc can have free.
            failed = ""
        except MemoryError as error:
            failed = type(error).__name__
        unlimit_memory()  # A process could not be started.
        following = await asyncio.wait_for(pool.run(add, 3, 4), 300)
        pool.close()
        return failed, following

    return asyncio.run(scenario())
