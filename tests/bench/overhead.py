"""Overhead: what one shopper waits for the service, against the bare pipeline on the same pictures in between."""

from __future__ import annotations

from typing import Any

from tests.bench.bench import Bench, require_fresh
from tests.bench.load import Generator, Run
from tests.bench.result import Chart, Result, at_most, beside_bare
from tests.bench.statistics import Spread, percentile, summary

TITLE = "Overhead at one client, uncached"
MOST = 1.25
BLOCK = 25
"""Requests to one side before the other's turn: few, so that noise hits both; as many as it takes to fill the
processor's caches again, which the other has emptied (in turns of 5, 25 and 60 the ratio was 1.42, 1.29 and 1.30)."""


def measure(bench: Bench) -> Result:
    """p50 of the service over p50 of the bare pipeline, of blocks in turn."""
    result = Result("overhead", TITLE)
    for size in bench.options.sizes:
        result.figures[size], ratios = _measure(bench, size)
        result.targets.append(at_most(f"p50 of the service over the bare pipeline's, {size}", ratios, MOST))
    bars = beside_bare(result.figures, "ms", "p50")
    result.charts.append(Chart("p50 at one client", "picture", "ms", bars, "bars"))
    return result


def _measure(bench: Bench, size: str) -> tuple[dict[str, Any], list[float]]:
    shots = bench.uploads(size)
    blocks = 2 if bench.options.quick else 12
    with bench.service() as service, Generator(service.port) as generator, bench.bare(size) as bare:
        number = 4 * BLOCK
        generator.one_by_one(shots, number)
        bare.latencies(0, number)
        ratios: list[float] = []
        ours: list[Run] = []
        theirs: list[dict[str, float]] = []
        for _ in range(bench.options.rounds):
            served: list[float] = []
            bared: list[float] = []
            for block in range(blocks):
                # Who comes first changes, so that neither always follows the other's full caches.
                if block % 2:
                    bares = bare.latencies(number, BLOCK)
                run = generator.one_by_one(shots, BLOCK)
                require_fresh(run)
                if not block % 2:
                    bares = bare.latencies(number, BLOCK)
                number += BLOCK
                served += [sample.ms for sample in run.good]
                bared += [stages["total"] for stages in bares]
                ours.append(run)
                theirs += bares
            ratios.append(percentile(served, 50) / percentile(bared, 50))
    everything = _together(ours)
    return {
        "service_ms": summary([sample.ms for sample in everything.good]),
        "bare_ms": summary([stages["total"] for stages in theirs]),
        "service_stages_ms": everything.stages(),
        "bare_stages_ms": {stage: summary([one[stage] for one in theirs]) for stage in theirs[0]},
        "ratio": Spread.of(ratios).json(),
        "threads": bench.threads,
        "generator": everything.generator(),
    }, ratios


def _together(runs: list[Run]) -> Run:
    return Run(
        [sample for run in runs for sample in run.samples],
        sum(run.seconds for run in runs), sum(run.generator_s for run in runs),
    )  # fmt: skip
