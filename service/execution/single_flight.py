"""Identical requests in flight share one computation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from service.execution.waiting import until_done
from service.observability.tracing import span

T = TypeVar("T")


@dataclass(eq=False)
class _Flight:
    task: asyncio.Task[Any]
    waiters: int = 0


class SingleFlight:
    """Runs work once for all callers that ask for the same key at the same time. Used from one event loop.

    The work runs in a task of its own, so no caller's deadline or cancellation applies to it. It is cancelled when its
    last caller is. Nothing is kept after it has ended. The traces of callers that join have a span ``shared``.
    """

    def __init__(self) -> None:
        self._flights: dict[str, _Flight] = {}

    def __len__(self) -> int:
        """The number of keys in flight."""
        return len(self._flights)

    async def run(self, key: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of ``work``, or of what already runs for ``key``.

        A caller that is cancelled leaves at once. The last one leaves when the work has ended, because the work may use
        what its callers hold.

        Raises:
            Exception: Whatever the work raised.
        """
        flight = self._flights.get(key)
        if flight is not None:
            with span("shared"):
                return await self._join(key, flight)  # type: ignore[no-any-return]
        flight = self._flights[key] = _Flight(asyncio.get_running_loop().create_task(work()))
        flight.task.add_done_callback(lambda _: self._forget(key, flight))
        return await self._join(key, flight)  # type: ignore[no-any-return]

    async def _join(self, key: str, flight: _Flight) -> Any:
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiters -= 1
            if flight.waiters == 0 and not flight.task.done():
                self._forget(key, flight)
                flight.task.cancel()
                await until_done(flight.task)

    def _forget(self, key: str, flight: _Flight) -> None:
        if self._flights.get(key) is flight:  # A newer flight may have the key.
            del self._flights[key]
