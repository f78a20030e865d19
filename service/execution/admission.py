"""Admission control: limits on the expected wait of new searches and on the memory of request bodies."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from service.errors import Overloaded, OverloadReason
from service.observability.metrics import Metrics

SMALL_BODY_BYTES = 2 * 2**10
"""A body of this size is read even under load, because its answer may be cached. Photographs are larger, and their
answers are rarely cached."""
DECAY = 0.98
"""Decay of the moving mean, which covers about the last 50 searches."""


class Admission:
    """Rejects searches whose expected wait exceeds the budget or their deadline. Used from one event loop.

    The expected wait of a new search is the number of searches in progress times the time per search, which is the mean
    time between two completions while there is work. This adapts to any model, number of threads and batch size. An
    idle service admits every search, so that the mean recovers after a slow period.

    Args:
        max_wait_s: The budget: the longest expected wait, in seconds.
        body_bytes: Maximum bytes of request bodies in memory.
        clock: Monotonic seconds.
    """

    def __init__(
        self, *, max_wait_s: float, body_bytes: int, metrics: Metrics, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_wait_s, self._body_bytes, self._metrics, self._clock = max_wait_s, body_bytes, metrics, clock
        self._in_progress, self._held_bytes = 0, 0
        self._completed, self._busy_s = 0.0, 0.0
        self._counted_until = 0.0
        self.draining = False
        """Whether the service is shutting down: it still answers requests, but is not ready."""

    @property
    def expected_wait_s(self) -> float:
        """The expected wait of a search that arrives now, in seconds."""
        return self._in_progress * self._s_per_search

    @property
    def _s_per_search(self) -> float:
        return self._busy_s / self._completed if self._completed else 0.0

    def check_arrival(self, body_bytes: int | None, allowed_s: float) -> None:
        """Reject a search before its body is read.

        Args:
            body_bytes: The declared length of the body; None if it is not declared.
            allowed_s: Seconds until the deadline of the search.

        Raises:
            Overloaded: The expected wait is too long, or there is no memory for the body.
        """
        if self._held_bytes + (body_bytes or 0) > self._body_bytes:
            raise self._overloaded("bodies")
        if self._in_progress and self.expected_wait_s + self._s_per_search > allowed_s:
            raise self._overloaded("deadline")
        if body_bytes is None or body_bytes > SMALL_BODY_BYTES:
            self._check_wait()

    def hold(self, body_bytes: int) -> None:
        """Count received bytes of a body.

        Raises:
            Overloaded: There is no memory for them. They are not counted.
        """
        if self._held_bytes + body_bytes > self._body_bytes:
            raise self._overloaded("bodies")
        self._held_bytes += body_bytes

    def release(self, body_bytes: int) -> None:
        """Subtract bytes that were counted by ``hold``."""
        self._held_bytes -= body_bytes

    @contextmanager
    def search(self) -> Iterator[None]:
        """Count a search as in progress within the block.

        Raises:
            Overloaded: The expected wait is too long.
        """
        self._check_wait()
        self._begin()
        self._metrics.in_flight(self._in_progress, self.expected_wait_s)
        completed = False
        try:
            yield
            completed = True
        except Exception:
            # A failed search is no measurement, but its time must not be attributed to the next one that completes:
            # damaged pictures would make valid searches look slow, and these would be rejected.
            self._counted_until = self._clock()
            raise
        finally:
            self._in_progress -= 1
            if completed:  # Failed and cancelled searches would distort the mean.
                now = self._clock()
                self._completed = DECAY * self._completed + 1
                self._busy_s = DECAY * self._busy_s + now - self._counted_until
                self._counted_until = now
            self._metrics.in_flight(self._in_progress, self.expected_wait_s)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not count a search as in progress within the block: it waits for other threads or processes than those of
        searches, such as a decoder, and delays no other search."""
        self._in_progress -= 1
        try:
            yield
        finally:
            self._begin()

    def _begin(self) -> None:
        if self._in_progress == 0:
            self._counted_until = self._clock()
        self._in_progress += 1

    def _check_wait(self) -> None:
        if self._in_progress and self.expected_wait_s > self._max_wait_s:
            raise self._overloaded("busy")

    def _overloaded(self, reason: OverloadReason) -> Overloaded:
        return Overloaded(reason, retry_after_s=max(1, math.ceil(self.expected_wait_s)))
