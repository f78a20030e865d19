"""Mixed traffic at half of the peak while generations change: nothing may fail, be refused, grow or slow down."""

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

from indexer.build import BuildOptions, build_generation
from indexer.generations.publication import list_generations, publish
from models.bundle import Bundle
from tests.bench.harness.load import Generator, Request, Sample, percentile
from tests.bench.harness.options import Bench, logger
from tests.bench.harness.report import Result, at_most, table
from tests.bench.harness.workload import MODIFICATIONS, FreshUploads, search

LOAD = 0.5
WEIGHTS = {"thumbnail": 45, "phone": 8, "product": 20, "text": 10, "filtered": 10, "repeated": 7}
MAX_GROWTH, MAX_SLOWER, MAX_SLOWER_SWAP = 1.05, 1.25, 3.0
POLL_S = 0.1
"""All processes swap within the second after a publication."""
CACHE_BYTES = 4 * 2**20
"""Small, so that the cache is full after a minute: memory that grows after that is a leak."""
WINDOWS = 12


def measure(bench: Bench) -> Result:
    """Statuses of all answers; memory and p95 at the end over those after the beginning; p99 while generations are
    swapped over that of the remaining time."""
    result = Result("soak")
    root, generations = _two_generations(bench)
    traffic = _traffic(bench)
    statuses: Counter[str] = Counter()
    by_window: dict[int, list[float]] = defaultdict(list)
    by_second: dict[int, list[float]] = defaultdict(list)
    swapped: set[int] = set()
    memory: list[int] = []
    with (
        bench.service({"cache_max_bytes": CACHE_BYTES, "poll_s": POLL_S}, index_root=root) as server,
        Generator(server.port) as generator,
    ):
        rate = LOAD * generator.closed(traffic, 8, bench.options.seconds).rate
        seconds = bench.options.soak_minutes * 60
        logger.info("  %.0f requests a second for %.1f minutes", rate, seconds / 60)
        start = time.monotonic()

        def each(sample: Sample) -> None:
            statuses[f"{sample.kind} {sample.status}"] += 1
            by_window[int((sample.due - start) / seconds * WINDOWS)].append(sample.ms)
            by_second[int(sample.due - start)].append(sample.ms)

        swaps = itertools.cycle(generations)

        def swap() -> None:
            publish(root, next(swaps), verify=False)
            second = int(time.monotonic() - start)
            swapped.update((second, second + 1))  # A swap that begins in one second may end in the next.

        with (
            _every(seconds / 120, lambda: memory.append(server.memory())),
            _every(seconds / 15, swap),
        ):
            run = generator.open(traffic, rate, seconds, each=each)
    p95 = [percentile(by_window[window], 95) for window in range(WINDOWS)]
    quarter = len(memory) // 4
    growth = percentile(memory[-quarter:], 50) / percentile(memory[quarter : 2 * quarter], 50)
    slower = percentile(p95[-4:], 50) / percentile(p95[1:5], 50)
    swap_p99, usual_p99 = (
        percentile([ms for second, of in by_second.items() if (second in swapped) is wanted for ms in of], 99)
        for wanted in (True, False)
    )
    refused = sum(count for status, count in statuses.items() if status.endswith(" 503"))
    failed = statuses.total() - refused - sum(count for status, count in statuses.items() if status.endswith(" 200"))
    row = [str(statuses.total()), f"{rate:.0f}", f"{memory[-1] / 2**20:.0f}", " ".join(f"{one:.0f}" for one in p95)]
    result.lines = table([["requests", "a second", "memory MiB", "p95 ms by twelfth"], row])
    result.figures = {
        "minutes": bench.options.soak_minutes, "per_s": round(rate, 1), "statuses": dict(sorted(statuses.items())),
        "p95_ms": [round(one, 2) for one in p95], "p99_ms": [round(usual_p99, 2), round(swap_p99, 2)],
        "resident_bytes": memory, "unanswered": run.unanswered,
    }  # fmt: skip
    result.targets = [
        at_most("requests that failed", [float(failed + run.unanswered)], 0),
        at_most("requests that were refused", [float(refused)], 0),
        at_most("memory of the last quarter over the second", [growth], MAX_GROWTH),
        at_most("p95 of the last third over that of the first", [slower], MAX_SLOWER),
        at_most(
            "p99 while generations are swapped over that of the other time", [swap_p99 / usual_p99], MAX_SLOWER_SWAP
        ),
    ]
    return result


def _two_generations(bench: Bench) -> tuple[Path, list[str]]:
    """An index of its own with two generations: the shop, and the shop without its last twentieth."""
    root = bench.options.cache / "soak-index"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(bench.index_root, root)
    part = bench.options.cache / f"{bench.shop.name}-part"
    part.mkdir(exist_ok=True)
    (part / "images").unlink(missing_ok=True)
    (part / "images").symlink_to((bench.shop / "images").resolve(), target_is_directory=True)
    lines = (bench.shop / "catalog.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (part / "catalog.csv").write_text("".join(lines[: len(lines) * 19 // 20]), encoding="utf-8")
    build_generation(part, Bundle(bench.options.bundle, device="cpu"), root, BuildOptions(device="cpu"))
    return root, [listed.id for listed in list_generations(root)[-2:]]


def _traffic(bench: Bench) -> Iterator[Request]:
    """Requests of the kinds in ``WEIGHTS``. Products are of the half that both generations have."""
    # Drawn before the load begins, and not by its first request.
    uploads = {size: FreshUploads(bench.pictures(size)) for size in ("thumbnail", "phone")}
    return _requests(uploads, bench.products[: len(bench.products) // 2])


def _requests(uploads: dict[str, FreshUploads], ids: list[str]) -> Iterator[Request]:
    chance, serials = random.Random(11), itertools.count()
    while True:
        kind = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if kind in uploads:
            yield Request(kind, next(uploads[kind]).payload)
        elif kind == "text":
            yield Request(kind, search({"text": f"{chance.choice(MODIFICATIONS)} {next(serials)}"}))
        elif kind == "repeated":
            yield Request(kind, search({"product_id": chance.choice(ids[:10]), "text": MODIFICATIONS[0]}))
        else:
            filters = {"filters": {"price": {"min": chance.randrange(20, 40), "max": 60}}} if kind == "filtered" else {}
            text = chance.choice(MODIFICATIONS)
            yield Request(kind, search({"product_id": chance.choice(ids), "text": text, **filters}))


@contextmanager
def _every(seconds: float, work: Callable[[], object]) -> Iterator[None]:
    """Call ``work`` in a thread every so many seconds until the block ends."""
    done = threading.Event()

    def loop() -> None:
        while not done.wait(seconds):
            work()

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
