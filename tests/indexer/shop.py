"""A small shop: pictures of one or two colours, and the table that lists them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

COLOURS = {"Red": (200, 30, 30), "Green": (30, 160, 60), "Blue": (30, 60, 200), "White": (240, 240, 240)}
SIZES = ("S", "M", "L")


def picture(colour: str, number: int) -> bytes:
    """A 40 x 50 JPEG in ``colour``, a little different for each number."""
    shade = np.random.default_rng(number).integers(-25, 25, size=(5, 4, 3))
    blocks = np.clip(np.array(COLOURS[colour]) + shade, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(blocks.repeat(10, axis=0).repeat(10, axis=1)).save(file, "JPEG", quality=90)
    return file.getvalue()


def write_shop(folder: Path, numbers: Sequence[int] = range(20)) -> Path:
    """Write ``catalog.csv`` and ``images/`` with one product for each number, and return the folder."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    with (folder / "catalog.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["id", "title", "image", "colour", "price", "new", "sizes"])
        for number in numbers:
            colour = list(COLOURS)[number % len(COLOURS)]
            name = f"images/{number}.jpg"
            (folder / name).write_bytes(picture(colour, number))
            sizes = "|".join(SIZES[: number % 3 + 1])
            flag = "true" if number % 2 else "false"
            table.writerow([f"p{number}", f"{colour} shirt {number}", name, colour, 10 + number / 2, flag, sizes])
    return folder


def write_variants(folder: Path) -> Path:
    """Write four shirts in two sizes each; those of one product cost the same. Returns the folder."""
    write_shop(folder, range(4))
    rows = ["id,item_group_id,title,image,size,price"]
    rows += [f"{n}-{size},G{n},Shirt {n},images/{n}.jpg,{size},{10 + n}" for n in range(4) for size in ("S", "M")]
    (folder / "catalog.csv").write_text("\n".join(rows) + "\n")
    return folder
