"""Saturation: requests a second, against the best that the bare pipeline does in batches on the same cores.

It is told twice. The clients of a closed loop, as many as do best, wait as long as it takes, and come to be in step
with the service: one batch answers them all, and they ask again together. Shoppers of an open loop come when they like,
and of too many some are refused, so that nobody waits for long. The first is judged beside the bare pipeline, whose
best batches wait for nobody either; shares of saturation at which an open loop is measured are shares of the second.
"""

from __future__ import annotations

from typing import Any

from tests.bench.bare import Bare, Way, cores, ways
from tests.bench.bench import Bench, logger, require_fresh
from tests.bench.load import Generator, Run, Shots
from tests.bench.result import Chart, Result, at_least, beside_bare
from tests.bench.statistics import Spread

TITLE = "Saturation, against the bare pipeline's best batches"
LEAST = 0.85
CLIENTS = (2, 4, 8, 16, 32)
BATCHES = (1, 2, 4, 8, 16, 32)
OVERLOAD = 1.2
"""What an open loop offers, of what a closed one gets, to find out what it sustains."""


def measure(bench: Bench) -> Result:
    """Rounds of the service at its best number of clients and the bare pipeline at its best way, in turn."""
    result = Result("saturation", TITLE)
    for size in bench.options.sizes:
        result.figures[size], ratios = _measure(bench, size)
        result.targets.append(at_least(f"requests a second over the bare pipeline's best, {size}", ratios, LEAST))
    bars = beside_bare(result.figures, "per_s", "median")
    result.charts.append(Chart("Requests a second", "picture", "a second", bars, "bars"))
    return result


def best_clients(generator: Generator, shots: Shots, *, seconds: float, quick: bool) -> tuple[int, dict[int, float]]:
    """How many clients bring the most good answers a second, and what each number brought."""
    rates = {}
    for clients in CLIENTS[1:3] if quick else CLIENTS:
        run = generator.closed(shots, clients, seconds)
        require_fresh(run)
        rates[clients] = round(run.rate, 2)
    return max(rates, key=lambda clients: rates[clients]), rates


def sustained(bench: Bench, generator: Generator, shots: Shots, closed_rate: float) -> Run:
    """An open loop with more than can be answered.

    Args:
        closed_rate: Good answers a second in a closed loop.
    """
    return generator.open(shots, OVERLOAD * closed_rate, bench.options.seconds, bench.options.arrivals)


def _best_way(bare: Bare, *, seconds: float, quick: bool) -> tuple[Way, list[dict[str, Any]]]:
    tried = {way: bare.throughput(way, seconds) for way in ways(cores(), BATCHES[:1] if quick else BATCHES)}
    # The best of many short tries is partly luck: the three that did best try again.
    finalists = sorted(tried, key=lambda way: tried[way], reverse=True)[:3]
    again = {way: bare.throughput(way, 2 * seconds) for way in finalists}
    table = [{**way._asdict(), "per_s": round(rate, 2)} for way, rate in tried.items()]
    return max(again, key=lambda way: again[way]), table


def _measure(bench: Bench, size: str) -> tuple[dict[str, Any], list[float]]:
    shots = bench.uploads(size)
    quick, seconds = bench.options.quick, bench.options.seconds
    with bench.service() as service, Generator(service.port) as generator, bench.bare(size) as bare:
        generator.one_by_one(shots, 20)
        way, tried = _best_way(bare, seconds=seconds / 8, quick=quick)
        clients, by_clients = best_clients(generator, shots, seconds=seconds / 4, quick=quick)
        logger.info("  %s: best bare way %s, best number of clients %d", size, way, clients)
        ours, opened, theirs, runs = [], [], [], []
        for number in range(bench.options.rounds):
            if number % 2:
                theirs.append(bare.throughput(way, seconds))
            run = generator.closed(shots, clients, seconds)
            require_fresh(run)
            ours.append(run.rate)
            runs.append(run.json())
            over = sustained(bench, generator, shots, run.rate)
            require_fresh(over, lossless=False)
            opened.append(over.rate)
            if not number % 2:
                theirs.append(bare.throughput(way, seconds))
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    open_ratios = [our / their for our, their in zip(opened, theirs, strict=True)]
    return {
        "service_per_s": Spread.of(ours).json(), "bare_per_s": Spread.of(theirs).json(),
        "ratio": Spread.of(ratios).json(), "clients": clients, "by_clients": by_clients,
        "open_loop_per_s": Spread.of(opened).json(), "open_loop_ratio": Spread.of(open_ratios).json(),
        "bare_way": way._asdict(), "bare_tried": tried, "rounds": runs, "cores": cores(),
    }, ratios  # fmt: skip
