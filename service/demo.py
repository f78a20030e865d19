"""``modiste demo``: draws a shop, indexes it, serves it, and searches it once over HTTP."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from catalog.errors import ModisteError
from indexer.build import build_generation
from indexer.generations.manifest import GenerationError, generation_folder, read_manifest
from indexer.generations.publication import current_id
from models.bundle import Bundle
from models.datasets.garments import draw_catalog
from service.app import create_app
from service.client import call
from service.server.listening import listen
from service.server.serve import running
from service.settings import load_settings

SEED = 7
SHOWN = 5
COLOUR = "colour"
SECOND_COLOUR = "second colour"

Product = dict[str, Any]


class ExampleFailed(ModisteError):
    """The results of the example do not satisfy its modification."""

    exit_code = 3


@dataclass(frozen=True)
class Example:
    """A reference, a modification, and the attributes of its targets."""

    reference: Product
    modification: str
    wanted: dict[str, str]

    def is_satisfied_by(self, product: Product) -> bool:
        """Whether ``product`` is a target."""
        return all(product["attributes"].get(name) == value for name, value in self.wanted.items())


def run_demo(
    folder: Path, *, products: int, bundle_folder: Path, host: str | None, port: int | None, once: bool
) -> None:
    """Draw, index, serve, search; then serve until Ctrl-C unless ``once``.

    ``host`` and ``port`` override the settings.

    Raises:
        ModisteError: The port is taken, or something could not be drawn, indexed or served.
        ExampleFailed: Fewer than half of the best results satisfy the modification.
    """
    settings = load_settings(index_root=folder / "index", bundle=bundle_folder, host=host, port=port, processes=1)
    # The keys and rates of another service in the environment would refuse the example's own requests.
    settings = settings.model_copy(update={"keys": None, "address_rate": None, "address_quota": None})
    listen(settings.host, settings.port).close()  # Report a taken port now, not after minutes of drawing.
    bundle = Bundle(bundle_folder)
    catalog = draw_catalog(folder / "catalog", products, SEED)
    if not _is_indexed(settings.index_root, catalog, bundle):
        typer.echo(f"Indexing {products:,} products with {bundle.name} ...")
        build_generation(catalog, bundle, settings.index_root)

    with listen(settings.host, settings.port) as bound, running(create_app(settings), settings, bound) as url:
        example = choose_example(_all_products(url))
        query = {"product_id": example.reference["id"], "text": example.modification, "k": SHOWN}
        answer = call(url, "/search", query)
        typer.echo(_report(example, answer))
        satisfied = sum(example.is_satisfied_by(result) for result in answer["results"])
        if once:
            if satisfied * 2 <= SHOWN:
                raise ExampleFailed(
                    f"Only {satisfied} of the {SHOWN} best results satisfy the modification.",
                    hint="Use a bundle that was trained for garments: omit --bundle.",
                )
            return
        typer.echo(f"\nThe page is at {url}/  (Ctrl-C stops the service)")
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


def choose_example(products: Sequence[Product]) -> Example:
    """The reference and the colour with the most close targets in the catalogue.

    Close targets have the type of the reference and the new colour, and differ in at most one other attribute. One of
    them must differ only in colour.

    Raises:
        ModisteError: The catalogue is too small.
    """
    families: dict[str, list[Product]] = defaultdict(list)
    for product in products:
        if SECOND_COLOUR not in product["attributes"]:
            families[product["attributes"]["type"]].append(product)
    best, best_count = None, 0
    for family in families.values():
        for reference in family:
            close: dict[str, list[int]] = defaultdict(list)
            for other in family:
                differences = _differences(reference, other)
                if COLOUR in differences and len(differences) <= 2:
                    close[other["attributes"][COLOUR]].append(len(differences))
            for colour, counts in sorted(close.items()):
                if 1 in counts and len(counts) > best_count:
                    wanted = {"type": reference["attributes"]["type"], COLOUR: colour}
                    best, best_count = Example(reference, f"in {colour}", wanted), len(counts)
    if best is None:
        raise ModisteError(
            "No product of this catalogue has a modification with enough targets.", hint="Use --products 2000."
        )
    return best


def _differences(one: Product, other: Product) -> set[str]:
    """The attributes in which two products differ, without prices."""
    mine, theirs = one["attributes"], other["attributes"]
    return {name for name in mine.keys() | theirs.keys() if name != "price" and mine.get(name) != theirs.get(name)}


def _is_indexed(index_root: Path, catalog: Path, bundle: Bundle) -> bool:
    """Whether the published generation was built from the current catalogue with this bundle."""
    try:
        published = current_id(index_root)
        if published is None:
            return False
        folder = generation_folder(index_root, published)
        same_bundle = read_manifest(folder).fingerprint == bundle.fingerprint
        return same_bundle and folder.stat().st_mtime >= (catalog / "catalog.csv").stat().st_mtime
    except (GenerationError, OSError):
        return False


def _all_products(url: str) -> list[Product]:
    products: list[Product] = []
    while True:
        page = call(url, f"/products?limit=200&offset={len(products)}")
        products += page["products"]
        if len(products) >= page["total"]:
            return products


def _report(example: Example, answer: dict[str, Any]) -> str:
    names = [name for name in example.reference["attributes"] if name != "price"]
    rows = [["", "score", "title", *names]]
    rows += [
        ["✓" if example.is_satisfied_by(result) else "·", f"{result['score']:.3f}", result["title"]]
        + [str(result["attributes"].get(name, "–")) for name in names]
        for result in answer["results"]
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    table = "\n".join(lines)
    return (
        f"\nreference     {example.reference['title']}  (product {example.reference['id']})\n"
        f"modification  {example.modification}\n\n{table}\n\n"
        f"{answer['timings_ms']['total']:.0f} ms, {answer['total']:,} products, {answer['bundle']}"
    )
