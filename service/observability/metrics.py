"""Prometheus metrics of one worker process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from service.errors import OverloadReason

CacheOutcome = Literal["hit", "miss", "error"]
EventType = Literal["click", "cart", "purchase"]
CacheName = Literal["answers", "features", "redis"]

COLUMNS = "columns"
"""The stage that reads the columns of the results. It has no queue."""

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_POSITIONS = (1, 2, 3, 5, 10, 20, 50, 100, 200)
_ROWS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)


# Creation times are meaningless after the metrics of several workers are added up.
disable_created_metrics()  # type: ignore[no-untyped-call]


class StageTime(NamedTuple):
    """How long one search spent in a stage, in seconds."""

    queue: float
    """Time until the batch started."""
    work: float
    """Duration of the whole batch."""

    def plus(self, queue: float, work: float) -> StageTime:
        """The sum with another pass through the same stage."""
        return StageTime(self.queue + queue, self.work + work)


class Metrics:
    """The metrics of one worker, in their own registry. Thread-safe."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._serving: tuple[str, str] | None = None
        self._requests = Counter(
            "modiste_requests", "Requests answered.", ["route", "method", "status"], registry=registry
        )
        self._request_seconds = Histogram(
            "modiste_request_seconds", "Time to answer a request.", ["route"], buckets=_SECONDS, registry=registry
        )
        self._stage_seconds = Histogram(
            "modiste_stage_seconds", "Duration of the batches that a search was part of, by stage.", ["stage"],
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._queue_seconds = Histogram(
            "modiste_stage_queue_seconds", "Time that a search waited for a stage.", ["stage"],
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._batch_rows = Histogram(
            "modiste_batch_rows", "Searches in one batch of a stage.", ["stage"], buckets=_ROWS, registry=registry
        )
        self._cache = Counter("modiste_cache", "Cache lookups.", ["cache", "outcome"], registry=registry)
        self._in_flight = Gauge("modiste_searches_in_flight", "Searches in progress.", registry=registry)
        self._expected_wait = Gauge(
            "modiste_expected_wait_seconds", "Expected wait of a search that arrives now.",
            registry=registry,
        )  # fmt: skip
        self._overloaded = Counter(
            "modiste_requests_refused", "Requests rejected because of overload.", ["reason"], registry=registry
        )
        for reason in get_args(OverloadReason):
            self._overloaded.labels(reason)  # Alerts need the series before its first increment.
        self._deadlines = Counter("modiste_deadlines_missed", "Requests dropped at their deadline.", registry=registry)
        self._event_positions = Histogram(
            "modiste_event_position", "Positions of the results that shoppers clicked on, put into the cart or bought.",
            ["type"], buckets=_POSITIONS, registry=registry,
        )  # fmt: skip
        self._generation = Gauge(
            "modiste_generation_info", "Workers that serve this generation.", ["generation", "bundle"],
            registry=registry,
        )  # fmt: skip
        self._products = Gauge("modiste_products", "Products in the generation that is served.", registry=registry)
        self._generation_refused = Gauge(
            "modiste_generation_refused", "1 while the published generation is refused.", registry=registry
        )
        self._generation_refusals = Counter("modiste_generation_refusals", "Generations refused.", registry=registry)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        self._requests.labels(route, method, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def stage(self, stage: str, seconds: float) -> None:
        """Record the work time of a stage for a search."""
        self._stage_seconds.labels(stage).observe(seconds)

    def stage_times(self, stage_times: Mapping[str, StageTime]) -> None:
        """Record the work and queue time of each stage for a search."""
        for stage, time in stage_times.items():
            self._stage_seconds.labels(stage).observe(time.work)
            if stage != COLUMNS:
                self._queue_seconds.labels(stage).observe(time.queue)

    def batch(self, stage: str, rows: int) -> None:
        """Record the size of a batch."""
        self._batch_rows.labels(stage).observe(rows)

    def cache(self, outcome: CacheOutcome, cache: CacheName = "redis") -> None:
        """Count a cache lookup, or a failure of Redis."""
        self._cache.labels(cache, outcome).inc()

    def in_flight(self, searches: int, expected_wait_s: float) -> None:
        """Record the number of searches in progress and the expected wait."""
        self._in_flight.set(searches)
        self._expected_wait.set(expected_wait_s)

    def overloaded(self, reason: OverloadReason) -> None:
        """Count a request that was rejected because of overload."""
        self._overloaded.labels(reason).inc()

    def deadline_missed(self) -> None:
        """Count a request that was dropped at its deadline."""
        self._deadlines.inc()

    def event(self, type: EventType, position: int) -> None:
        """Count what a shopper did with the result at ``position``, from 1."""
        self._event_positions.labels(type).observe(position)

    def serving(self, generation: str, bundle: str, products: int) -> None:
        """Record the current generation."""
        if self._serving is not None:
            self._generation.remove(*self._serving)
        self._serving = (generation, bundle)
        self._generation.labels(generation, bundle).set(1)
        self._products.set(products)

    def generation_refused(self, refused: bool) -> None:
        """Record whether the published generation is refused."""
        self._generation_refused.set(refused)
        if refused:
            self._generation_refusals.inc()

    def exposition(self) -> bytes:
        """The metrics of this worker in Prometheus' text format."""
        return generate_latest(self.registry)
