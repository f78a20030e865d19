"""Thread pools: heavy work beside the event loop, with a bounded queue."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import httpx
import pytest
from PIL import Image

from service.errors import Overloaded
from service.execution.thread_pool import ThreadPool
from tests.service.conftest import Serve, Shop, encoded


def test_work_beyond_threads_and_queue_is_refused() -> None:
    async def scenario() -> None:
        pool, gate = ThreadPool("test", threads=1, queue=1), threading.Event()
        waiting = [asyncio.create_task(pool.run(gate.wait)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await pool.run(gate.wait)
        gate.set()
        await asyncio.gather(*waiting)
        assert await pool.run(lambda: "done") == "done"
        pool.close()

    asyncio.run(scenario())


def test_a_failure_reaches_the_caller_and_frees_its_place() -> None:
    async def scenario() -> None:
        pool = ThreadPool("test", threads=1, queue=0)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await pool.run(lambda: 1 // 0)
        pool.close()

    asyncio.run(scenario())


def test_a_cancelled_caller_waits_for_its_running_thread() -> None:
    async def scenario() -> None:
        pool, gate, done = ThreadPool("test", threads=1, queue=0), threading.Event(), threading.Event()

        def work() -> None:
            gate.wait()
            done.set()

        task = asyncio.create_task(pool.run(work))
        await asyncio.sleep(0.01)
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0.01)
            assert not task.done()
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert done.is_set()
        pool.close()

    asyncio.run(scenario())


def test_waiting_work_of_a_cancelled_caller_is_dropped() -> None:
    async def scenario() -> None:
        pool, gate, ran = ThreadPool("test", threads=1, queue=1), threading.Event(), threading.Event()
        first = asyncio.create_task(pool.run(gate.wait))
        second = asyncio.create_task(pool.run(ran.set))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        gate.set()
        await first
        pool.close()
        assert not ran.is_set()

    asyncio.run(scenario())


def test_pictures_beyond_the_queue_are_refused_and_the_event_loop_goes_on(serve: Serve, shop: Shop) -> None:
    def upload(url: str, red: int) -> httpx.Response:
        large = encoded(Image.new("RGB", (3000, 2000), (red, 0, 0)), "JPEG")
        return httpx.post(f"{url}/search", files={"image": large}, timeout=60, trust_env=False)

    before = set(multiprocessing.active_children())
    with serve(shop, decoders=1, queue=0, cache_max_bytes=0) as served, ThreadPoolExecutor(2) as clients:
        assert upload(served.url, 0).status_code == 200
        (decoder,) = set(multiprocessing.active_children()) - before
        assert decoder.pid is not None
        os.kill(decoder.pid, signal.SIGSTOP)
        try:
            uploads = [clients.submit(upload, served.url, red) for red in (100, 200)]
            first, _ = wait(uploads, timeout=60, return_when=FIRST_COMPLETED)
            assert served.client.get("/health/live").status_code == 200
        finally:
            os.kill(decoder.pid, signal.SIGCONT)
        (refused,) = [each.result() for each in first]
        assert sorted(each.result().status_code for each in uploads) == [200, 503]
    assert refused.json()["type"] == "/problems/overloaded"
    assert int(refused.headers["retry-after"]) > 0
