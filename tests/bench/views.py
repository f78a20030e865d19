"""What further pictures of a product are worth: ``python -m tests.bench.views FOLDER``.

Products of the *Fashion Product Images* layout that share title and colour, but not the photograph, count as one
product with several pictures. One picture of each is the query; the others are indexed: the first alone, all of them as
results of their own, or all of them with the best one counting for the product (``indexer.generations.tables.views``).
"""

from __future__ import annotations

import random
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer

from catalog import Product, read_catalog
from indexer.generations.tables.views import ViewStore
from indexer.stores.faiss_store import FaissStore
from indexer.stores.store import Rows, Vectors
from models.bundle import SHIPPED_BUNDLE, Bundle, decode_image

MAX_VIEWS = 3
DEPTHS = (1, 10)


def several_pictures(folder: Path, groups: int, others: int, seed: int) -> tuple[list[list[Product]], list[Product]]:
    """Groups of at least three different pictures, and products that are alone."""
    catalog = read_catalog(folder)
    alike: dict[tuple[str, str], dict[str, Product]] = defaultdict(dict)
    for product in catalog:
        key = (product.title.casefold(), str(product.attributes.get("baseColour")))
        alike[key][product.image_hash()] = product
    rng = random.Random(seed)
    several = [list(found.values()) for found in alike.values() if len(found) > 2]
    alone = [next(iter(found.values())) for found in alike.values() if len(found) == 1]
    chosen = rng.sample(several, min(groups, len(several)))
    return [rng.sample(one, len(one))[: MAX_VIEWS + 1] for one in chosen], rng.sample(alone, min(others, len(alone)))


def encoded(products: list[Product], bundle: Bundle) -> Vectors:
    """Embeddings of main pictures, ``[N, D]``."""
    images = bundle.manifest.images
    size = (images.width, images.height)
    rows = []
    for start in range(0, len(products), 64):
        pictures = [decode_image(one.read_image(), about=size) for one in products[start : start + 64]]
        rows.append(bundle.vision(np.stack([images.pixels(picture) for picture in pictures])).embedding)
    return np.concatenate(rows)


def hits(found: Rows, owners: npt.NDArray[np.int64], depth: int) -> npt.NDArray[np.bool_]:
    """Whether the product of each query is among its first ``depth`` results ``[Q]``."""
    return np.array([number in owners[rows[:depth]] for number, rows in enumerate(found)])


def main(
    folder: Annotated[Path, typer.Argument(help="The layout's folder, with styles.csv and images/.")],
    groups: Annotated[int, typer.Option(help="Products with several pictures.")] = 400,
    others: Annotated[int, typer.Option(help="Products with one picture.")] = 1500,
    seed: Annotated[int, typer.Option(help="Of the choice.")] = 1,
) -> None:
    """Print the share of queries that find their product, in per cent."""
    bundle = Bundle(SHIPPED_BUNDLE, device="cpu", threads=1)
    several, alone = several_pictures(folder, groups, others, seed)
    queries = encoded([one[-1] for one in several], bundle)
    mains = [one[0] for one in several] + alone
    further = [(number, view) for number, one in enumerate(several) for view in one[1:-1]]
    vectors = np.concatenate([encoded(mains, bundle), encoded([view for _, view in further], bundle)]).astype(
        np.float16
    )
    owners = np.concatenate([np.arange(len(mains)), np.array([number for number, _ in further])]).astype(np.int64)
    with tempfile.TemporaryDirectory() as temporary:
        one = FaissStore.build(vectors[: len(mains)], Path(temporary), device="cpu", threads=1)
        every = FaissStore.build(vectors, Path(temporary), device="cpu", threads=1)
        plain = np.arange(len(mains))
        results = {
            "the main picture alone": (one.search(queries, max(DEPTHS))[1], plain),
            "all pictures, each a result": (every.search(queries, max(DEPTHS))[1], owners),
            "all pictures, the best one counts": (
                ViewStore(every, owners, len(mains)).search(queries, max(DEPTHS))[1],
                plain,
            ),
        }
    typer.echo(
        f"{len(several)} products with {len(vectors) - len(mains) + len(several)} pictures, {len(alone)} with one"
    )
    first = results["the main picture alone"]
    rng = np.random.default_rng(seed)
    for name, (found, of) in results.items():
        cells = []
        for depth in DEPTHS:
            gain = hits(found, of, depth).astype(float) - hits(*first, depth)
            drawn = gain[rng.integers(0, len(gain), (2000, len(gain)))].mean(axis=1)
            low, high = np.percentile(drawn, [2.5, 97.5]) * 100
            cells.append(f"R@{depth} {hits(found, of, depth).mean():6.1%} (gain {low:+.1f} to {high:+.1f})")
        typer.echo(f"{name:<36} {'   '.join(cells)}")


if __name__ == "__main__":
    typer.run(main)
