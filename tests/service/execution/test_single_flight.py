"""Identical requests in flight: one computation, whoever comes and goes meanwhile."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from models.errors import ModisteError
from service.errors import UnknownProduct
from service.execution.single_flight import SingleFlight
from service.observability.logs import request_id


class Work:
    """Work that waits to be let go, and counts what became of it."""

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
    """So many callers of the same key, all of them waiting."""
    tasks = [asyncio.create_task(flights.run("key", work), name=str(at)) for at in range(number)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 10))


def test_all_who_ask_at_the_same_time_share_one_computation() -> None:
    async def scenario() -> None:
        flights, work = SingleFlight(), Work()
        tasks = await callers(flights, work, 20)
        work.go_on.set()
        assert await asyncio.gather(*tasks) == ["result"] * 20
        assert work.started == 1

    run(scenario())


def test_other_keys_are_computed_apart() -> None:
    async def scenario() -> None:
        flights, work = SingleFlight(), Work()
        work.go_on.set()
        await asyncio.gather(flights.run("a", work), flights.run("b", work))
        assert work.started == 2

    run(scenario())


def test_nothing_is_kept_once_it_has_landed() -> None:
    async def scenario() -> None:
        flights, work = SingleFlight(), Work()
        work.go_on.set()
        for _ in range(3):
            await flights.run("key", work)
        assert work.started == 3
        assert len(flights) == 0

    run(scenario())


def test_the_work_goes_on_for_the_others_when_the_one_who_began_it_leaves() -> None:
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


def test_the_work_is_cancelled_when_all_have_left_and_the_last_waits_for_its_end() -> None:
    async def scenario() -> None:
        flights, work = SingleFlight(), Work()
        tasks = await callers(flights, work, 3)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert work.cancelled == 2
        assert len(flights) == 0

    run(scenario())


def test_who_comes_after_all_have_left_starts_anew() -> None:
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


def test_each_who_waits_gets_an_exception_of_its_own_with_the_whole_traceback() -> None:
    async def scenario() -> None:
        cause = OSError(28, "No space left")
        failure = ModisteError("It failed.", hint="Mend it.")
        failure.__cause__ = cause
        flights, work = SingleFlight(), Work(failure)
        tasks = await callers(flights, work, 3)
        work.go_on.set()
        errors = await asyncio.gather(*tasks, return_exceptions=True)
        assert len({id(error) for error in errors} | {id(failure)}) == 4
        lengths = set()
        for error in errors:
            assert isinstance(error, ModisteError)
            assert (error.message, error.hint, str(error)) == ("It failed.", "Mend it.", "It failed. Mend it.")
            assert error.__cause__ is cause
            frames = traceback.extract_tb(error.__traceback__)
            assert frames[-1].name == "__call__"
            lengths.add(len(frames))
        assert len(lengths) == 1, "the traceback grew from one to the next"

    run(scenario())


@pytest.mark.parametrize(
    "failure", [UnknownProduct("7"), UnicodeDecodeError("utf-8", b"a", 0, 1, "odd"), KeyError("k")]
)
def test_an_exception_of_any_class_arrives_as_what_it_was(failure: Exception) -> None:
    async def scenario() -> None:
        flights, work = SingleFlight(), Work(failure)
        tasks = await callers(flights, work, 2)
        work.go_on.set()
        for error in await asyncio.gather(*tasks, return_exceptions=True):
            assert type(error) is type(failure)
            assert str(error) == str(failure)

    run(scenario())


def test_one_who_joins_when_the_work_has_just_failed_gets_the_failure() -> None:
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


def test_a_failure_that_nobody_waits_for_is_not_complained_of(caplog: pytest.LogCaptureFixture) -> None:
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


def test_the_work_has_the_request_id_of_the_first_who_asked() -> None:
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
