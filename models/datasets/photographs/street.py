"""Garments in street photographs with pixel labels (*Clothing Co-Parsing*, Yang et al., CVPR 2014; Apache-2.0).

The folder holds ``names.txt`` (59 labels, counted from 0), ``images/<id>.jpg`` and ``labels/<id>.png`` with one byte
per pixel. Each labelled region is one garment with its bounding box; both shoes of a pair are one region. The split
keeps the garments of a photograph together.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from catalog.errors import ModisteError
from models.datasets.photographs.labels_by_eye import labelled_by_eye
from models.datasets.photographs.photograph import Photograph, read_mask
from models.progress import track

MIN_PIXELS = 60
"""Regions of fewer pixels are too small to be recognised."""

_SHOES = ("casual shoe", "sports shoe", "formal shoe", "heel", "flat", "sandal", "shoe")
KINDS: dict[str, tuple[str, ...]] = {
    "bag": ("handbag", "backpack", "clutch", "messenger bag", "laptop bag", "duffel bag", "bag", "tote"),
    "purse": ("handbag", "clutch", "wallet"),
    "wallet": ("wallet", "clutch"),
    "belt": ("belt",),
    "blazer": ("blazer", "jacket", "nehru jacket"),
    "blouse": ("top", "shirt", "tunic", "blouse"),
    "boots": ("bootie", "boot", "heel", "casual shoe", "flat"),
    "bracelet": ("bracelet", "bangle"),
    "cardigan": ("sweater", "shrug", "cardigan"),
    "clogs": ("flat", "sandal", "heel"),
    "coat": ("jacket", "rain jacket", "coat"),
    "dress": ("dress",),
    "earrings": ("earring",),
    "flats": ("flat", "casual shoe"),
    "glasses": ("sunglass",),
    "gloves": ("glove",),
    "hat": ("cap", "hat"),
    "heels": ("heel", "pump"),
    "hoodie": ("sweatshirt", "jacket", "hoodie"),
    "jacket": ("jacket", "rain jacket"),
    "jeans": ("jean", "jegging"),
    "jumper": ("sweater", "sweatshirt"),
    "leggings": ("legging", "tight", "jegging"),
    "loafers": ("casual shoe", "formal shoe", "flat"),
    "necklace": ("necklace", "pendant", "jewellery set"),
    "pants": ("trouser", "jean", "track pant"),
    "pumps": ("heel", "pump"),
    "ring": ("ring",),
    "romper": ("romper", "jumpsuit"),
    "sandals": ("sandal", "flat", "heel", "flip flop"),
    "scarf": ("scarf", "stole", "muffler"),
    "shirt": ("shirt", "top"),
    "shoes": _SHOES,
    "shorts": ("short",),
    "skirt": ("skirt",),
    "sneakers": ("casual shoe", "sports shoe", "sneaker"),
    "socks": ("sock", "stocking"),
    "stockings": ("stocking", "legging", "tight"),
    "sunglasses": ("sunglass",),
    "sweater": ("sweater", "sweatshirt"),
    "sweatshirt": ("sweatshirt", "sweater"),
    "t-shirt": ("t-shirt",),
    "tie": ("tie",),
    "tights": ("tight", "legging", "stocking"),
    "top": ("top", "t-shirt"),
    "vest": ("waistcoat", "jacket"),
    "watch": ("watch",),
    "wedges": ("heel", "sandal", "wedges"),
}
"""By label, the words of the product types that it covers, as the attribute head spells them. Labels of no product
(skin, hair) and of underwear are left out."""


def read_street(folder: Path) -> list[Photograph]:
    """Every labelled garment with its box and its mask, in the order of the files and then of the labels.

    Raises:
        ModisteError: There is no ``names.txt``, or a label image cannot be read or uses a label without a name.
    """
    listed = folder / "names.txt"
    if not listed.is_file():
        raise ModisteError(f"{folder} has no names.txt.", hint="Give the folder of the street photographs.")
    names = listed.read_text(encoding="utf-8").splitlines()
    files = sorted((folder / "labels").glob("*.png"))
    found: list[Photograph] = []
    for path in track(files, total=len(files), what="read label images", unit="image"):
        pixels = read_mask(path)
        for value in np.unique(pixels).tolist():
            if value >= len(names):
                raise ModisteError(
                    f"{path} has the label {value}, but names.txt ends at {len(names) - 1}.",
                    hint="Give the names.txt that belongs to these label images.",
                )
            rows, columns = np.nonzero(pixels == value)
            if names[value] not in KINDS or len(rows) < MIN_PIXELS:
                continue
            box = (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
            photograph = folder / "images" / f"{path.stem}.jpg"
            found.append(
                Photograph(
                    f"{path.stem}-{names[value]}", names[value], KINDS[names[value]], path.stem, photograph, box,
                    (path, value),
                )
            )  # fmt: skip
    return labelled_by_eye(found)
