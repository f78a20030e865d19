"""Daemon threads: work that can be abandoned, with a bounded queue."""

from __future__ import annotations

import asyncio
import threading

import pytest

from service.errors import Overloaded
from service.execution.daemon_threads import DaemonThreads


def test_an_abandoned_call_keeps_its_place_until_it_ends() -> None:
    async def scenario() -> None:
        threads, gate = DaemonThreads("test", threads=1, queue=0), threading.Event()
        call = asyncio.create_task(threads.run(gate.wait))
        await asyncio.sleep(0)  # The task starts its thread.
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        with pytest.raises(Overloaded):
            await threads.run(lambda: "refused")
        gate.set()
        while (result := await answer(threads)) is None:
            await asyncio.sleep(0.01)
        assert result == "done"

    async def answer(threads: DaemonThreads) -> str | None:
        try:
            return await threads.run(lambda: "done")
        except Overloaded:
            return None

    asyncio.run(scenario())


def test_waiting_calls_are_dropped_with_their_callers_and_the_others_run() -> None:
    async def scenario() -> None:
        threads, gate, ran = DaemonThreads("test", threads=1, queue=2), threading.Event(), threading.Event()
        first = asyncio.create_task(threads.run(gate.wait))
        second = asyncio.create_task(threads.run(ran.set))
        third = asyncio.create_task(threads.run(lambda: "third"))
        await asyncio.sleep(0)  # One task starts its thread, two wait.
        with pytest.raises(Overloaded):
            await threads.run(ran.set)
        second.cancel()
        gate.set()
        assert await first
        assert await third == "third"
        assert second.cancelled()
        assert not ran.is_set()

    asyncio.run(scenario())


def test_a_failure_reaches_the_caller_and_frees_its_place() -> None:
    async def scenario() -> None:
        threads = DaemonThreads("test", threads=1, queue=0)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await threads.run(lambda: 1 // 0)
        assert await threads.run(lambda: threading.current_thread().daemon)

    asyncio.run(scenario())
