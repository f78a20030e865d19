"""More load than the service can answer: goodput must stay, and a refusal must cost next to nothing."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

from tests.bench.harness.client import header
from tests.bench.harness.load import Generator, Run, percentile
from tests.bench.harness.options import Bench, logger
from tests.bench.harness.report import Result, at_least, at_most, table
from tests.bench.harness.servers import Server
from tests.bench.harness.workload import FreshUploads

OVERLOADS = (1.5, 2.0, 3.0)
"""Offered, as multiples of the best rate."""
FLOOD, MAX_FLOOD_PER_S = 8.0, 3000.0
"""Offered to measure the cost of a refusal: a multiple of the best rate, and the most requests a second."""
MIN_GOODPUT, MAX_REFUSAL_MS = 0.9, 0.2
MIN_REFUSALS = 50
"""With fewer, their cost is not measured."""


class Measured(NamedTuple):
    """A run and what it offered."""

    offered: str
    run: Run


def measure(bench: Bench) -> Result:
    """Goodput at several overloads over the best goodput of the same round; CPU time per refusal."""
    result = Result("overload")
    uploads, seconds = FreshUploads(bench.pictures("thumbnail")), bench.options.seconds
    rounds: list[list[Measured]] = []
    with bench.service() as server, Generator(server.port) as generator:
        generator.closed(uploads, 8, seconds / 2)
        for number in range(bench.options.rounds):
            rounds.append(_round(server, generator, uploads, seconds, number))
            logger.info("  round %d: %s", number + 1, ", ".join(f"{one.run.rate:.0f}/s" for one in rounds[-1]))
    costs = [refusal_ms(one[0], one[-1]) for one in rounds]
    refusals = [sample for one in rounds for measured in one for sample in measured.run.refused]
    hintless = sum(not header(sample.response.head, b"retry-after") for sample in refusals)
    result.figures["rounds"] = [_figures(*pair) for pair in zip(rounds, costs, strict=True)]
    result.lines = _lines(rounds)
    result.targets = [
        at_least("goodput at 1.5 to 3 times the best rate, over the best", [kept(one) for one in rounds], MIN_GOODPUT),
        at_most("CPU milliseconds of a refusal", costs, MAX_REFUSAL_MS),
        at_most("refusals without Retry-After", [float(hintless)], 0),
        at_most("neither answered nor refused", [float(sum(m.run.failed for one in rounds for m in one[:-1]))], 0),
    ]
    return result


def kept(measured: list[Measured]) -> float:
    """The least goodput of the overloads over the best. The flood is not judged: it may exhaust the generator."""
    best, *overloads, _ = measured
    return min(one.run.rate for one in overloads) / best.run.rate


def refusal_ms(best: Measured, flood: Measured) -> float:
    """CPU milliseconds of a refusal: what the flood took, without its good answers at the price of the best run's.
    NaN if too few were refused."""
    refused, good = len(flood.run.refused), len(flood.run.good)
    if refused < MIN_REFUSALS:
        return math.nan
    return max(0.0, flood.run.server_cpu_s * 1000 - best.run.cpu_ms * good) / refused


def _round(server: Server, generator: Generator, uploads: FreshUploads, seconds: float, seed: int) -> list[Measured]:
    """The best of two closed loops, the overloads, and the flood."""
    closed = [
        Measured(f"{clients} clients", server.measured(partial(generator.closed, uploads, clients, seconds)))
        for clients in (8, 32)
    ]
    best = max(closed, key=lambda one: one.run.rate)
    measured = [best]
    for times in (*OVERLOADS, min(FLOOD, MAX_FLOOD_PER_S / best.run.rate)):
        load = partial(generator.open, uploads, times * best.run.rate, seconds, seed=seed)
        measured.append(Measured(f"{times:.1f} times the best", server.measured(load)))
    return measured


def _figures(measured: list[Measured], cost: float) -> dict[str, Any]:
    return {
        "runs": [{"offered": one.offered, **one.run.json()} for one in measured],
        "refusal_cpu_ms": round(cost, 4),
    }


def _lines(rounds: list[list[Measured]]) -> list[str]:
    """The last round as a table."""
    rows = [["offered (last round)", "good answers/s", "of the best", "p95 ms", "refused", "refusal p99 ms"]]
    best = rounds[-1][0].run
    for offered, run in rounds[-1]:
        refused = run.refused
        rows.append(
            [
                offered, f"{run.rate:.0f}", f"{run.rate / best.rate:.2f}", f"{run.p(95):.0f}",
                f"{len(refused) / max(1, len(run.samples)):.0%}",
                f"{percentile([sample.ms for sample in refused], 99):.0f}" if refused else "-",
            ]
        )  # fmt: skip
    return table(rows)
