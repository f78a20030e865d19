"""Soak: mixed traffic for half an hour while generations change; nothing may grow, fail or slow down."""

from __future__ import annotations

import itertools
import random
import shutil
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from indexer.build import BuildOptions, build_generation
from indexer.publication import list_generations, publish
from models.bundle import Bundle
from service.settings import Settings
from tests.bench.bench import Bench, logger
from tests.bench.broken import broken_requests
from tests.bench.load import Generator, Sample, Shot
from tests.bench.requests import MODIFICATIONS, FreshUploads, search
from tests.bench.result import Chart, Result, at_most
from tests.bench.saturation import sustained
from tests.bench.shop import beginning
from tests.bench.statistics import percentile, summary

TITLE = "Soak: mixed traffic, generations that change"
LOAD = 0.5
"""Share of the saturation of this very traffic."""
WEIGHTS = {
    "thumbnail": 40, "phone": 8, "product": 20, "text": 10, "filtered": 10, "repeated": 10, "broken": 2,
}  # fmt: skip
MOST_GROWTH, MOST_SLOWER = 1.05, 1.25
CACHE_BYTES = 4 * 2**20
"""Small, so that caches are full after the first minutes: growth that goes on after that is a leak."""


def measure(bench: Bench) -> Result:
    """Memory and p95 of the end against those of the beginning; every answer's status."""
    result = Result("soak", TITLE)
    root, ids = _two_generations(bench)
    by_window: dict[int, list[float]] = defaultdict(list)
    by_kind: dict[str, list[float]] = defaultdict(list)
    statuses: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    shots, allowed = _traffic(bench)
    caches = {name: CACHE_BYTES for name in Settings.model_fields if name.endswith("cache_max_bytes")}
    with bench.service(caches, index_root=root) as service, Generator(service.port) as generator:
        closed = generator.closed(shots, 8, 0.5 if bench.options.quick else 15)
        saturated = sustained(bench, generator, shots, len(closed.samples) / closed.seconds)
        rate = LOAD * (len(saturated.samples) - len(saturated.refused)) / saturated.seconds
        seconds = max(bench.options.soak_minutes * 60, bench.stretch(rate))
        window = 60.0 if seconds >= 300 else seconds / 6
        logger.info("  %.0f requests a second for %.1f minutes", rate, seconds / 60)
        start = time.monotonic()

        def each(sample: Sample) -> None:
            kind = sample.kind.split(":")[0].split(" ")[0]
            statuses[f"{kind} {sample.status}"] += 1
            if sample.status == 503 and 503 not in allowed(sample.kind):
                refused[f"{sample.kind} refused"] += 1
            elif sample.status not in allowed(sample.kind):
                wrong[f"{sample.kind} answered {sample.status}"] += 1
            else:
                by_window[int((sample.intended - start) / window)].append(sample.ms)
                if len(by_kind[kind]) < 20_000:
                    by_kind[kind].append(sample.ms)

        memory: list[tuple[float, int]] = []
        swaps = itertools.cycle(ids)
        with (
            _every(max(seconds / 1000, 0.2), lambda: memory.append((time.monotonic() - start, service.memory()))),
            _every(max(seconds / 15, 1.0), lambda: publish(root, next(swaps), verify=False)),
        ):
            run = generator.open(shots, rate, seconds, bench.options.arrivals, each)
        swapped = _metric(service.fetch("/metrics")[1])
    p95 = [percentile(by_window[at], 95) for at in sorted(by_window) if (at + 1) * window <= seconds + 0.5]
    third = max(1, (len(p95) - 1) // 3)
    resident = [amount for _, amount in memory]
    quarter = max(1, len(resident) // 4)
    growth = percentile(resident[-quarter:], 50) / percentile(resident[quarter : 2 * quarter], 50)
    result.figures = {
        "minutes": round(seconds / 60, 2), "rate_per_s": round(rate, 2), "generator": run.generator(),
        "requests": sum(statuses.values()), "statuses": dict(sorted(statuses.items())), "unexpected": dict(wrong),
        "refused": dict(refused),
        "unanswered": run.unanswered, "window_s": window, "p95_ms_by_window": [round(value, 3) for value in p95],
        "latency_ms_by_kind": {kind: summary(spent) for kind, spent in by_kind.items()},
        "resident_bytes": memory[:: max(1, len(memory) // 300)], "memory_growth": round(growth, 4),
        "generation_metrics": swapped, "cache_bytes": caches,
    }  # fmt: skip
    slower = percentile(p95[-third:], 50) / percentile(p95[1 : 1 + third] or p95[:1], 50) if p95 else float("nan")
    result.targets = [
        at_most("memory of the last quarter over the second", [growth], MOST_GROWTH),
        at_most(
            "unexpected, refused or missing answers",
            [float((wrong + refused).total() + run.unanswered)],
            0,
            note=_few(wrong + refused),
        ),
        at_most("p95 of the last third over the first", [slower], MOST_SLOWER),
    ]
    mib = [(at / 60, amount / 2**20) for at, amount in memory]
    result.charts = [
        Chart("Resident memory", "minutes", "MiB", {"service": mib}),
        Chart("p95", "minutes", "ms", {"p95": [((at + 1) * window / 60, value) for at, value in enumerate(p95)]}),
    ]
    return result


def _two_generations(bench: Bench) -> tuple[Path, list[str]]:
    """An index root of the soak's own with two generations: the shop, and the shop without its last tenth."""
    root = bench.options.cache / "soak-index"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(bench.index_root(), root)
    catalog = beginning(bench.shop, len(bench.products) * 9 // 10, bench.options.cache)
    build_generation(catalog, Bundle(bench.bundle, device="cpu"), root, BuildOptions(device="cpu"))
    return root, [listed.id for listed in list_generations(root)[-2:]]


def _traffic(bench: Bench) -> tuple[Iterator[Shot], Callable[[str], tuple[int, ...]]]:
    """Shots by ``WEIGHTS``, and which statuses are right for each kind."""
    pictures = {size: [path.read_bytes() for path in bench.pictures(size)] for size in bench.options.sizes}
    uploads = {size: FreshUploads(found, size) for size, found in pictures.items()}
    broken = broken_requests(pictures[bench.options.sizes[-1]][0])
    broken_kinds = itertools.cycle(broken.items())
    ids = bench.products[: len(bench.products) // 2]
    dice = random.Random(11)
    serials = itertools.count()

    def shot(kind: str) -> Shot:
        if kind in uploads:
            return next(uploads[kind])
        if kind == "broken":
            name, (payload, _) = next(broken_kinds)
            return Shot(f"broken: {name}", payload)
        if kind == "text":
            return Shot(kind, search({"text": f"{dice.choice(MODIFICATIONS)} {next(serials)}"}))
        fields: dict[str, Any] = {"product_id": dice.choice(ids), "text": dice.choice(MODIFICATIONS)}
        if kind == "repeated":
            fields = {"product_id": ids[next(serials) % 10], "text": MODIFICATIONS[0]}
        elif kind == "filtered":
            fields["filters"] = {"price": {"min": dice.randrange(20, 40), "max": 60}}
        return Shot(kind, search({**fields, "k": dice.choice((10, 20, 50))}))

    weights = {
        kind: weight for kind, weight in WEIGHTS.items() if kind not in ("thumbnail", "phone") or kind in uploads
    }

    def shots() -> Iterator[Shot]:
        while True:
            yield shot(dice.choices(list(weights), list(weights.values()))[0])

    return shots(), lambda kind: broken[kind[8:]].allowed if kind.startswith("broken: ") else (200,)


@contextmanager
def _every(seconds: float, work: Callable[[], object]) -> Iterator[None]:
    """Do ``work`` again and again in a thread until the block ends."""
    over = threading.Event()

    def loop() -> None:
        while not over.wait(seconds):
            work()

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _metric(exposition: bytes) -> dict[str, float]:
    """What the service counted of generations."""
    lines = [line for line in exposition.decode().splitlines() if line.startswith("modiste_generation")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def _few(wrong: Counter[str]) -> str:
    return "; ".join(f"{count} x {what}" for what, count in wrong.most_common(3))
