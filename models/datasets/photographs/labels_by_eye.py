"""Narrower kinds and colours of photographs, given by eye for this project.

``narrower.txt`` and ``colours.txt`` have a line for each garment: the BLAKE2b digest of the photograph's file (8 bytes)
and the label by eye. The digest of a garment that is cut out by its box is followed by a slash and the dataset's label.
Digests are used because other folders may have the same ids. Training and held-out photographs are in the same files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from models.datasets.photographs.photograph import Photograph

_TRAINERS = ("casual shoe", "sports shoe", "sneaker")
NARROWER_KINDS: dict[str, tuple[str, ...]] = {
    "sneaker": _TRAINERS,
    "sports-shoe": _TRAINERS,
    "formal-shoe": ("formal shoe", "casual shoe"),
    "boot": ("boot", "bootie", "casual shoe"),
    "heel": ("heel", "pump"),
    "heeled-sandal": ("heel", "sandal"),
    "flat": ("flat",),
    "sandal": ("sandal", "sports sandal", "flat"),
    "flip-flop": ("flip flop", "sandal"),
    "jacket": ("jacket", "rain jacket"),
    "coat": ("coat", "jacket"),
    "blazer": ("blazer",),
    "waistcoat": ("waistcoat", "nehru jacket"),
    "cardigan": ("cardigan", "sweater"),
    "cap": ("cap",),
    "hat": ("hat",),
    "beanie": ("cap", "hat"),
    "jeans": ("jean", "jegging"),
    "trousers": ("trouser",),
    "track-pants": ("track pant",),
    "leggings": ("legging", "jegging"),
    "capris": ("capris",),
    "t-shirt": ("t-shirt",),
    "sweatshirt": ("sweatshirt", "hoodie"),
    "sweater": ("sweater",),
    "top": ("top", "tunic"),
}
"""By narrower label, the words of the product types that it covers. Catalogues name few of them the same way: boots are
casual shoes, too."""
COLOURS: dict[str, tuple[str, ...]] = {
    "black": ("black",),
    "white": ("white", "off white"),
    "grey": ("grey", "charcoal", "grey melange"),
    "blue": ("blue", "indigo"),
    "light-blue": ("blue", "light blue"),
    "navy": ("navy blue", "navy", "blue", "indigo"),
    "teal": ("teal", "turquoise blue", "green", "blue"),
    "green": ("green", "sea green", "lime green", "fluorescent green"),
    "olive": ("olive", "green", "khaki"),
    "red": ("red",),
    "maroon": ("maroon", "burgundy"),
    "pink": ("pink", "magenta", "rose"),
    "purple": ("purple", "lavender", "mauve"),
    "yellow": ("yellow", "mustard"),
    "orange": ("orange", "peach", "rust"),
    "brown": ("brown", "tan", "bronze", "coffee brown", "mushroom brown"),
    "beige": ("beige", "cream", "khaki", "off white", "skin", "nude"),
    "multi": ("multi",),
}
"""By colour, the words of products that have it. Products that state a shade often state its colour, too."""
NARROWER, COLOUR = (Path(__file__).with_name(name) for name in ("narrower.txt", "colours.txt"))


def labelled_by_eye(photographs: Sequence[Photograph]) -> list[Photograph]:
    """The photographs with their labels by eye, in the same order."""
    narrower, colours = _read(NARROWER), _read(COLOUR)
    digests = {image: digest(image) for image in {one.image for one in photographs}}
    labelled = []
    for one in photographs:
        name = digests[one.image] + (f"/{one.label}" if one.box is not None else "")
        if (label := narrower.get(name)) is not None:
            one = replace(one, narrower=(label, NARROWER_KINDS[label]))
        if name in colours:
            words = [word for colour in colours[name].split(",") for word in COLOURS[colour]]
            one = replace(one, colours=tuple(dict.fromkeys(words)))
        labelled.append(one)
    return labelled


def digest(image: Path) -> str:
    """BLAKE2b of a file, 8 bytes in hexadecimal; empty if it cannot be read, which is reported when it is decoded."""
    try:
        return hashlib.blake2b(image.read_bytes(), digest_size=8).hexdigest()
    except OSError:
        return ""


def _read(file: Path) -> dict[str, str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return dict(line.split() for line in lines if not line.startswith("#"))
