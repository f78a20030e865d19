"""Faults: broken pictures and a broken Redis must neither change nor slow down anybody else's answer."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

from models.errors import ModisteError
from tests.bench.bench import Bench, logger, require_fresh
from tests.bench.broken import Broken, broken_requests
from tests.bench.load import Generator, Run, Sample, Shot, Shots
from tests.bench.processes import Service
from tests.bench.redis_server import Fault, RedisServer
from tests.bench.requests import FreshUploads
from tests.bench.result import Chart, Result, Target, at_most
from tests.bench.saturation import best_clients, sustained
from tests.bench.statistics import percentile, summary

TITLE = "Faults: broken pictures and a broken Redis"
MOST = 1.5
LOAD = 0.4
"""Share of saturation at which good requests come."""
GOOD_TO_ONE_BROKEN = 10
ABANDONED_EVERY = 5
"""Of the broken ones, so many are good uploads whose sender leaves in the middle."""
SAME_SCORE = 0.005
"""Scores of the same rank may differ by so much: batches of other sizes round differently, and int8 more so."""
REUNITED_WITHIN_S = 60.0
REDIS_FAULTS: tuple[Fault, ...] = ("silent", "garbage", "killed")


def measure(bench: Bench) -> Result:
    """p95 of good requests while faults go on, over p95 without, in turn."""
    result = Result("faults", TITLE)
    result.notes.append(
        f"Good uploads ({bench.options.sizes[0]}) come at {LOAD:.0%} of saturation in an open loop, with and without "
        f"the fault in turn. One broken request comes after {GOOD_TO_ONE_BROKEN} good ones; of those, one in "
        f"{ABANDONED_EVERY} is an upload whose sender leaves in the middle."
    )
    _pictures(bench, result)
    _redis(bench, result)
    bars = {
        which: [
            (name, percentile([one[f"{which}_p95_ms"] for one in figures["rounds"]], 50))
            for name, figures in result.figures.items()
        ]
        for which in ("calm", "fault")
    }
    result.charts.append(Chart("p95 of good requests", "fault", "ms", bars, "bars"))
    return result


def _pictures(bench: Bench, result: Result) -> None:
    broken = broken_requests(bench.pictures(bench.options.sizes[-1])[0].read_bytes())
    with bench.service() as service, Generator(service.port) as generator:
        good, rate, expected = _prepared(bench, generator)
        mixed = _mixed(good, broken)
        rounds, wrong = [], []
        by_kind: dict[str, list[float]] = {}
        for number in range(bench.options.rounds):
            # As many good ones a second with the broken ones as without.
            load = ((good, rate), (mixed, rate * (1 + 1 / GOOD_TO_ONE_BROKEN)))
            calm, fault = _in_turn(bench, generator, load, first=number % 2)
            rounds.append(_round(calm, fault, expected))
            logger.info("  broken pictures, round %d: p95 ratio %.2f", number + 1, rounds[-1]["ratio"])
            for sample in fault.samples:
                name = sample.kind.removeprefix("broken: ")
                if name in broken:
                    by_kind.setdefault(name, []).append(sample.ms)
                    if not sample.refused and sample.status not in broken[name].allowed:
                        wrong.append({"broken": name, "status": sample.status})
    result.figures["broken pictures"] = {
        "rounds": rounds, "wrongly_answered": wrong, "good_per_s": round(rate, 2),
        "by_kind_ms": {name: summary(spent) for name, spent in by_kind.items()},
    }  # fmt: skip
    result.targets += _targets("broken pictures", rounds)
    result.targets.append(
        at_most("broken requests with a wrong status", [float(len(wrong))], 0, note=str(wrong[:3]) if wrong else "")
    )


def _redis(bench: Bench, result: Result) -> None:
    with (
        RedisServer(bench.options.output / "redis") as redis,
        bench.service({"redis_url": redis.url}) as service,
        Generator(service.port) as generator,
    ):
        good, rate, expected = _prepared(bench, generator)
        for fault in REDIS_FAULTS:
            rounds = []
            for number in range(bench.options.rounds):
                calm = generator.open(good, rate, bench.stretch(rate))
                redis.fail(fault)
                failing = generator.open(good, rate, bench.stretch(rate))
                rounds.append(_round(calm, failing, expected))
                logger.info("  Redis %s, round %d: p95 ratio %.2f", fault, number + 1, rounds[-1]["ratio"])
                redis.heal()
                _reunited(service, generator, good)
            result.figures[f"Redis {fault}"] = {"rounds": rounds, "good_per_s": round(rate, 2)}
            result.targets += _targets(f"Redis {fault}", rounds)


def _prepared(bench: Bench, generator: Generator) -> tuple[FreshUploads, float, dict[str, list[float]]]:
    """Good uploads, their rate, and the scores that each is answered with when it is alone."""
    pictures = [path.read_bytes() for path in bench.pictures(bench.options.sizes[0])]
    good = FreshUploads(pictures, "good")
    alone = generator.one_by_one(good, len(pictures))
    require_fresh(alone)
    _, rates = best_clients(generator, good, seconds=bench.options.seconds / 2, quick=bench.options.quick)
    saturated = sustained(bench, generator, good, max(rates.values()))
    require_fresh(saturated, lossless=False)
    return good, LOAD * saturated.rate, {sample.kind: _scores(sample) for sample in alone.samples}


def _in_turn(
    bench: Bench, generator: Generator, load: tuple[tuple[Shots, float], tuple[Shots, float]], *, first: int
) -> tuple[Run, Run]:
    runs: dict[int, Run] = {}
    for which in (first, 1 - first):
        shots, rate = load[which]
        runs[which] = generator.open(shots, rate, bench.stretch(rate))
    return runs[0], runs[1]


def _mixed(good: Shots, broken: dict[str, Broken]) -> Iterator[Shot]:
    kinds = itertools.cycle(broken.items())
    for number in itertools.count(1):
        for _ in range(GOOD_TO_ONE_BROKEN):
            yield next(good)
        if number % ABANDONED_EVERY == 0:
            yield next(good)._replace(kind="abandoned", abandoned=True)
        else:
            name, (payload, _) = next(kinds)
            yield Shot(f"broken: {name}", payload)


def _round(calm: Run, fault: Run, expected: dict[str, list[float]]) -> dict[str, Any]:
    good = {
        name: [one for one in run.samples if one.kind.startswith("good")]
        for name, run in (("calm", calm), ("fault", fault))
    }
    p95 = {name: percentile([one.ms for one in samples if one.status == 200], 95) for name, samples in good.items()}
    differences = [_difference(_scores(one), expected[one.kind]) for one in good["fault"] if one.status == 200]
    return {
        "calm_p95_ms": round(p95["calm"], 3), "fault_p95_ms": round(p95["fault"], 3),
        "ratio": round(p95["fault"] / p95["calm"], 4) if calm.kept_schedule and fault.kept_schedule else float("nan"),
        "good_lost": sum(one.status != 200 for one in good["fault"]) + fault.unanswered,
        "answers_compared": len(differences),
        "answers_changed": sum(difference > SAME_SCORE for difference in differences),
        "largest_difference": round(max(differences, default=0.0), 6),
        "calm_latency_ms": summary([one.ms for one in good["calm"]]),
        "fault_latency_ms": summary([one.ms for one in good["fault"]]), "generator": fault.generator(),
    }  # fmt: skip


def _targets(name: str, rounds: list[dict[str, Any]]) -> list[Target]:
    return [
        at_most(
            f"p95 of good requests with over without: {name}", [one["ratio"] for one in rounds], MOST, of=len(rounds)
        ),
        at_most(f"answers changed: {name}", [float(sum(one["answers_changed"] for one in rounds))], 0),
        at_most(f"good requests lost: {name}", [float(sum(one["good_lost"] for one in rounds))], 0),
    ]


def _scores(sample: Sample) -> list[float]:
    return [result["score"] for result in json.loads(sample.answer.body)["results"]]


def _difference(scores: list[float], expected: list[float]) -> float:
    """The largest between scores of one rank; ids may change places where products score the same."""
    if len(scores) != len(expected):
        return float("inf")
    return max((abs(one - other) for one, other in zip(scores, expected, strict=True)), default=0.0)


def _reunited(service: Service, generator: Generator, good: FreshUploads) -> None:
    """Ask until the service uses Redis again; its breaker tries every few seconds."""
    until = time.monotonic() + REUNITED_WITHIN_S
    while time.monotonic() < until:
        generator.one_by_one(good, 10)
        ready = service.fetch("/health/ready")[1]
        if b"redis" in ready and b"away" not in ready:
            return
    raise ModisteError(
        f"The service did not use Redis again within {REUNITED_WITHIN_S:g} s of its return.",
        hint="The service's log is in the output folder, under logs.",
    )
