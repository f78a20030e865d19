"""Stages: batches form by themselves, outcomes reach who asked, and who fails or leaves does so alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from service.execution.scheduler import Job, Scheduler, Stage
from service.observability.metrics import Metrics, StageTime


@contextmanager
def scheduler(threads: int = 1) -> Iterator[Scheduler]:
    scheduler = Scheduler("test", threads, Metrics())
    try:
        yield scheduler
    finally:
        scheduler.close()


def through(*stages: Stage, start: Any) -> Job[Any]:
    """A job that takes each stage's outcome to the next."""
    value: Any = start
    for stage in stages:
        value = yield stage(value)
    return value


def run(scenario: Callable[[], Any]) -> None:
    asyncio.run(scenario())


class Turnstile:
    """Work that adds one to numbers, lets the test decide when, and remembers its batches."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.entered, self.open = threading.Event(), threading.Event()

    def __call__(self, numbers: list[int]) -> list[int]:
        self.batches.append(numbers)
        self.entered.set()
        assert self.open.wait(10)
        return [number + 1 for number in numbers]


async def under_way(scheduler: Scheduler, stage: Stage, work: Turnstile, count: int) -> list[asyncio.Task[int]]:
    """Lives that begin with 0, 1, ...: the first has entered the stage, the others wait for it."""
    lives = [asyncio.create_task(scheduler.run(through(stage, start=0), {}))]
    assert await asyncio.to_thread(work.entered.wait, 10)
    lives += [asyncio.create_task(scheduler.run(through(stage, start=number), {})) for number in range(1, count)]
    await asyncio.sleep(0)
    return lives


def test_who_finds_a_stage_idle_starts_at_once_and_what_comes_meanwhile_is_the_next_batch() -> None:
    async def scenario() -> None:
        with scheduler() as one:
            work = Turnstile()
            stage = one.stage("test", work, most=8)
            first, *rest = await under_way(one, stage, work, 6)
            work.open.set()
            assert await asyncio.gather(first, *rest) == [1, 2, 3, 4, 5, 6]
            assert work.batches == [[0], [1, 2, 3, 4, 5]]

    run(scenario)


def test_a_batch_has_a_largest_size() -> None:
    async def scenario() -> None:
        with scheduler() as one:
            work = Turnstile()
            stage = one.stage("test", work, most=2)
            first, *rest = await under_way(one, stage, work, 6)
            work.open.set()
            await asyncio.gather(first, *rest)
            assert max(len(batch) for batch in work.batches) == 2

    run(scenario)


@pytest.mark.parametrize(
    ("most", "batches"), [(8, [[1, 2, 3, 4]]), (2, [[1, 2], [3, 4]])], ids=["all find room", "no more than find room"]
)
def test_a_stage_that_gathers_has_those_who_came_meanwhile_brought_to_it_first(
    most: int, batches: list[list[int]]
) -> None:
    async def scenario() -> None:
        with scheduler() as one:
            work, gathered = Turnstile(), Turnstile()
            gathered.open.set()
            before = one.stage("before", work, most=1)
            gathers = one.stage("gathers", gathered, most=most, gathers=True)

            def job(number: int) -> Job[int]:
                return through(before, gathers, start=number)

            lives = [asyncio.create_task(one.run(job(0), {}))]
            assert await asyncio.to_thread(work.entered.wait, 10)
            lives += [asyncio.create_task(one.run(job(number), {})) for number in range(1, 4)]
            await asyncio.sleep(0)
            work.open.set()
            assert await asyncio.gather(*lives) == [2, 3, 4, 5]
            assert work.batches == [[0], [1], [2], [3]]
            assert gathered.batches == batches

    run(scenario)


def test_those_of_whom_none_arrives_keep_nobody_waiting_at_a_stage_that_gathers() -> None:
    async def scenario() -> None:
        with scheduler() as one:
            answered = threading.Event()
            before = one.stage("before", lambda numbers: [ValueError("spoiled") for _ in numbers], most=1)
            gathers = one.stage("gathers", lambda numbers: numbers, most=8, gathers=True)

            async def spoiled() -> None:
                # Another takes its place at once, until someone has been answered.
                while not answered.is_set():
                    with pytest.raises(ValueError, match="spoiled"):
                        await one.run(through(before, gathers, start=0), {})

            flood = [asyncio.create_task(spoiled()) for _ in range(4)]
            await asyncio.sleep(0.01)
            assert await asyncio.wait_for(one.run(through(gathers, start=1), {}), 10) == 1
            answered.set()
            await asyncio.gather(*flood)

    run(scenario)


def test_many_lives_through_several_stages_and_crews_each_get_their_own_outcome() -> None:
    async def scenario() -> None:
        with scheduler(threads=3) as several, scheduler() as alone:
            double = several.stage("double", lambda numbers: [2 * number for number in numbers], most=4)
            negate = alone.stage("negate", lambda numbers: [-number for number in numbers], most=8)
            add = several.stage("add", lambda numbers: [number + 1 for number in numbers], most=16)
            lives = [several.run(through(double, negate, add, start=number), {}) for number in range(500)]
            assert await asyncio.gather(*lives) == [1 - 2 * number for number in range(500)]

    run(scenario)


def fails_for_thirteen(numbers: list[int]) -> list[int]:
    if 13 in numbers:
        raise ValueError("thirteen")
    return numbers


def refuses_thirteen(numbers: list[int]) -> list[int | Exception]:
    return [ValueError("thirteen") if number == 13 else number for number in numbers]


def forgets_thirteen(numbers: list[int]) -> list[int]:
    return [number for number in numbers if number != 13]


@pytest.mark.parametrize("work", [fails_for_thirteen, refuses_thirteen, forgets_thirteen])
def test_who_spoils_a_batch_fails_alone(work: Callable[[list[int]], list[Any]]) -> None:
    async def scenario() -> None:
        with scheduler() as one:
            stage = one.stage("test", work, most=32)
            lives = [one.run(through(stage, start=number), {}) for number in range(20)]
            outcomes = await asyncio.gather(*lives, return_exceptions=True)
            assert isinstance(outcomes.pop(13), ValueError | RuntimeError)
            assert outcomes == [number for number in range(20) if number != 13]
            assert await one.run(through(stage, start=5), {}) == 5

    run(scenario)


def test_a_life_may_fail_between_two_stages() -> None:
    async def scenario() -> None:
        def careless() -> Job[int]:
            number = yield stage(0)
            return 1 // int(number)

        with scheduler() as one:
            stage = one.stage("test", lambda numbers: numbers, most=8)
            with pytest.raises(ZeroDivisionError):
                await one.run(careless(), {})
            assert await one.run(through(stage, start=5), {}) == 5

    run(scenario)


def test_a_life_whose_caller_has_gone_is_dropped_where_it_waits_and_costs_nothing() -> None:
    async def scenario() -> None:
        with scheduler() as one:
            work = Turnstile()
            stage = one.stage("test", work, most=8)
            first, leaves, stays = await under_way(one, stage, work, 3)
            leaves.cancel()
            await asyncio.sleep(0)
            work.open.set()
            assert (await first, await stays) == (1, 3)
            with pytest.raises(asyncio.CancelledError):
                await leaves
            assert work.batches == [[0], [2]]

    run(scenario)


def test_a_caller_who_goes_while_a_batch_runs_is_held_until_the_batch_is_done() -> None:
    async def scenario() -> None:
        with scheduler() as one:
            work, later = Turnstile(), Turnstile()
            stages = one.stage("test", work, most=8), one.stage("later", later, most=8)
            leaves = asyncio.create_task(one.run(through(*stages, start=0), {}))
            assert await asyncio.to_thread(work.entered.wait, 10)
            for _ in range(2):  # The client goes, and then the service is told to stop.
                leaves.cancel()
                await asyncio.sleep(0.01)
                assert not leaves.done()
            work.open.set()
            with pytest.raises(asyncio.CancelledError):
                await leaves
            assert later.batches == []

    run(scenario)


def test_waiting_is_told_apart_from_work_and_each_member_reports_its_batch() -> None:
    async def scenario() -> None:
        with scheduler() as one:
            work = Turnstile()
            stage = one.stage("test", work, most=8)
            stage_times: list[dict[str, StageTime]] = [{}, {}, {}]
            first = asyncio.create_task(one.run(through(stage, start=0), stage_times[0]))
            assert await asyncio.to_thread(work.entered.wait, 10)
            rest = [asyncio.create_task(one.run(through(stage, start=0), stage_times[n])) for n in (1, 2)]
            await asyncio.sleep(0.05)
            work.open.set()
            await asyncio.gather(first, *rest)
            assert stage_times[0]["test"].work > 0.04 > stage_times[0]["test"].queue
            assert stage_times[1]["test"].queue > 0.04
            assert stage_times[1]["test"].work == stage_times[2]["test"].work

    run(scenario)
