"""Identical concurrent requests share one computation."""

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
    """Runs work once for all concurrent callers with the same key. Used from one event loop.

    The work runs in its own task, so the deadline or cancellation of a caller does not apply to it. It is cancelled
    when its last caller is cancelled. Its result is not stored. The traces of callers that join have a span ``shared``.
    """

    def __init__(self) -> None:
        self._flights: dict[str, _Flight] = {}

    def __len__(self) -> int:
        """The number of keys in flight."""
        return len(self._flights)

    async def run(self, key: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of ``work``, or of the work that already runs for ``key``.

        A cancelled caller returns at once. The last one returns when the work has ended, because the work may use
        resources of its callers.

        Raises:
            Exception: Any exception of the work.
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
