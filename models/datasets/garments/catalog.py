"""Drawn catalogues: a folder with pictures and their table, drawn once."""

import csv
import json
import multiprocessing
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from catalog.errors import ModisteError
from models.datasets.garments.drawing import RENDERER_VERSION, draw_garment, require_size
from models.datasets.garments.families import sample_shop
from models.datasets.garments.garment import Garment
from models.datasets.garments.values import ATTRIBUTE_VALUES
from models.progress import track

COLUMNS = ("id", "title", "image", *ATTRIBUTE_VALUES, "price")

_STAMP = "drawn.json"
_TABLE = "catalog.csv"
_IMAGES = "images"
_BATCH = 25
_PRICES = {
    "dress": 55, "shirt": 38, "t-shirt": 18, "skirt": 36, "trousers": 48, "jacket": 95, "shoes": 70, "bag": 60,
}  # fmt: skip

Recipe = dict[str, int]


def draw_catalog(
    folder: Path, count: int, seed: int, width: int = 300, height: int = 400, workers: int | None = None
) -> Path:
    """Draw a catalogue of ``count`` garments into ``folder``, and return the folder.

    The folder gets ``images/<id>.jpg`` and ``catalog.csv`` with the columns ``COLUMNS``; cells of attributes that a
    garment does not have are empty. A complete catalogue with the same settings is not drawn again; an incomplete one,
    or one with other settings, is replaced. ``workers`` processes are used, by default as many as there are available
    CPUs. With more than one, a script must be importable by multiprocessing (``if __name__ == "__main__"``).

    Raises:
        ModisteError: Count, size or number of workers is invalid, or the folder contains other files.
    """
    if count < 1:
        raise ModisteError(f"A catalogue cannot have {count} products.", hint="Ask for at least 1.")
    if seed < 0:
        raise ModisteError(f"A catalogue's seed cannot be {seed}.", hint="Use a non-negative integer.")
    if workers is not None and workers < 1:
        raise ModisteError(f"The number of workers cannot be {workers}.", hint="Use at least 1.")
    require_size(width, height)

    recipe = {"renderer": RENDERER_VERSION, "count": count, "seed": seed, "width": width, "height": height}
    if _is_drawn(folder, recipe):
        return folder
    _clear(folder)
    _write(folder / _STAMP, json.dumps({**recipe, "complete": False}))
    (folder / _IMAGES).mkdir()
    products = {f"G{number:05d}": garment for number, garment in enumerate(sample_shop(count, seed), start=1)}
    for _ in track(_pictures(folder, products, width, height, workers), total=count, what="draw", unit="garment"):
        pass
    _write_table(folder / _TABLE, products)
    _write(folder / _STAMP, json.dumps({**recipe, "complete": True}))
    return folder


def _is_drawn(folder: Path, recipe: Recipe) -> bool:
    try:
        stamp = json.loads((folder / _STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    if stamp != {**recipe, "complete": True} or not (folder / _TABLE).is_file():
        return False
    images = folder / _IMAGES
    return images.is_dir() and sum(1 for _ in images.glob("*.jpg")) == recipe["count"]


def _clear(folder: Path) -> None:
    """Empty ``folder``; only files of a drawn catalogue are removed."""
    if folder.exists() and not folder.is_dir():
        raise ModisteError(f"{folder} is a file, not a folder.", hint="Choose another folder for the catalogue.")
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        return
    if not (folder / _STAMP).is_file():
        raise ModisteError(
            f"{folder} holds files that are no drawn catalogue.",
            hint="Choose an empty folder, or one that does not exist.",
        )
    # The stamp is removed last, so that a partly cleared folder is recognised.
    (folder / _TABLE).unlink(missing_ok=True)
    if (folder / _IMAGES).exists():
        shutil.rmtree(folder / _IMAGES)


def _pictures(
    folder: Path, products: dict[str, Garment], width: int, height: int, workers: int | None
) -> Iterator[str]:
    """Draw every picture, and yield the id of each product when its picture is written."""
    entries = list(products.items())
    batches = [entries[start : start + _BATCH] for start in range(0, len(entries), _BATCH)]
    draw = partial(_draw_batch, folder / _IMAGES, width, height)
    processes = min(workers or _cores(), len(batches))
    if processes == 1:
        for batch in batches:
            yield from draw(batch)
        return
    # Spawned, because forking a process with threads is unsafe.
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        for names in pool.map(draw, batches):
            yield from names


def _cores() -> int:
    # Containers and batch systems often allow fewer CPUs than the machine has.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _draw_batch(images: Path, width: int, height: int, batch: list[tuple[str, Garment]]) -> list[str]:
    for name, garment in batch:
        draw_garment(garment, width, height).save(images / f"{name}.jpg", quality=90)
    return [name for name, _ in batch]


def _write_table(path: Path, products: dict[str, Garment]) -> None:
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        table.writeheader()
        for name, garment in products.items():
            described = {"id": name, "title": garment.title, "image": f"{_IMAGES}/{name}.jpg", "price": _price(garment)}
            table.writerow({**described, **garment.attributes})
    os.replace(draft, path)


def _write(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)


def _price(garment: Garment) -> str:
    """A plausible price with two decimals, determined by the garment."""
    rng = np.random.default_rng([garment.seed, 10])
    dearer = 1.15 if garment.pattern in ("floral", "checked") else 1.0
    whole = int(_PRICES[garment.type] * dearer * rng.lognormal(0, 0.28))
    return f"{max(whole, 7)}.{rng.choice(['90', '95', '99', '00'])}"
