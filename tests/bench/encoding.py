"""What a build adds to the vision graph: ``python -m tests.bench.encoding CATALOG``.

The build reads, hashes, decodes and encodes pictures; the bare encoder runs the vision graph on the same pictures,
decoded before. Both take turns, with all cores. Processor time is disturbed less by other programs than wall time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from catalog import read_catalog
from catalog.products import Products
from indexer.building.encode import encode_products
from models.bundle import SHIPPED_BUNDLE, Bundle, decode_image
from models.bundle.machine import usable_cores
from tests.bench.harness.report import machine, table

BATCHES = (1, 8, 16, 32, 64, 128)


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """Seconds of wall time and of processor time."""
    started, computed = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - started, time.process_time() - computed


def main(
    path: Annotated[Path, typer.Argument(help="A catalogue with one picture for each product.")],
    pictures: Annotated[int, typer.Option(help="Number of products.")] = 2048,
    rounds: Annotated[int, typer.Option(help="The median counts.")] = 5,
) -> None:
    """Print pictures a second of both."""
    about = machine()
    typer.echo(f"{about['processor']}, {about['busy_before']:.0%} busy before")
    bundle, threads = Bundle(SHIPPED_BUNDLE, device="cpu"), usable_cores()
    products = Products(list(islice(read_catalog(path), pictures)))
    images = bundle.manifest.images
    about_size = (images.width, images.height)
    pixels = np.stack([images.pixels(decode_image(one.read_image(), about=about_size)) for one in products])

    def bare(batch: int) -> None:
        for at in range(0, len(pixels), batch):
            bundle.vision(pixels[at : at + batch])

    best = min(BATCHES, key=lambda batch: min(timed(lambda: bare(batch))[0] for _ in range(2)))
    runs = [(timed(lambda: bare(best)), timed(lambda: encode_products(products, bundle, threads=threads)))
            for _ in range(rounds)]  # fmt: skip
    rows = [["", "pictures a second", "CPU ms a picture"]]
    for name, of in ((f"vision graph, batches of {best}", 0), ("build, decoding included", 1)):
        wall, cpu = np.median([run[of] for run in runs], axis=0)
        rows.append([name, f"{len(pixels) / wall:.0f}", f"{cpu / len(pixels) * 1000:.2f}"])
    ratio, cpu_ratio = np.median([(one[0] / other[0], one[1] / other[1]) for one, other in runs], axis=0)
    rows.append(["of the vision graph", f"{ratio:.2f}x", f"{cpu_ratio:.2f}x"])
    typer.echo("\n".join(table(rows)))


if __name__ == "__main__":
    typer.run(main)
