"""Latency at load: an open loop at shares of what an open loop was just seen to sustain."""

from __future__ import annotations

from typing import Any

from tests.bench.bench import Bench, logger, require_fresh
from tests.bench.client import header
from tests.bench.load import Generator, Run
from tests.bench.result import Chart, Result, Target, at_most
from tests.bench.saturation import best_clients, sustained
from tests.bench.statistics import Spread, percentile

TITLE = "Latency at load, open loop"
LEVELS = (25, 50, 75, 90, 120)
"""Per cent of saturation, an open loop's."""
MOST_AT_75, MOST_AT_120, MOST_REFUSAL_MS = 3.0, 5.0, 20.0
PERCENTILES = (50, 95, 99)


def measure(bench: Bench) -> Result:
    """Each round: one client alone, saturation, then every level; ratios are of one round."""
    result = Result("latency", TITLE)
    result.notes.append(
        f"{bench.options.arrivals} arrivals; latency counts from the moment when a request was to be sent, "
        "whether or not the generator or a connection was free."
    )
    for size in bench.options.sizes:
        figures = _measure(bench, size)
        result.figures[size] = figures
        result.targets += _targets(size, figures["rounds"])
        result.charts += _charts(size, figures["rounds"])
    return result


def _measure(bench: Bench, size: str) -> dict[str, Any]:
    shots = bench.uploads(size)
    options = bench.options
    rounds: list[dict[str, Any]] = []
    with bench.service() as service, Generator(service.port) as generator:
        generator.one_by_one(shots, 20)
        clients, _ = best_clients(generator, shots, seconds=options.seconds / 4, quick=options.quick)
        for number in range(options.rounds):
            alone = generator.one_by_one(shots, 20 if options.quick else 200)
            closed = generator.closed(shots, clients, options.seconds)
            require_fresh(alone)
            require_fresh(closed)
            saturated = sustained(bench, generator, shots, closed.rate)
            require_fresh(saturated, lossless=False)
            levels = {}
            # Up in one round, down in the next: what the machine does meanwhile hits other levels.
            for level in LEVELS[:: -1 if number % 2 else 1]:
                rate = saturated.rate * level / 100
                run = generator.open(shots, rate, bench.stretch(rate), options.arrivals)
                require_fresh(run, lossless=False)
                levels[level] = _level(run, rate)
                logger.info("  %s, round %d, %d%%: %s", size, number + 1, level, _line(levels[level]))
            rounds.append(
                {
                    "unloaded_p50_ms": alone.p(50), "saturation_per_s": saturated.rate,
                    "closed_loop_per_s": closed.rate,
                    "levels": {level: levels[level] for level in LEVELS},
                }
            )  # fmt: skip
    return {"arrivals": options.arrivals, "clients_at_saturation": clients, "rounds": rounds}


def _level(run: Run, rate: float) -> dict[str, Any]:
    refused = run.refused
    told = sum(1 for sample in refused if header(sample.answer.head, b"retry-after"))
    figures = run.json()
    figures |= {
        "offered_per_s": round(rate, 2),
        "refused_share": round(len(refused) / max(1, len(run.samples)), 4),
        "refused_with_retry_after": round(told / len(refused), 4) if refused else None,
    }
    if not run.kept_schedule:
        # A figure of requests that were never sent in time would be a figure of the generator.
        figures["latency_ms"] = figures["refusal_ms"] = {"count": 0}
        figures["withheld"] = "the generator could not keep the schedule"
    return figures


def _line(level: dict[str, Any]) -> str:
    if "withheld" in level:
        return f"withheld: {level['withheld']} (lag p99 {level['generator']['lag_p99_ms']} ms)"
    latency = level["latency_ms"]
    percentiles = ", ".join(f"p{share} {latency.get(f'p{share}', float('nan')):.1f} ms" for share in PERCENTILES)
    return f"{level['offered_per_s']:.0f}/s, {percentiles}, refused {level['refused_share']:.1%}"


def _targets(size: str, rounds: list[dict[str, Any]]) -> list[Target]:
    def ratios(level: int) -> list[float]:
        return [
            one["levels"][level]["latency_ms"]["p95"] / one["unloaded_p50_ms"]
            for one in rounds
            if one["levels"][level]["latency_ms"]["count"]
        ]

    levels = [level for one in rounds for level in one["levels"].values()]
    lost = [float(sum(level["failed"] + level["unanswered"] for level in levels))]
    refusals = [one["levels"][120]["refusal_ms"] for one in rounds]
    slowest = [refusal["p99"] for refusal in refusals if refusal["count"]]
    told = [one["levels"][120]["refused_with_retry_after"] for one in rounds]
    return [
        at_most(f"p95 at 75% of saturation over the unloaded p50, {size}", ratios(75), MOST_AT_75, of=len(rounds)),
        at_most(
            f"p95 of what is accepted at 120% over the unloaded p50, {size}", ratios(120), MOST_AT_120, of=len(rounds)
        ),
        at_most(f"requests neither answered nor refused, all levels, {size}", lost, 0),
        at_most(
            f"milliseconds until a refusal at 120% (p99), {size}", slowest, MOST_REFUSAL_MS,
            note="" if slowest else "nothing was refused",
        ),
        Target(
            f"every refusal says when to come back, {size}", "Retry-After",
            None if not any(share is not None for share in told) else all(share in (None, 1.0) for share in told),
        ),
    ]  # fmt: skip


def _charts(size: str, rounds: list[dict[str, Any]]) -> list[Chart]:
    def median(level: int, of: Any) -> float:
        values = [of(one["levels"][level]) for one in rounds if "withheld" not in one["levels"][level]]
        values = [value for value in values if value is not None]
        return Spread.of(values).median if values else float("nan")

    lines = {
        f"p{share}": [(level, median(level, lambda one, s=share: one["latency_ms"].get(f"p{s}"))) for level in LEVELS]
        for share in PERCENTILES
    }
    lines["unloaded p50"] = [(level, percentile([one["unloaded_p50_ms"] for one in rounds], 50)) for level in LEVELS]
    stages = sorted({stage for one in rounds for level in one["levels"].values() for stage in level["stages_ms"]})
    split = {
        stage: [
            (f"{level}%", median(level, lambda one, s=stage: one["stages_ms"].get(s, {}).get("mean", 0.0)))
            for level in LEVELS
        ]
        for stage in stages
        if stage != "total"
    }
    refused = {"refused": [(level, 100 * median(level, lambda one: one["refused_share"])) for level in LEVELS]}
    return [
        Chart(f"Latency of what is accepted, {size}", "% of saturation", "ms", lines),
        Chart(f"Mean of each stage, {size}", "of saturation", "ms", split, "bars"),
        Chart(f"Share refused, {size}", "% of saturation", "%", refused),
    ]
