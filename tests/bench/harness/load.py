"""The load generator: clients that each wait for their response, or an open loop that waits for none."""

from __future__ import annotations

import asyncio
import gc
import math
import re
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import uvloop

from tests.bench.harness.client import NO_RESPONSE, TIMEOUT_S, Client, Response, header

RETRY_S = 0.02
"""A client of the closed loop waits so long after a refusal, or after no response."""
MAX_LAG_MS = 25.0
"""If a hundredth of the requests were sent later than this, the generator could not keep the schedule."""

_STAGE = re.compile(rb"([\w.-]+);(?:[^,]*;)?dur=([\d.]+)")


class Request(NamedTuple):
    """A request, complete as bytes; ``kind`` names it in reports."""

    kind: str
    payload: bytes


Requests = Iterator[Request]


@dataclass(slots=True)
class Sample:
    """One request: when it was due, when it was sent, and when its response was complete, by ``time.monotonic``."""

    kind: str
    due: float
    sent: float
    done: float = 0.0
    response: Response = NO_RESPONSE

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def ms(self) -> float:
        """Latency from the moment when the request was due, so that a late generator counts as well."""
        return (self.done - self.due) * 1000


@dataclass
class Run:
    """The samples of one stretch of load."""

    samples: list[Sample]
    seconds: float
    generator_s: float = 0.0
    """CPU seconds of the generator."""
    unanswered: int = 0
    """Requests without a response when the run was given up."""
    server_cpu_s: float = math.nan
    """CPU seconds of the server, where they were measured (``servers.Server.measured``)."""

    @property
    def good(self) -> list[Sample]:
        """Answered with 200."""
        return [sample for sample in self.samples if sample.status == 200]

    @property
    def refused(self) -> list[Sample]:
        """Refused by admission."""
        return [sample for sample in self.samples if sample.status in (429, 503)]

    @property
    def failed(self) -> int:
        """Neither answered nor refused."""
        return len(self.samples) - len(self.good) - len(self.refused) + self.unanswered

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return len(self.good) / self.seconds

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds of the server for each good answer."""
        return self.server_cpu_s / len(self.good) * 1000 if self.good else math.nan

    def p(self, percent: float) -> float:
        """A percentile of the good answers' latency in milliseconds; NaN if there are none."""
        return percentile([sample.ms for sample in self.good], percent)

    @property
    def kept_schedule(self) -> bool:
        """Whether the requests were sent when they were due."""
        return not percentile([(sample.sent - sample.due) * 1000 for sample in self.samples], 99) > MAX_LAG_MS

    def stages(self) -> dict[str, float]:
        """Median milliseconds of each stage that ``Server-Timing`` names, over the good answers."""
        by_stage: dict[str, list[float]] = {}
        for sample in self.good:
            for stage, spent in _STAGE.findall(header(sample.response.head, b"server-timing")):
                by_stage.setdefault(stage.decode(), []).append(float(spent))
        return {stage: round(percentile(spent, 50), 3) for stage, spent in by_stage.items()}

    def json(self) -> dict[str, Any]:
        """The figures of the run."""
        return {
            "per_s": round(self.rate, 2), "p50_ms": round(self.p(50), 2), "p95_ms": round(self.p(95), 2),
            "p99_ms": round(self.p(99), 2), "good": len(self.good), "refused": len(self.refused),
            "failed": self.failed, "cpu_ms": round(self.cpu_ms, 3),
            "seconds": round(self.seconds, 2), "kept_schedule": self.kept_schedule,
            "generator_us_per_request": round(self.generator_s / max(1, len(self.samples)) * 1e6, 1),
        }  # fmt: skip


@dataclass
class _Collected:
    samples: list[Sample] = field(default_factory=list)
    unanswered: int = 0


class Generator:
    """Sends load to one port of this machine. Use as a context manager; not from several threads."""

    def __init__(self, port: int) -> None:
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._client = Client(port)

    def __enter__(self) -> Generator:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._close())
        self._runner.close()

    async def _close(self) -> None:
        self._client.close()
        await asyncio.sleep(0)

    def request(self, payload: bytes) -> Response:
        """Send one request and wait for its response."""
        return self._runner.run(self._client.request(payload))

    def one_by_one(self, requests: Requests, count: int) -> Run:
        """One client that sends ``count`` requests, each after the response to the one before."""
        return self._measured(self._closed(requests, 1, count=count))

    def closed(self, requests: Requests, clients: int, seconds: float) -> Run:
        """``clients`` that each send a request as soon as they have the response to the one before."""
        return self._measured(self._closed(requests, clients, seconds=seconds))

    def open(
        self, requests: Requests, rate: float, seconds: float, *, seed: int = 0,
        each: Callable[[Sample], None] | None = None,
    ) -> Run:  # fmt: skip
        """``rate`` requests a second on average for ``seconds``, whether or not any is answered.

        Args:
            seed: Of the Poisson arrivals; equal seeds give equal schedules.
            each: Called with every finished sample instead of keeping it; for runs of hours.
        """
        return self._measured(self._open(requests, poisson(rate, seconds, seed), each))

    def _measured(self, work: Coroutine[Any, Any, _Collected]) -> Run:
        gc.collect()
        gc.freeze()  # A collection over all kept samples would make the generator late.
        try:
            cpu, start = time.process_time(), time.monotonic()
            collected = self._runner.run(work)
            seconds = time.monotonic() - start
        finally:
            gc.unfreeze()
        return Run(collected.samples, seconds, time.process_time() - cpu, collected.unanswered)

    async def _closed(
        self, requests: Requests, clients: int, *, count: float = math.inf, seconds: float = math.inf
    ) -> _Collected:
        samples: list[Sample] = []
        end = time.monotonic() + seconds

        async def client() -> None:
            while len(samples) < count and time.monotonic() < end:
                request = next(requests)
                now = time.monotonic()
                sample = Sample(request.kind, now, now)
                samples.append(sample)
                sample.response = await self._client.request(request.payload)
                sample.done = sample.response.at or time.monotonic()
                if sample.status in (0, 429, 503):
                    await asyncio.sleep(RETRY_S)

        await asyncio.gather(*(client() for _ in range(clients)))
        return _Collected(samples)

    async def _open(
        self, requests: Requests, schedule: Iterator[float], each: Callable[[Sample], None] | None
    ) -> _Collected:
        collected = _Collected()
        begin = time.monotonic() + 0.02

        def callback(sample: Sample) -> Callable[[Response], None]:
            def answered(response: Response) -> None:
                collected.unanswered -= 1
                sample.response, sample.done = response, response.at or time.monotonic()
                (each or collected.samples.append)(sample)

            return answered

        for offset in schedule:
            request, due = next(requests), begin + offset
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            collected.unanswered += 1
            sample = Sample(request.kind, due, time.monotonic())
            self._client.send(request.payload, callback(sample))
        give_up = time.monotonic() + TIMEOUT_S
        while collected.unanswered and time.monotonic() < give_up:
            await asyncio.sleep(0.005)
        return collected


def poisson(rate: float, seconds: float, seed: int) -> Iterator[float]:
    """Moments in seconds from the start, as independent shoppers arrive."""
    random = np.random.default_rng(seed)
    moment = float(random.exponential(1 / rate))
    while moment < seconds:
        yield moment
        moment += float(random.exponential(1 / rate))


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that ``percent`` of the samples do not exceed; NaN of nothing."""
    return float(np.percentile(np.asarray(values, dtype=np.float64), percent)) if len(values) else math.nan
