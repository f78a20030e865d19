"""The service over HTTP as its catalogue grows: searches a second of N products against those of the fewest.

    python -m tests.bench.growth INDEX_ROOT [--products N ...] [--rounds R] [--seconds S] [--folder F]

Generations of N products are made of the published one in ``F`` and kept (``tests.bench.harness.enlarged``). Each is
served by one process, all at the same time, and they take turns: four clients send pictures that no cache has seen,
each with a modification. Beside the rate stand searches for each CPU second of the service, which other processes of
the machine disturb less.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from indexer.generations.generation import Generation
from models.bundle import SHIPPED_BUNDLE
from tests.bench.harness.enlarged import enlarged
from tests.bench.harness.load import Generator, Run
from tests.bench.harness.report import machine, table
from tests.bench.harness.servers import service
from tests.bench.harness.workload import FreshUploads, drawn_pictures

CLIENTS = 4
PICTURES = 60


def measure(roots: dict[int, Path], cache: Path, rounds: int, seconds: float) -> dict[int, list[Run]]:
    """Stretches of load of each generation, by its products; the first one of each warms it up and is left out."""
    pictures = drawn_pictures(cache, "thumbnail", PICTURES)
    runs: dict[int, list[Run]] = {products: [] for products in roots}
    with ExitStack() as stack:
        servers = {
            products: stack.enter_context(service(root, SHIPPED_BUNDLE, cache / f"{products}.log", processes=1))
            for products, root in roots.items()
        }
        load = {products: stack.enter_context(Generator(server.port)) for products, server in servers.items()}
        uploads = FreshUploads(pictures)
        for products in roots:
            load[products].one_by_one(uploads, PICTURES)
        for _ in range(rounds):
            for products, server in servers.items():
                run = server.measured(lambda one=load[products]: one.closed(uploads, CLIENTS, seconds))  # type: ignore[misc]
                assert not run.failed, f"{run.failed} searches of {products} products failed"
                runs[products].append(run)
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index_root", type=Path)
    parser.add_argument("--products", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--folder", type=Path, default=Path("build/bench-cache/enlarged"))
    options = parser.parse_args()
    about = machine()
    print(f"{about['processor']}, {about['busy_before']:.0%} busy before")
    small = Generation.open(options.index_root)
    sizes = sorted(options.products)
    roots = {products: enlarged(small, products, options.folder / str(products)) for products in sizes}
    runs = measure(roots, options.folder / "growth", options.rounds, options.seconds)
    rows = [["products", "searches a second", "of the fewest", "CPU ms a search", "of the fewest", "p95 ms"]]
    first = runs[sizes[0]]
    for products in sizes:
        pairs = list(zip(runs[products], first, strict=True))
        rows.append(
            [
                f"{products:,}", f"{np.median([one.rate for one in runs[products]]):.1f}",
                f"{np.median([one.rate / other.rate for one, other in pairs]):.2f}x",
                f"{np.median([one.cpu_ms for one in runs[products]]):.2f}",
                f"{np.median([other.cpu_ms / one.cpu_ms for one, other in pairs]):.2f}x",
                f"{np.median([one.p(95) for one in runs[products]]):.0f}",
            ]
        )  # fmt: skip
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
