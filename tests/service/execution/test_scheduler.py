"""The scheduler: batches form by themselves, results reach their jobs, and one job's failure is its own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from service.execution.scheduler import Job, Scheduler, Stage
from service.observability.metrics import Metrics, StageTime
from tests.patience import PATIENCE_S


@contextmanager
def scheduler(threads: int = 1) -> Iterator[Scheduler]:
    scheduler = Scheduler("test", threads, Metrics())
    try:
        yield scheduler
    finally:
        scheduler.close()


def through(*stages: Stage, start: Any) -> Job[Any]:
    """A job that passes each stage's result to the next stage."""
    value: Any = start
    for stage in stages:
        value = yield stage(value)
    return value


def run(scenario: Callable[[], Any]) -> None:
    asyncio.run(scenario())


class GatedWork:
    """Work that adds one to numbers once its gate is open, and records its batches."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.entered, self.open = threading.Event(), threading.Event()

    def __call__(self, numbers: list[int]) -> list[int]:
        self.batches.append(numbers)
        self.entered.set()
        assert self.open.wait(PATIENCE_S)
        return [number + 1 for number in numbers]


async def started(scheduler: Scheduler, stage: Stage, work: GatedWork, count: int) -> list[asyncio.Task[int]]:
    """Jobs that start with 0, 1, ...: the first has entered the stage, the others wait for it."""
    jobs = [asyncio.create_task(scheduler.run(through(stage, start=0), {}))]
    assert await asyncio.to_thread(work.entered.wait, 10)
    jobs += [asyncio.create_task(scheduler.run(through(stage, start=number), {})) for number in range(1, count)]
    await asyncio.sleep(0)
    return jobs


def test_an_idle_stage_starts_at_once_and_later_jobs_form_the_next_batch() -> None:
    async def scenario() -> None:
        with scheduler() as one:
            work = GatedWork()
            stage = one.stage("test", work, max_batch=8)
            first, *rest = await started(one, stage, work, 6)
            work.open.set()
            assert await asyncio.gather(first, *rest) == [1, 2, 3, 4, 5, 6]
            assert work.batches == [[0], [1, 2, 3, 4, 5]]

    run(scenario)


def test_batches_are_bounded() -> None:
    async def scenario() -> None:
        with scheduler() as one:
            work = GatedWork()
            stage = one.stage("test", work, max_batch=2)
            first, *rest = await started(one, stage, work, 6)
            work.open.set()
            await asyncio.gather(first, *rest)
            assert max(len(batch) for batch in work.batches) == 2

    run(scenario)


def test_jobs_that_pass_several_schedulers_get_their_own_results() -> None:
    async def scenario() -> None:
        with scheduler(threads=3) as several, scheduler() as alone:
            double = several.stage("double", lambda numbers: [2 * number for number in numbers], max_batch=4)
            negate = alone.stage("negate", lambda numbers: [-number for number in numbers], max_batch=8)
            add = several.stage("add", lambda numbers: [number + 1 for number in numbers], max_batch=16)
            jobs = [several.run(through(double, negate, add, start=number), {}) for number in range(500)]
            assert await asyncio.gather(*jobs) == [1 - 2 * number for number in range(500)]

    run(scenario)


def fails_for_thirteen(numbers: list[int]) -> list[int]:
    if 13 in numbers:
        raise ValueError("thirteen")
    return numbers


class Panic(BaseException):
    """A panic in a Rust library is no ``Exception`` either."""


def panics_for_thirteen(numbers: list[int]) -> list[int]:
    if 13 in numbers:
        raise Panic("thirteen")
    return numbers


def refuses_thirteen(numbers: list[int]) -> list[int | Exception]:
    return [ValueError("thirteen") if number == 13 else number for number in numbers]


def forgets_thirteen(numbers: list[int]) -> list[int]:
    return [number for number in numbers if number != 13]


@pytest.mark.parametrize("work", [fails_for_thirteen, panics_for_thirteen, refuses_thirteen, forgets_thirteen])
def test_only_the_input_at_fault_fails(work: Callable[[list[int]], list[Any]]) -> None:
    async def scenario() -> None:
        with scheduler() as one:
            stage = one.stage("test", work, max_batch=32)
            jobs = [one.run(through(stage, start=number), {}) for number in range(20)]
            results = await asyncio.gather(*jobs, return_exceptions=True)
            assert isinstance(results.pop(13), ValueError | RuntimeError)
            assert results == [number for number in range(20) if number != 13]
            assert await one.run(through(stage, start=5), {}) == 5

    run(scenario)


def test_a_job_may_fail_between_two_stages() -> None:
    async def scenario() -> None:
        def careless() -> Job[int]:
            number = yield stage(0)
            return 1 // int(number)

        with scheduler() as one:
            stage = one.stage("test", lambda numbers: numbers, max_batch=8)
            with pytest.raises(ZeroDivisionError):
                await one.run(careless(), {})
            assert await one.run(through(stage, start=5), {}) == 5

    run(scenario)


def test_a_cancelled_job_is_dropped_from_its_queue() -> None:
    async def scenario() -> None:
        with scheduler() as one:
            work = GatedWork()
            stage = one.stage("test", work, max_batch=8)
            first, leaves, stays = await started(one, stage, work, 3)
            leaves.cancel()
            await asyncio.sleep(0)
            work.open.set()
            assert (await first, await stays) == (1, 3)
            with pytest.raises(asyncio.CancelledError):
                await leaves
            assert work.batches == [[0], [2]]

    run(scenario)


def test_a_caller_cancelled_during_a_batch_returns_after_the_batch() -> None:
    async def scenario() -> None:
        with scheduler() as one:
            work, later = GatedWork(), GatedWork()
            stages = one.stage("test", work, max_batch=8), one.stage("later", later, max_batch=8)
            leaves = asyncio.create_task(one.run(through(*stages, start=0), {}))
            assert await asyncio.to_thread(work.entered.wait, 10)
            for _ in range(2):
                leaves.cancel()
                await asyncio.sleep(0.01)
                assert not leaves.done()
            work.open.set()
            with pytest.raises(asyncio.CancelledError):
                await leaves
            assert later.batches == []

    run(scenario)


def test_queueing_time_is_reported_apart_from_work() -> None:
    async def scenario() -> None:
        with scheduler() as one:
            work = GatedWork()
            stage = one.stage("test", work, max_batch=8)
            stage_times: list[dict[str, StageTime]] = [{}, {}, {}]
            first = asyncio.create_task(one.run(through(stage, start=0), stage_times[0]))
            assert await asyncio.to_thread(work.entered.wait, 10)
            rest = [asyncio.create_task(one.run(through(stage, start=0), stage_times[n])) for n in (1, 2)]
            await asyncio.sleep(0)
            waited_since = time.perf_counter()
            await asyncio.sleep(0.01)
            waited = time.perf_counter() - waited_since
            work.open.set()
            await asyncio.gather(first, *rest)
            assert stage_times[0]["test"].work >= waited
            assert stage_times[1]["test"].queue >= waited
            assert stage_times[1]["test"].work == stage_times[2]["test"].work

    run(scenario)
