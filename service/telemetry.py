"""What an operator sees: Prometheus metrics, and log lines that carry the id of their request."""

from __future__ import annotations

import contextvars
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

import orjson
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CacheOutcome = Literal["hit", "miss", "error"]

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Telemetry:
    """The metrics of one service, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "modiste_requests", "Requests answered.", ["route", "method", "status"], registry=self._registry
        )
        self._request_seconds = Histogram(
            "modiste_request_seconds", "Time to answer.", ["route"], buckets=_SECONDS, registry=self._registry
        )
        self._stage_seconds = Histogram(
            "modiste_stage_seconds", "Time of a search's stage.", ["stage"], buckets=_SECONDS, registry=self._registry
        )
        self._cache = Counter("modiste_cache", "Looks into the result cache.", ["outcome"], registry=self._registry)
        self._generation = Gauge(
            "modiste_generation_info", "The generation that serves.", ["generation", "bundle"], registry=self._registry
        )
        self._products = Gauge("modiste_products", "Products that can be found.", registry=self._registry)
        self._refused = Gauge(
            "modiste_generation_refused", "1 while the published generation is refused.", registry=self._registry
        )
        self._refusals = Counter("modiste_generation_refusals", "Generations refused.", registry=self._registry)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self._requests.labels(route, method, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def stage(self, stage: str, milliseconds: float) -> None:
        """Record how long a stage took."""
        self._stage_seconds.labels(stage).observe(milliseconds / 1000)

    def cache(self, outcome: CacheOutcome) -> None:
        """Count a look into the cache."""
        self._cache.labels(outcome).inc()

    def serving(self, generation: str, bundle: str, products: int) -> None:
        """Record what serves from now on."""
        self._generation.clear()
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

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if id := request_id.get():
            line["request_id"] = id
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


class _PlainLines(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")


def configure_logging(level: str) -> None:
    """Log to stderr: sentences on a terminal, JSON lines elsewhere."""
    handler = logging.StreamHandler()
    handler.setFormatter(_PlainLines() if sys.stderr.isatty() else _JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
