"""What an operator sees of the service's work: Prometheus metrics."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial, wraps
from typing import Concatenate, Literal, NamedTuple, ParamSpec

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CacheOutcome = Literal["hit", "miss", "error"]
CacheName = Literal["answers", "features", "redis"]

logger = logging.getLogger(__name__)

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_ROWS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)

GATHERED_S = 0.2
"""How long what was observed may wait to be entered."""


COLUMNS = "columns"
"""The stage that searches never queue for: columns are read where the store's outcome arrives."""


class StageTime(NamedTuple):
    """How long one query was in a stage, in seconds."""

    queue: float
    """From being ready for the stage to the start of its batch."""
    work: float
    """What the batch took, which all of its members waited for."""

    def longer(self, queue: float, work: float) -> StageTime:
        """With another one through the same stage."""
        return StageTime(self.queue + queue, self.work + work)


P = ParamSpec("P")


def _gathered(
    enter: Callable[Concatenate[Metrics, P], None],
) -> Callable[Concatenate[Metrics, P], None]:
    """Let a method's calls wait for the next ``Metrics.enter``. They come from any thread."""

    @wraps(enter)
    def gather(self: Metrics, /, *args: P.args, **kwargs: P.kwargs) -> None:
        self._pending.append(partial(enter, self, *args, **kwargs))

    return gather


class Metrics:
    """The metrics of one service, in a registry of its own.

    What every search tells is gathered, and entered a few times a second. An uncached search has two dozen numbers to
    tell. To enter each of them at once makes the next search wait, for longer the more the graphs have used the
    processor's caches since.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._pending: deque[Callable[[], None]] = deque()
        self._served: tuple[str, str] | None = None
        self._requests = self._counter("modiste_requests", "Requests answered.", "route", "method", "status")
        self._request_seconds = self._histogram("modiste_request_seconds", "Time to answer.", _SECONDS, "route")
        self._stage_seconds = self._histogram(
            "modiste_stage_seconds", "Time that a search's stage worked on the batches that the search was part of.",
            _SECONDS, "stage",
        )  # fmt: skip
        self._queue_seconds = self._histogram(
            "modiste_stage_queue_seconds", "Time that a search waited for a stage.", _SECONDS, "stage"
        )
        self._batch_rows = self._histogram("modiste_batch_rows", "Searches in one batch of a stage.", _ROWS, "stage")
        self._cache = self._counter("modiste_cache", "Looks into a cache.", "cache", "outcome")
        self._in_flight = Gauge(
            "modiste_searches_in_flight", "Searches in progress.", registry=self._registry, multiprocess_mode="livesum"
        )
        self._turned_away = self._counter("modiste_requests_refused", "Requests refused because of load.", "reason")
        self._deadlines = Counter(
            "modiste_deadlines_missed", "Requests dropped because their time was over.", registry=self._registry
        )
        self._passed_on = Counter(
            "modiste_connections_passed_on", "Connections passed on to a process with less to do.",
            registry=self._registry,
        )  # fmt: skip
        for reason in ("busy", "bodies", "deadline"):
            self._turned_away(reason)  # A counter that is not there yet cannot be alerted on.
        self._generation = Gauge(
            "modiste_generation_info",
            "Processes that serve this generation.",
            ["generation", "bundle"],
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._products = Gauge(
            "modiste_products", "Products that can be found.", registry=self._registry, multiprocess_mode="livemax"
        )
        self._refused = Gauge(
            "modiste_generation_refused",
            "1 while the published generation is refused.",
            registry=self._registry,
            multiprocess_mode="livemax",
        )
        self._refusals = Counter("modiste_generation_refusals", "Generations refused.", registry=self._registry)

    @_gathered
    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self._requests(route, method, str(status)).inc()
        self._request_seconds(route).observe(seconds)

    @_gathered
    def stage(self, stage: str, seconds: float) -> None:
        """Record how long a stage worked for a search."""
        self._stage_seconds(stage).observe(seconds)

    @_gathered
    def stage_times(self, stage_times: Mapping[str, StageTime]) -> None:
        """Record a search's way through the stages."""
        for stage, stage_time in stage_times.items():
            self._stage_seconds(stage).observe(stage_time.work)
            if stage != COLUMNS:
                self._queue_seconds(stage).observe(stage_time.queue)

    @_gathered
    def batch(self, stage: str, rows: int) -> None:
        """Record how many searches a stage worked on at once."""
        self._batch_rows(stage).observe(rows)

    @_gathered
    def cache(self, outcome: CacheOutcome, cache: CacheName = "redis") -> None:
        """Count a look into a cache, or a failure of what caches share."""
        self._cache(cache, outcome).inc()

    @_gathered
    def in_flight(self, searches: int) -> None:
        """Record how many searches are in progress."""
        self._in_flight.set(searches)

    @_gathered
    def turned_away(self, reason: str) -> None:
        """Count a request that was refused because of load."""
        self._turned_away(reason).inc()

    def deadline_missed(self) -> None:
        """Count a request that was dropped because its time was over."""
        self._deadlines.inc()

    def passed_on(self) -> None:
        """Count a connection that another process goes on with."""
        self._passed_on.inc()

    def serving(self, generation: str, bundle: str, products: int) -> None:
        """Record what serves from now on."""
        if self._served is not None:
            self._generation.labels(*self._served).set(0)
        self._served = (generation, bundle)
        self._generation.labels(generation, bundle).set(1)
        self._products.set(products)
        self._refused.set(0)

    def refused(self) -> None:
        """Record that the published generation cannot serve."""
        self._refused.set(1)
        self._refusals.inc()

    def accepted(self) -> None:
        """Record that the published generation is the one that serves."""
        self._refused.set(0)

    def enter(self) -> None:
        """Enter what has been gathered. Called in the event loop."""
        while self._pending:
            try:
                self._pending.popleft()()
            except Exception:  # All others would be kept out.
                logger.exception("An observation is missing in the metrics.")

    async def keep_entering(self) -> None:
        """Enter what is gathered, a few times a second, until it is cancelled."""
        while True:
            await asyncio.sleep(GATHERED_S)
            self.enter()

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format: of all processes together, where there are several. What the others
        have not entered yet is missing."""
        self.enter()
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)

    # The part of a metric with given labels is looked up for every request, and the library checks them every time.

    def _counter(self, name: str, what: str, *labels: str) -> Callable[..., Counter]:
        return cache(Counter(name, what, labels, registry=self._registry).labels)

    def _histogram(self, name: str, what: str, buckets: Sequence[float], *labels: str) -> Callable[..., Histogram]:
        return cache(Histogram(name, what, labels, buckets=buckets, registry=self._registry).labels)
