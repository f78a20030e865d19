"""Identical requests in flight share one computation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from service.execution.waiting import until_done
from service.observability.tracing import span

T = TypeVar("T")


class SingleFlight:
    """Runs work once for all who ask for the same key at the same time. Used from one event loop.

    The work runs in a task of its own, in the context (request id, trace) of the first who asked; the others' traces
    have a span ``shared`` for the time that they wait for it. Nothing is kept once it has ended.
    """

    def __init__(self) -> None:
        self._flights: dict[str, _Flight] = {}

    def __len__(self) -> int:
        """How many keys are in flight."""
        return len(self._flights)

    async def run(self, key: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of ``work``, or of what was already running for ``key``.

        Whoever is cancelled leaves alone and at once. With the last one the work is cancelled, too; that one leaves
        when the work has ended, so that whatever it uses may be held by those who wait for it.

        Raises:
            Exception: What ``work`` raised: to each who waits an exception of its own.
        """
        flight = self._flights.get(key)
        if flight is not None:
            with span("shared"):
                return await self._wait(key, flight)  # type: ignore[no-any-return]
        flight = self._flights[key] = _Flight(asyncio.get_running_loop().create_task(work()))
        flight.task.add_done_callback(lambda task: self._landed(key, flight))
        return await self._wait(key, flight)  # type: ignore[no-any-return]

    async def _wait(self, key: str, flight: _Flight) -> Any:
        # Of one's own: the task would hand its one exception to all, and be cancelled with the first.
        landed = asyncio.get_running_loop().create_future()
        flight.waiting.append(landed)
        try:
            if not flight.task.done():
                await landed
        finally:
            flight.waiting.remove(landed)
            if not flight.waiting and not flight.task.done():
                self._forget(key, flight)
                flight.task.cancel()
                await until_done(flight.task)
        if not flight.task.cancelled() and (error := flight.task.exception()) is not None:
            raise _own(error)
        return flight.task.result()

    def _landed(self, key: str, flight: _Flight) -> None:
        self._forget(key, flight)
        if not flight.task.cancelled():
            flight.task.exception()  # Seen, also where everyone has gone.
        for landed in flight.waiting:
            if not landed.done():
                landed.set_result(None)

    def _forget(self, key: str, flight: _Flight) -> None:
        # Another may have taken off under the same key since everyone left this one.
        if self._flights.get(key) is flight:
            del self._flights[key]


class _Flight:
    def __init__(self, task: asyncio.Task[Any]) -> None:
        self.task = task
        self.waiting: list[asyncio.Future[None]] = []


def _own(error: BaseException) -> BaseException:
    """An exception equal to ``error`` that one who waits may raise, annotate and keep without the others seeing it."""
    kind = type(error)
    try:
        # Not its own __init__: an exception's arguments need not be those that it was made with.
        own = kind.__new__(kind, *error.args)
        if kind.__module__ == "builtins":  # These may keep more than arguments and attributes.
            kind.__init__(own, *error.args)
        own.__dict__.update(error.__dict__)
        if notes := getattr(error, "__notes__", None):
            own.__notes__ = list(notes)
        own.args = error.args
    except Exception:  # A class of its own mind about being made: one shared exception is better than another one.
        own = error
    own.__cause__, own.__suppress_context__ = error.__cause__, error.__suppress_context__
    # Raising adds frames in front of a traceback, never to it: all may start from the same.
    return own.with_traceback(error.__traceback__)
