"""How fast: one client, by kind of search; then an open loop at shares of the peak."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial

from tests.bench.harness.load import Generator, Request, Requests, Run
from tests.bench.harness.options import Bench, logger
from tests.bench.harness.report import Result, at_most, table
from tests.bench.harness.servers import PROCESSES, Server
from tests.bench.harness.workload import MODIFICATIONS, SIZES, FreshUploads, search, upload

ONE_BY_ONE = 100
LEVELS = (25, 50, 75, 90)
"""Per cent of the peak, the most good answers a second that 8 or 32 clients get."""
MAX_AT_75 = 3.0


def measure(bench: Bench) -> Result:
    """Latency and CPU time of one client; p95 at load over the p50 of one client."""
    result = Result("latency")
    with bench.service() as server, Generator(server.port) as generator:
        _one_client(bench, server, generator, result)
        _loaded(bench, generator, result)
        result.figures["memory_mib"] = round(server.memory() / 2**20)
        result.lines.append(f"memory after that: {result.figures['memory_mib']} MiB in {PROCESSES} processes")
    return result


def kinds(bench: Bench) -> dict[str, Requests]:
    """The kinds of searches, none of which was sent before, but for the cached one."""
    thumbnail = bench.pictures("thumbnail")[0]
    ids = itertools.cycle(bench.products)
    return {
        **{
            f"picture and text, {width} x {height}": FreshUploads(bench.pictures(name))
            for name, (width, height) in SIZES.items()
        },
        "another text for the same picture": _texts(lambda text: upload(thumbnail, text)),
        "product and text": _texts(lambda text: search({"product_id": next(ids), "text": text})),
        "text": _texts(lambda text: search({"text": text})),
        "the same search again (cached)": itertools.repeat(Request("cached", upload(thumbnail, "in red"))),
    }  # fmt: skip


def _texts(payload: Callable[[str], bytes]) -> Iterator[Request]:
    """Requests with texts that were never sent before."""
    for number in itertools.count():
        yield Request("text", payload(f"{MODIFICATIONS[number % len(MODIFICATIONS)]} {number}"))


def _one_client(bench: Bench, server: Server, generator: Generator, result: Result) -> None:
    count = min(ONE_BY_ONE, 20 * round(bench.options.seconds + 0.5))
    rows = [["one client", "p50 ms", "p95 ms", "CPU ms", "stages, median ms"]]
    for kind, requests in kinds(bench).items():
        generator.one_by_one(requests, 10)
        run = server.measured(partial(generator.one_by_one, requests, count))
        stages = run.stages()
        parts = ", ".join(f"{stage} {spent:.1f}" for stage, spent in stages.items() if spent >= 0.05)
        rows.append([kind, f"{run.p(50):.1f}", f"{run.p(95):.1f}", f"{run.cpu_ms:.1f}", parts])
        result.figures[kind] = {**run.json(), "stages_ms": stages}
        result.targets.append(at_most(f"failed or refused, {kind}", [float(count - len(run.good))], 0))
    result.lines = table(rows)


def _loaded(bench: Bench, generator: Generator, result: Result) -> None:
    uploads, seconds = FreshUploads(bench.pictures("thumbnail")), bench.options.seconds
    levels: dict[int, list[Run]] = {level: [] for level in LEVELS}
    ratios, peaks = [], []
    for number in range(bench.options.rounds):
        alone = generator.one_by_one(uploads, 40)
        peaks.append(max(generator.closed(uploads, clients, seconds).rate for clients in (8, 32)))
        for level in LEVELS[:: -1 if number % 2 else 1]:
            levels[level].append(generator.open(uploads, peaks[-1] * level / 100, seconds, seed=number))
        ratios.append(levels[75][-1].p(95) / alone.p(50))
        logger.info(
            "  round %d: peak %.0f/s, p95 at 75%% over p50 of one client %.1f", number + 1, peaks[-1], ratios[-1]
        )
    rows = [["open loop, per cent of the peak", "offered/s", "p50 ms", "p95 ms", "p99 ms", "refused"]]
    for level, runs in levels.items():
        middle = sorted(runs, key=lambda run: run.p(95))[len(runs) // 2]
        rows.append(
            [
                f"{level}%", f"{len(middle.samples) / seconds:.0f}", f"{middle.p(50):.1f}", f"{middle.p(95):.1f}",
                f"{middle.p(99):.1f}", f"{len(middle.refused) / max(1, len(middle.samples)):.1%}",
            ]
        )  # fmt: skip
    result.lines += table(rows)
    result.figures["open loop"] = {
        "peak_per_s": [round(peak, 1) for peak in peaks],
        "levels": {level: [run.json() for run in runs] for level, runs in levels.items()},
    }
    result.targets.append(at_most("p95 at 75% of the peak over the p50 of one client", ratios, MAX_AT_75))
    lost = sum(run.failed for runs in levels.values() for run in runs)
    result.targets.append(at_most("failed requests of the open loop", [float(lost)], 0))
