"""Who may come in: a bound on searches in progress and on bytes of bodies, and how long a request may take."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Iterator
from contextlib import contextmanager

from service.errors import InvalidRequest, Overloaded
from service.observability.metrics import Metrics

TIMEOUT_HEADER = b"x-request-timeout-ms"
SLOTS_PER_WORKER = 4
BATCHES_ON_GPU = 4
CALM_FACTOR = 3
"""How many times as many places there are on a calm day."""
CROWDED = 0.85
"""Share of arrivals that find somebody before them, above which the day is no longer calm."""
SMALL_BODY_BYTES = 8 * 2**10
_NEWEST = 0.1
"""Weight of the newest observation in the moving average of the pace."""
_NEWEST_ARRIVAL = 0.02
"""And in that of how crowded it is: a standstill of some ten milliseconds makes no crowd."""

deadline: contextvars.ContextVar[float] = contextvars.ContextVar("deadline", default=float("inf"))
"""When the request that is being answered must be, by the event loop's clock."""


class Admission:
    """Counts what is in progress and refuses at once what would make everyone wait. Used from one event loop.

    Searches are bounded by their number, four for each thread that computes. N of them on W threads wait for N / W
    times the time of one, whatever the model costs, and less where batches help: so a number is a bound on waiting
    time, as multiples of an unhurried answer, without a clock to tune. With more, throughput grows ever more slowly
    (half of them travel in a batch while the others arrive, and batches of three do three quarters of what batches of
    thirty do), waiting by as much each time. A GPU, which is idle below a full batch, gets room for some. Besides, a
    request is refused that would probably miss its deadline, by the pace of those before it: better told now than after
    it has cost as much as an answer.

    On a calm day there are more places. What fills them then is no lasting load: much came at once, or the machine
    stood still, and whoever waits is answered soon after. It is calm while enough arrivals find nobody before them: a
    queue that never empties tells overload from a burst (as in K. Nichols and V. Jacobson, Controlling Queue Delay,
    ACM Queue 2012).

    Bodies are bounded by their bytes as they arrive, so that slow senders hold no more than they have sent.

    Args:
        slots: Searches that may be in progress under lasting load; what a cache answers needs none.
        most: Searches that may be in progress on a calm day; None for no more than always.
        body_bytes: Bytes of bodies that may be held.
    """

    def __init__(self, *, slots: int, body_bytes: int, metrics: Metrics, most: int | None = None) -> None:
        self._slots, self._most = slots, most or slots
        self._body_bytes, self._metrics = body_bytes, metrics
        self._crowding = 0.0
        self._taken, self._held_bytes = 0, 0
        self._pace_s = 0.0
        self.draining = False
        """Whether the service is about to stop: it answers, but asks to be left alone."""

    def check_arrival(self, declared_bytes: int | None) -> None:
        """Refuse a body, before it is read, that will most probably be refused after. A small one may come in even when
        all slots are taken, because a cache may know the answer. It may know a picture, too, but to read and digest
        what most probably must be refused takes time from those who are in.

        Args:
            declared_bytes: The body's length; None where it is not told.

        Raises:
            Overloaded: All slots are taken, or there is no memory for the body.
        """
        self._crowding += _NEWEST_ARRIVAL * ((self._taken > 0) - self._crowding)
        small = declared_bytes is not None and declared_bytes <= SMALL_BODY_BYTES
        if self._taken >= self._places and not small:
            self._refuse("busy")
        if self._held_bytes + (declared_bytes or 0) > self._body_bytes:
            self._refuse("bodies")

    def hold(self, bytes: int) -> None:
        """Count bytes of a body that arrived.

        Raises:
            Overloaded: There are too many of all bodies; these are not counted.
        """
        if self._held_bytes + bytes > self._body_bytes:
            self._refuse("bodies")
        self._held_bytes += bytes

    def let_go(self, bytes: int) -> None:
        """Count bytes no longer."""
        self._held_bytes -= bytes

    @contextmanager
    def slot(self) -> Iterator[None]:
        """A place among the searches in progress, within the block.

        Raises:
            Overloaded: All are taken, or the caller's ``deadline`` would probably be missed.
        """
        clock = asyncio.get_running_loop().time
        start = clock()
        if self._taken >= self._places:
            self._refuse("busy")
        # With nobody before it, a request is always tried: the pace could not recover from a bad spell otherwise.
        if self._taken and start + (self._taken + 1) * self._pace_s > deadline.get():
            self._refuse("deadline")
        self._taken += 1
        place = self._taken
        self._metrics.in_flight(self._taken)
        try:
            yield
        finally:
            self._taken -= 1
            self._metrics.in_flight(self._taken)
            self._pace_s += _NEWEST * ((clock() - start) / place - self._pace_s)

    @property
    def _places(self) -> int:
        return self._slots if self._crowding > CROWDED else self._most

    def _refuse(self, reason: str) -> None:
        self._metrics.turned_away(reason)
        raise Overloaded()


def seconds_allowed(header: str | None, most_s: float) -> float:
    """How long a request may take: what its header says in milliseconds, and never more than ``most_s``.

    Raises:
        InvalidRequest: The header is no positive number.
    """
    if header is None:
        return most_s
    try:
        asked = float(header) / 1000
    except ValueError:
        asked = -1.0
    if not 0 < asked < float("inf"):
        raise InvalidRequest(
            f"{TIMEOUT_HEADER.decode()} is {header[:50]!r}.",
            hint="Give a number of milliseconds, such as 500, or leave it out.",
        )
    return min(asked, most_s)
