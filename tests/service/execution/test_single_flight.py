"""Single flight: identical requests share one computation, and each caller may leave."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from service.errors import UnknownProduct
from service.execution.single_flight import SingleFlight
from service.observability.logs import request_id
from tests.patience import PATIENCE_S


class Work:
    """Work that waits for its event, and records how it ended."""

    def __init__(self, outcome: object = "result") -> None:
        self._outcome = outcome
        self.go_on = asyncio.Event()
        self.started = self.cancelled = 0
        self.seen_by = ""

    async def __call__(self) -> object:
        self.started += 1
        self.seen_by = request_id.get()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            await asyncio.sleep(0.01)
            self.cancelled += 1
            raise
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


async def callers(
    flights: SingleFlight, work: Callable[[], Coroutine[Any, Any, object]], number: int
) -> list[asyncio.Task[Any]]:
    """Callers of one key, all of them waiting."""
    tasks = [asyncio.create_task(flights.run("key", work), name=str(at)) for at in range(number)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, PATIENCE_S))


def test_concurrent_callers_share_one_computation() -> None:
    async def scenario() -> None:
        flights, work = SingleFlight(), Work()
        tasks = await callers(flights, work, 20)
        work.go_on.set()
        assert await asyncio.gather(*tasks) == ["result"] * 20
        assert work.started == 1

    run(scenario())


def test_different_keys_are_computed_separately() -> None:
    async def scenario() -> None:
        flights, work = SingleFlight(), Work()
        work.go_on.set()
        await asyncio.gather(flights.run("a", work), flights.run("b", work))
        assert work.started == 2

    run(scenario())


def test_results_are_not_kept() -> None:
    async def scenario() -> None:
        flights, work = SingleFlight(), Work()
        work.go_on.set()
        for _ in range(3):
            await flights.run("key", work)
        assert work.started == 3
        assert len(flights) == 0

    run(scenario())


def test_work_continues_when_its_first_caller_is_cancelled() -> None:
    async def scenario() -> None:
        flights, work = SingleFlight(), Work()
        leader, *others = await callers(flights, work, 3)
        leader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leader
        assert work.cancelled == 0
        work.go_on.set()
        assert await asyncio.gather(*others) == ["result", "result"]

    run(scenario())


def test_work_is_cancelled_with_its_last_caller_who_waits_for_its_end() -> None:
    async def scenario() -> None:
        flights, work = SingleFlight(), Work()
        tasks = await callers(flights, work, 3)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert work.cancelled == 2
        assert len(flights) == 0

    run(scenario())


def test_a_caller_after_cancellation_starts_new_work() -> None:
    async def scenario() -> None:
        flights, abandoned, fresh = SingleFlight(), Work(), Work("fresh")
        (leaver,) = await callers(flights, abandoned, 1)
        leaver.cancel()
        await asyncio.sleep(0)
        (newcomer,) = await callers(flights, fresh, 1)
        await asyncio.wait([leaver])
        assert len(flights) == 1
        fresh.go_on.set()
        assert await newcomer == "fresh"

    run(scenario())


def test_every_caller_gets_the_failure() -> None:
    async def scenario() -> None:
        failure = UnknownProduct("7")
        flights, work = SingleFlight(), Work(failure)
        tasks = await callers(flights, work, 3)
        work.go_on.set()
        assert await asyncio.gather(*tasks, return_exceptions=True) == [failure] * 3

    run(scenario())


def test_the_deadline_of_one_caller_does_not_apply_to_another() -> None:
    async def scenario() -> None:
        flights, work = SingleFlight(), Work()

        async def with_deadline() -> None:
            async with asyncio.timeout(0.01):
                await flights.run("key", work)

        hasty = asyncio.create_task(with_deadline())
        await asyncio.sleep(0)
        (patient,) = await callers(flights, work, 1)
        with pytest.raises(TimeoutError):
            await hasty
        work.go_on.set()
        assert await patient == "result"
        assert work.started == 1

    run(scenario())


def test_a_caller_that_joins_failed_work_gets_the_failure() -> None:
    async def scenario() -> None:
        flights, work = SingleFlight(), Work(ValueError("odd"))
        work.go_on.set()

        async def late() -> object:
            while len(flights) == 0:
                await asyncio.sleep(0)
            return await flights.run("key", work)

        errors = await asyncio.gather(flights.run("key", work), late(), return_exceptions=True)
        assert [str(error) for error in errors] == ["odd", "odd"]
        assert work.started == 1

    run(scenario())


def test_a_failure_after_cancellation_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        flights = SingleFlight()

        async def fails_when_cancelled() -> None:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                raise ValueError("at the end") from None

        (task,) = await callers(flights, fails_when_cancelled, 1)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    run(scenario())
    assert caplog.text == ""


def test_work_runs_in_the_context_of_its_first_caller() -> None:
    async def scenario() -> None:
        flights, work = SingleFlight(), Work()

        async def ask(id: str) -> None:
            request_id.set(id)
            await flights.run("key", work)

        first = asyncio.create_task(ask("first"))
        second = asyncio.create_task(ask("second"))
        await asyncio.sleep(0.01)
        work.go_on.set()
        await asyncio.gather(first, second)
        assert work.seen_by == "first"

    run(scenario())
