"""Thread pools: heavy work beside the event loop, with a bounded queue."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
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


@pytest.fixture(scope="module")
def heavy_picture() -> bytes:
    """An image that takes a while to decode."""
    noise = np.random.default_rng(0).integers(0, 256, (2000, 2500, 3), dtype=np.uint8)
    return encoded(Image.fromarray(noise), compress_level=1)


def test_overload_is_refused_and_the_event_loop_goes_on(serve: Serve, shop: Shop, heavy_picture: bytes) -> None:
    def upload(url: str) -> httpx.Response:
        return httpx.post(f"{url}/search", files={"image": heavy_picture}, timeout=60, trust_env=False)

    with (
        serve(shop, decoders=1, queue=1, max_image_bytes=2**25) as served,
        ThreadPoolExecutor(8) as clients,
    ):
        uploads = [clients.submit(upload, served.url) for _ in range(8)]
        answered = 0
        while not all(upload.done() for upload in uploads):
            assert served.client.get("/health/live").status_code == 200
            answered += 1
        responses = [upload.result() for upload in uploads]
    assert {response.status_code for response in responses} == {200, 503}
    refused = next(response for response in responses if response.status_code == 503)
    assert refused.json()["type"] == "/problems/overloaded"
    assert int(refused.headers["retry-after"]) > 0
    assert answered > 1
