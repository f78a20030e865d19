"""The load generator: one client after another's answer, many at once, or an open loop that waits for nobody."""

from __future__ import annotations

import asyncio
import gc
import math
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import uvloop

from tests.bench.client import ANSWER_WITHIN_S, NOTHING, Answer, Client, header
from tests.bench.statistics import percentile, summary
from tests.bench.timer import Timer

Arrivals = Literal["constant", "poisson"]

MOST_LAG_MS = 25.0
"""If a hundredth of the requests left later than this after their time, the generator could not keep the schedule."""

_STAGE = re.compile(rb"([\w.-]+);(?:[^,]*;)?dur=([\d.]+)")


class Shot(NamedTuple):
    """A request, complete as bytes; ``kind`` names what it is in reports."""

    kind: str
    payload: bytes
    abandoned: bool = False
    """Whether the client leaves in the middle of sending; nothing is then recorded."""


Shots = Iterator[Shot]


@dataclass(slots=True)
class Sample:
    """One request: moments of ``time.monotonic`` when it was to be sent, was sent, and was answered in full."""

    kind: str
    intended: float
    sent: float
    done: float = 0.0
    answer: Answer = NOTHING

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def ms(self) -> float:
        """Latency from the moment when it was to be sent: waiting for a slow generator counts, too."""
        return (self.done - self.intended) * 1000

    @property
    def refused(self) -> bool:
        """Whether admission turned it away."""
        return self.status in (429, 503)

    def stages(self) -> dict[str, float]:
        """Milliseconds by stage, as ``Server-Timing`` tells."""
        found = _STAGE.findall(header(self.answer.head, b"server-timing"))
        return {name.decode(): float(spent) for name, spent in found}


@dataclass
class Run:
    """The samples of one stretch of load, and what it cost to make it."""

    samples: list[Sample]
    seconds: float
    generator_s: float
    """Seconds of a core that the generator took."""
    intended: int = 0
    unanswered: int = 0
    """Requests of which nothing had come back when the run was given up."""

    @property
    def good(self) -> list[Sample]:
        """Answered with 200."""
        return [sample for sample in self.samples if sample.status == 200]

    @property
    def refused(self) -> list[Sample]:
        """Turned away by admission."""
        return [sample for sample in self.samples if sample.refused]

    @property
    def failed(self) -> list[Sample]:
        """Neither."""
        return [sample for sample in self.samples if sample.status != 200 and not sample.refused]

    def p(self, share: float) -> float:
        """A percentile of the good answers' latency, in milliseconds."""
        return percentile([sample.ms for sample in self.good], share)

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return len(self.good) / self.seconds

    @property
    def kept_schedule(self) -> bool:
        """Whether the generator sent what it was to send, when it was to."""
        return percentile([(sample.sent - sample.intended) * 1000 for sample in self.samples], 99) <= MOST_LAG_MS

    def generator(self) -> dict[str, float]:
        """What the generator itself took and how late it was."""
        lags = [(sample.sent - sample.intended) * 1000 for sample in self.samples]
        return {
            "cores": round(self.generator_s / self.seconds, 4),
            "us_per_request": round(self.generator_s / max(1, len(self.samples)) * 1e6, 1),
            "lag_p99_ms": round(percentile(lags, 99), 3) if lags else 0.0,
        }

    def stages(self) -> dict[str, dict[str, float]]:
        """Summary in milliseconds of each stage that ``Server-Timing`` names, over the good answers."""
        by_stage: dict[str, list[float]] = {}
        for sample in self.good:
            for stage, spent in sample.stages().items():
                by_stage.setdefault(stage, []).append(spent)
        return {stage: summary(spent) for stage, spent in by_stage.items()}

    def json(self) -> dict[str, Any]:
        """Every figure of the run."""
        return {
            "seconds": round(self.seconds, 3), "requests": len(self.samples), "good": len(self.good),
            "refused": len(self.refused), "failed": len(self.failed), "unanswered": self.unanswered,
            "rate": round(self.rate, 2), "latency_ms": summary([sample.ms for sample in self.good]),
            "refusal_ms": summary([sample.ms for sample in self.refused]), "stages_ms": self.stages(),
            "generator": self.generator(), "kept_schedule": self.kept_schedule,
        }  # fmt: skip


class Generator:
    """Drives load at one port of this machine. Use as a context manager; not from several threads."""

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

    def ask(self, payload: bytes) -> Answer:
        """Send one request and wait for its answer, unmeasured."""
        return self._runner.run(self._client.ask(payload))

    def one_by_one(self, shots: Shots, count: int) -> Run:
        """One client that sends its next request when the last is answered, ``count`` times."""
        return self._measured(self._closed(shots, 1, count=count))

    def closed(self, shots: Shots, clients: int, seconds: float) -> Run:
        """``clients`` that each send their next request when their last is answered; for finding saturation."""
        return self._measured(self._closed(shots, clients, seconds=seconds))

    def open(
        self, shots: Shots, rate: float, seconds: float, arrivals: Arrivals = "constant",
        each: Callable[[Sample], None] | None = None,
    ) -> Run:  # fmt: skip
        """``rate`` requests a second for ``seconds``, whether or not any is answered.

        Args:
            each: Called with every finished sample in place of keeping it; for runs of hours.
        """
        return self._measured(self._open(shots, _schedule(rate, seconds, arrivals), each), collecting=each is not None)

    def _measured(self, work: Any, *, collecting: bool = False) -> Run:
        gc.collect()
        if not collecting:  # A collection among many kept answers would make the generator late.
            gc.disable()
        try:
            cpu, start = time.process_time(), time.monotonic()
            samples, unanswered = self._runner.run(work)
            seconds = time.monotonic() - start
        finally:
            gc.enable()
        return Run(samples, seconds, time.process_time() - cpu, len(samples) + unanswered, unanswered)

    async def _closed(
        self, shots: Shots, clients: int, *, count: float = math.inf, seconds: float = math.inf
    ) -> tuple[list[Sample], int]:
        samples: list[Sample] = []
        until = time.monotonic() + seconds

        async def client() -> None:
            while len(samples) < count and time.monotonic() < until:
                shot = next(shots)
                now = time.monotonic()
                sample = Sample(shot.kind, now, now)
                samples.append(sample)
                sample.answer = await self._client.ask(shot.payload)
                sample.done = sample.answer.at or time.monotonic()
                if sample.status in (0, 429, 503):  # A client that is turned away does not hammer on the door.
                    await asyncio.sleep(0.02)

        await asyncio.gather(*(client() for _ in range(clients)))
        return samples, 0

    async def _open(
        self, shots: Shots, schedule: Iterator[float], each: Callable[[Sample], None] | None
    ) -> tuple[list[Sample], int]:
        samples: list[Sample] = []
        waiting: set[int] = set()
        leaving: set[asyncio.Task[None]] = set()
        timer = Timer()
        begin = time.monotonic() + 0.02

        def listener(sample: Sample) -> Callable[[Answer], None]:
            number = id(sample)
            waiting.add(number)

            def answered(answer: Answer) -> None:
                sample.answer, sample.done = answer, answer.at or time.monotonic()
                waiting.discard(number)
                if each is None:
                    samples.append(sample)
                else:
                    each(sample)

            return answered

        try:
            for offset in schedule:
                shot = next(shots)
                intended = begin + offset
                await timer.until(intended)
                if shot.abandoned:
                    leaving.add(asyncio.get_running_loop().create_task(self._client.abandon(shot.payload)))
                    continue
                sample = Sample(shot.kind, intended, time.monotonic())
                self._client.fire(shot.payload, listener(sample))
            give_up = time.monotonic() + ANSWER_WITHIN_S
            while waiting and time.monotonic() < give_up:
                await asyncio.sleep(0.005)
            with suppress(OSError):
                await asyncio.gather(*leaving)
        finally:
            timer.close()
        return samples, len(waiting)


def _schedule(rate: float, seconds: float, arrivals: Arrivals) -> Iterator[float]:
    """Moments in seconds from the start."""
    if arrivals == "constant":
        yield from (number / rate for number in range(int(rate * seconds)))
        return
    random = np.random.default_rng(int.from_bytes(os.urandom(4), "little"))
    moment = float(random.exponential(1 / rate))
    while moment < seconds:
        yield moment
        moment += float(random.exponential(1 / rate))
