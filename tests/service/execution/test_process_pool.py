"""Process pools: work that can be stopped, and that cannot take more memory than it may."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from models.errors import ModisteError
from service.errors import Overloaded
from service.execution.process_pool import ProcessPool, WorkFailed
from tests.service.conftest import Serve, Shop, encoded


def add(one: int, other: int) -> int:
    return one + other


def process_id() -> int:
    return os.getpid()


def fail() -> None:
    raise ModisteError("It failed.", hint="Change it.")


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def signal_itself() -> int:
    """As systemd and Ctrl-C signal every process of a service."""
    for kind in (signal.SIGTERM, signal.SIGINT):
        os.kill(os.getpid(), kind)
    return os.getpid()


def sleep_after_touching(path: Path) -> None:
    path.write_text(str(os.getpid()))
    time.sleep(600)


def take(megabytes: int) -> int:
    return len(np.ones(megabytes * 2**20, np.uint8))


def take_twice(megabytes: int) -> int:
    first = np.ones(megabytes * 2**20, np.uint8)
    return len(first) + take(megabytes)


def run(scenario: Callable[[ProcessPool], Coroutine[Any, Any, None]], processes: int = 1, queue: int = 8) -> None:
    async def with_pool() -> None:
        pool = ProcessPool(processes, queue=queue, memory_bytes=128 * 2**20)
        try:
            await scenario(pool)
        finally:
            pool.close()

    asyncio.run(with_pool())


async def written(path: Path) -> int:
    """The process id that a call has written."""
    while not (path.exists() and path.read_text()):
        await asyncio.sleep(0.01)
    return int(path.read_text())


def test_results_and_failures_reach_the_caller_and_the_process_is_kept() -> None:
    async def scenario(pool: ProcessPool) -> None:
        assert await pool.run(add, 1, 2) == 3
        first = await pool.run(process_id)
        with pytest.raises(ModisteError) as failure:
            await pool.run(fail)
        assert (failure.value.message, failure.value.hint) == ("It failed.", "Change it.")
        assert await pool.run(process_id) == first != os.getpid()

    run(scenario)


def test_a_crash_fails_its_own_call_only() -> None:
    async def scenario(pool: ProcessPool) -> None:
        results = await asyncio.gather(
            pool.run(crash), *(pool.run(add, n, n) for n in range(3)), return_exceptions=True
        )
        assert isinstance(results[0], WorkFailed)
        assert results[1:] == [0, 2, 4]

    run(scenario)


def test_signals_that_stop_the_service_do_not_end_work() -> None:
    async def scenario(pool: ProcessPool) -> None:
        assert await pool.run(signal_itself) == await pool.run(process_id)

    run(scenario)


def test_a_program_ends_with_a_pool_that_was_not_closed() -> None:
    program = (
        "import asyncio\n"
        "from operator import add\n"
        "from service.execution.process_pool import ProcessPool\n"
        "if __name__ == '__main__':\n"
        "    print(asyncio.run(ProcessPool(1, queue=1, memory_bytes=2**27).run(add, 1, 2)))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == "3\n"


def test_the_work_of_a_cancelled_caller_is_stopped_and_the_next_is_done(tmp_path: Path) -> None:
    async def scenario(pool: ProcessPool) -> None:
        task = asyncio.create_task(pool.run(sleep_after_touching, tmp_path / "pid"))
        pid = await written(tmp_path / "pid")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        assert await pool.run(add, 1, 2) == 3

    run(scenario)


def test_work_is_not_done_if_its_caller_is_cancelled_while_its_process_starts(tmp_path: Path) -> None:
    async def scenario(pool: ProcessPool) -> None:
        task = asyncio.create_task(pool.run(sleep_after_touching, tmp_path / "pid"))
        await asyncio.sleep(0)  # It has been given to a thread, which starts a process.
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await pool.run(add, 1, 2) == 3
        assert not (tmp_path / "pid").exists()

    run(scenario)


def test_waiting_work_of_a_cancelled_caller_is_not_started(tmp_path: Path) -> None:
    async def scenario(pool: ProcessPool) -> None:
        first = asyncio.create_task(pool.run(sleep_after_touching, tmp_path / "first"))
        await written(tmp_path / "first")
        second = asyncio.create_task(pool.run(sleep_after_touching, tmp_path / "second"))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        first.cancel()
        with suppress(asyncio.CancelledError):
            await first
        assert await pool.run(add, 1, 2) == 3
        assert not (tmp_path / "second").exists()

    run(scenario)


def test_work_beyond_processes_and_queue_is_refused(tmp_path: Path) -> None:
    async def scenario(pool: ProcessPool) -> None:
        first = asyncio.create_task(pool.run(sleep_after_touching, tmp_path / "first"))
        await written(tmp_path / "first")
        second = asyncio.create_task(pool.run(add, 1, 2))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await pool.run(add, 1, 2)
        first.cancel()
        assert await second == 3

    run(scenario, queue=1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process' memory")
def test_work_that_takes_too_much_memory_fails_alone() -> None:
    async def scenario(pool: ProcessPool) -> None:
        assert await pool.run(take, 16) == 16 * 2**20
        with pytest.raises(MemoryError):
            await pool.run(take, 256)
        assert await pool.run(take, 16) == 16 * 2**20

    run(scenario)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process' memory")
def test_a_call_leaves_no_memory_to_the_next() -> None:
    async def scenario(pool: ProcessPool) -> None:
        with pytest.raises(MemoryError):
            await pool.run(take_twice, 80)
        assert await pool.run(take, 80) == 80 * 2**20

    run(scenario)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process' memory")
@pytest.mark.parametrize("format", ["WEBP", "PNG"])
def test_a_small_file_with_many_pixels_is_refused_within_the_memory(serve: Serve, shop: Shop, format: str) -> None:
    options = {"lossless": True} if format == "WEBP" else {}
    bomb = encoded(Image.new("RGBA", (7071, 7071)), format, **options)
    assert len(bomb) < 500_000
    with serve(shop, max_pixel_bytes=2**27, processes=1) as served:
        refused = served.client.post("/search", files={"image": bomb})
        assert refused.status_code == 413
        assert refused.json()["type"] == "/problems/image-too-large"
        good = encoded(Image.new("RGB", (3000, 2000), (255, 0, 0)), "JPEG")
        assert served.client.post("/search", files={"image": good}).status_code == 200


def test_a_decoding_ends_at_the_deadline_of_its_only_caller(serve: Serve, shop: Shop) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (5000, 6000, 3), dtype=np.uint8)
    slow = encoded(Image.fromarray(noise), "PNG", compress_level=1)
    with serve(shop, max_image_bytes=2**27) as served:
        late = served.client.post("/search", files={"image": slow}, headers={"X-Request-Timeout-Ms": "1"})
        # With one decoder, the next picture would wait for the slow one if that went on.
        good = encoded(Image.new("RGB", (3000, 2000), (255, 0, 0)), "JPEG")
        answer = httpx.post(f"{served.url}/search", files={"image": good}, timeout=60, trust_env=False)
    assert late.status_code == 504
    assert answer.status_code == 200
