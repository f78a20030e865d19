"""Threads: heavy work beside the event loop, with a bounded queue."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading

import pytest

from service.errors import Overloaded
from service.execution.threads import Threads
from tests.patience import PATIENCE_S


def test_an_abandoned_call_keeps_its_place_until_it_ends() -> None:
    async def scenario() -> None:
        threads, gate = Threads("test", threads=1, queue=0, abandon=True), threading.Event()
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

    async def answer(threads: Threads) -> str | None:
        try:
            return await threads.run(lambda: "done")
        except Overloaded:
            return None

    asyncio.run(scenario())


@pytest.mark.parametrize("abandon", [True, False])
def test_waiting_calls_are_dropped_with_their_callers_and_the_others_run(abandon: bool) -> None:
    async def scenario() -> None:
        threads = Threads("test", threads=1, queue=2, abandon=abandon)
        gate, ran = threading.Event(), threading.Event()
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


@pytest.mark.parametrize("abandon", [True, False])
def test_a_failure_reaches_the_caller_and_frees_its_place(abandon: bool) -> None:
    async def scenario() -> None:
        threads = Threads("test", threads=1, queue=0, abandon=abandon)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await threads.run(lambda: 1 // 0)
        assert await threads.run(lambda: threading.current_thread().daemon)

    asyncio.run(scenario())


def test_calls_start_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """``Thread.start`` would block the event loop forever if memory ran out in the new thread."""

    async def scenario() -> None:
        threads = Threads("test", threads=2, queue=0)
        with monkeypatch.context() as without_threads:
            without_threads.setattr(threading.Thread, "start", lambda _: pytest.fail("a call starts a thread"))
            for _ in range(3):
                assert await asyncio.gather(*(threads.run(lambda: "done") for _ in range(2))) == ["done", "done"]

    asyncio.run(scenario())


def test_a_call_without_memory_frees_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory() -> contextvars.Context:
        raise MemoryError

    async def scenario() -> None:
        threads = Threads("test", threads=1, queue=0)
        with monkeypatch.context() as without_memory:
            without_memory.setattr(contextvars, "copy_context", no_memory)
            for _ in range(3):
                with pytest.raises(MemoryError):
                    await threads.run(lambda: "lost")
        assert await threads.run(lambda: "done") == "done"

    asyncio.run(scenario())


def test_threads_end_with_their_object() -> None:
    async def scenario() -> threading.Thread:
        threads = Threads("test", threads=1, queue=0)
        return await threads.run(threading.current_thread)

    thread = asyncio.run(scenario())
    gc.collect()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_a_cancelled_caller_waits_for_its_running_thread() -> None:
    async def scenario() -> None:
        threads, gate, began, done = Threads("test", threads=1, queue=0), threading.Event(), asyncio.Event(), []
        loop = asyncio.get_running_loop()

        def work() -> None:
            loop.call_soon_threadsafe(began.set)
            gate.wait()
            done.append(True)

        task = asyncio.create_task(threads.run(work))
        await began.wait()
        for _ in range(2):
            task.cancel()
            await asyncio.wait([task], timeout=0.01)
            assert not task.done()
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert done

    asyncio.run(scenario())
