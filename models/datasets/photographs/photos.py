"""Photographs that people sent of their own garments, one garment each (the public *Clothing dataset*, CC0).

The folder holds ``photos.csv`` (id, label, kids, sender) and ``images/<id>.jpg``. Labels are broad, so each is mapped
to all product types that it covers; some photographs have narrower labels and colours by eye. The split keeps the
photographs of a sender together, because they share background and light.
"""

from __future__ import annotations

import csv
from pathlib import Path

from catalog.errors import ModisteError
from models.datasets.photographs.labels_by_eye import labelled_by_eye
from models.datasets.photographs.photograph import Photograph

KINDS: dict[str, tuple[str, ...]] = {
    "T-Shirt": ("t-shirt",),
    "Longsleeve": ("t-shirt", "sweatshirt", "sweater", "top"),
    "Pants": ("jean", "trouser", "track pant", "legging", "jegging", "capris"),
    "Shirt": ("shirt",),
    "Dress": ("dress",),
    "Shoes": (
        "casual shoe", "sports shoe", "formal shoe", "heel", "flat", "sandal", "sports sandal", "bootie", "flip flop",
        "shoe", "boot", "sneaker", "pump",
    ),
    "Outwear": ("jacket", "rain jacket", "nehru jacket", "blazer", "coat"),
    "Shorts": ("short",),
    "Skirt": ("skirt",),
    "Hat": ("cap", "hat"),
    "Polo": ("t-shirt",),
    "Undershirt": ("t-shirt", "top"),
    "Blazer": ("blazer", "jacket", "nehru jacket", "waistcoat"),
    "Hoodie": ("sweatshirt", "jacket", "hoodie"),
    "Top": ("top", "tunic"),
    "Blouse": ("top", "shirt", "tunic", "blouse"),
    "Body": ("romper", "t-shirt"),
}  # fmt: skip
"""By label, the words of the product types that it covers, as the attribute head spells them."""


def read_photos(folder: Path) -> list[Photograph]:
    """The labelled photographs, in the order of the table; rows labelled "Not sure" or "Other" are left out.

    Raises:
        ModisteError: There is no ``photos.csv``, or it lacks a column.
    """
    table = folder / "photos.csv"
    if not table.is_file():
        raise ModisteError(
            f"{folder} has no photos.csv.",
            hint="Give the folder of the photographs. To train on a shop's table without any, use `extends: shop`.",
        )
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    if rows and (missing := {"id", "label", "sender"} - rows[0].keys()):
        raise ModisteError(f"{table} has no column {sorted(missing)[0]}.", hint="It needs id, label and sender.")
    return labelled_by_eye(
        [
            Photograph(
                row["id"], row["label"], KINDS[row["label"]], row["sender"], folder / "images" / f"{row['id']}.jpg"
            )
            for row in rows
            if row["label"] in KINDS
        ]
    )
