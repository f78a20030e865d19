"""Process pools: work that can be stopped, and that cannot take more memory than it may."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from catalog.errors import ModisteError
from models.bundle import Bundle, UnreadableImage
from service.errors import Overloaded
from service.execution.process_pool import ProcessPool, WorkFailed
from service.search import pipeline
from service.search.uploads import decode_pixels
from tests.fresh_process import run_fresh
from tests.patience import PATIENCE_S
from tests.service.conftest import Serve, Shop, encoded
from tests.service.execution import calls
from tests.service.execution.calls import add, process_id, sleep_after_touching, take


def run(
    scenario: Callable[[ProcessPool], Coroutine[Any, Any, None]], *, queue: int = 8, memory_bytes: int = 2**27
) -> None:
    async def with_pool() -> None:
        pool = ProcessPool(1, queue=queue, memory_bytes=memory_bytes)
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
            await pool.run(calls.fail)
        assert (failure.value.message, failure.value.hint) == ("It failed.", "Change it.")
        assert await pool.run(process_id) == first != os.getpid()

    run(scenario)


def test_a_crash_fails_its_own_call_only() -> None:
    async def scenario(pool: ProcessPool) -> None:
        results = await asyncio.gather(
            pool.run(calls.crash), *(pool.run(add, n, n) for n in range(3)), return_exceptions=True
        )
        assert isinstance(results[0], WorkFailed)
        assert results[0].ended_by == "SIGSEGV"
        assert results[1:] == [0, 2, 4]
        with pytest.raises(WorkFailed) as ended:
            await pool.run(os._exit, 3)
        assert ended.value.ended_by == "exit status 3"

    run(scenario)


def test_signals_that_stop_the_service_do_not_end_work() -> None:
    async def scenario(pool: ProcessPool) -> None:
        assert await pool.run(calls.signal_itself) == await pool.run(process_id)

    run(scenario)


def test_a_program_ends_with_a_pool_that_was_not_closed() -> None:
    program = (
        "import asyncio\n"
        "from operator import add\n"
        "from service.execution.process_pool import ProcessPool\n"
        "if __name__ == '__main__':\n"
        "    print(asyncio.run(ProcessPool(1, queue=1, memory_bytes=2**27).run(add, 1, 2)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE_S, check=True
    )
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
def test_a_result_without_memory_for_it_is_not_read_as_the_next() -> None:
    assert run_fresh(calls.receive_a_result_without_memory_for_it) == ("MemoryError", 7)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process' memory")
def test_a_damaged_picture_that_fits_into_the_memory_is_reported_as_damaged(bundle: Bundle) -> None:
    whole = encoded(Image.new("RGB", (1400, 1400)), "PNG", compress_level=0)

    async def scenario(pool: ProcessPool) -> None:
        images = bundle.manifest.images
        assert (await pool.run(decode_pixels, whole, None, images, 2**25)).shape[2] == 3
        for _ in range(3):
            with pytest.raises(UnreadableImage):
                await pool.run(decode_pixels, whole[:-40_000], None, images, 2**25)

    run(scenario, memory_bytes=2**26)  # The modules of decoders take some as well.


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process' memory")
def test_a_call_leaves_no_memory_to_the_next() -> None:
    async def scenario(pool: ProcessPool) -> None:
        with pytest.raises(MemoryError):
            await pool.run(calls.take_twice, 80)
        assert await pool.run(take, 80) == 80 * 2**20

    run(scenario)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process' memory")
@pytest.mark.parametrize("format", ["WEBP", "PNG"])
def test_a_small_file_with_many_pixels_is_refused_within_the_memory(serve: Serve, shop: Shop, format: str) -> None:
    options = {"lossless": True, "method": 0} if format == "WEBP" else {}
    bomb = encoded(Image.new("RGBA", (7071, 7071)), format, **options)
    assert len(bomb) < 500_000
    with serve(shop, max_pixel_bytes=2**27, processes=1) as served:
        refused = served.client.post("/search", files={"image": bomb})
        assert refused.status_code == 413
        assert refused.json()["type"] == "/problems/image-too-large"
        good = encoded(Image.new("RGB", (3000, 2000), (255, 0, 0)), "JPEG")
        assert served.client.post("/search", files={"image": good}).status_code == 200


def test_a_decoding_ends_at_the_deadline_of_its_only_caller(
    serve: Serve, shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    large = encoded(Image.new("RGB", (3000, 2000), (255, 0, 0)), "JPEG")
    with serve(shop) as served:
        with monkeypatch.context() as patched:
            patched.setattr(pipeline, "decode_pixels", partial(sleep_after_touching, tmp_path / "pid"))
            timeout_ms = 500
            while not (tmp_path / "pid").exists():  # The deadline may pass before the decoding starts.
                headers = {"X-Request-Timeout-Ms": str(timeout_ms)}
                late = served.client.post("/search", files={"image": large}, headers=headers, timeout=None)
                assert late.status_code == 504
                timeout_ms *= 2
        # With one decoder, the next picture would wait for the slow one if that went on.
        assert served.client.post("/search", files={"image": large}).status_code == 200
