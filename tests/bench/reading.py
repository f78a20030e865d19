"""What reading a large table costs: ``python -m tests.bench.reading``. No picture is opened."""

from __future__ import annotations

import csv
import random
import resource
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from catalog import read_catalog

FILES = 2000
"""Pictures that the rows name."""


def write(folder: Path, rows: int, pictures: int) -> Path:
    """A table with ordinary columns, a long description and several pictures in a cell."""
    (folder / "images").mkdir()
    for number in range(FILES):
        (folder / "images" / f"{number}.jpg").write_bytes(b"\xff\xd8\xff")
    chance = random.Random(1)
    with (folder / "catalog.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "title", "description", "colour", "category", "price", "stock", "tags", "images"])
        for row in range(rows):
            colour, kind = chance.choice(["red", "navy", "green"]), chance.choice(["Shirts", "Dresses", "Skirts"])
            named = chance.sample(range(FILES), pictures)
            writer.writerow([
                f"P-{row}", f"{colour} {kind} {row}", "<p>" + "soft and light " * 12 + "</p>", colour,
                f"Clothing > {kind}", f"{chance.randrange(10, 99)},90", 5, "summer, basics",
                ", ".join(f"images/{number}.jpg" for number in named),
            ])  # fmt: skip
    return folder / "catalog.csv"


def main(
    rows: Annotated[int, typer.Option(help="Products.")] = 100_000,
    pictures: Annotated[int, typer.Option(help="Of each product.")] = 4,
) -> None:
    """Print the time and the memory of reading."""
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), rows, pictures)
        started, computed = time.perf_counter(), time.process_time()
        catalog = read_catalog(path)
        seconds, processor = time.perf_counter() - started, time.process_time() - computed
        found = sum(len(product.images) for product in catalog)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    typer.echo(
        f"{len(catalog):,} products with {found:,} pictures: {seconds:.1f} s, {processor:.1f} s of them computing, "
        f"{memory:.0f} MB"
    )


if __name__ == "__main__":
    typer.run(main)
