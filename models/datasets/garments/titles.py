"""Titles of garments: "Navy striped long-sleeved midi dress"."""

from collections.abc import Mapping

import numpy as np

_NOUNS = {
    "sneaker": "sneakers", "pump": "pumps", "boot": "boots", "sandal": "sandals",
    "tote": "tote bag", "shoulder": "shoulder bag", "backpack": "backpack", "clutch": "clutch bag",
}  # fmt: skip
_SLEEVES = {
    "sleeveless": ("sleeveless", "no sleeves"),
    "short": ("short-sleeved", "short sleeves"),
    "three-quarter": ("three-quarter-sleeved", "three-quarter sleeves"),
    "long": ("long-sleeved", "long sleeves"),
}
_NECKLINES = {
    "round": ("round-neck", "a round neck"),
    "v-neck": ("v-neck", "a v-neck"),
    "square": ("square-neck", "a square neck"),
    "collar": ("collared", "a collar"),
    "turtleneck": ("turtleneck", "a turtleneck"),
}
_HEELS = {"flat": ("flat", "a flat heel"), "mid": ("mid-heeled", "a mid heel"), "high": ("high-heeled", "a high heel")}
_MOTIFS = {
    "striped": "stripes", "checked": "checks", "dotted": "dots", "floral": "flowers", "colour-block": "blocks",
}  # fmt: skip


def title_of(attributes: Mapping[str, str], seed: int) -> str:
    """A title for a garment with these attributes (``Garment.attributes``), worded by ``seed``.

    It always names colour and type, and usually the other attributes.
    """
    rng = np.random.default_rng([seed, 2])
    colour, pattern = attributes["colour"], attributes["pattern"]
    before: list[str] = []
    after: list[str] = []

    fit = attributes.get("fit")
    if fit in ("slim", "loose") and rng.random() < 0.85:
        before.append(f"{fit}-fit")

    colour_first = rng.random() < 0.7
    if colour_first:
        before.append(colour)
    if pattern != "plain":
        second = attributes["second colour"]
        wording = rng.random()
        if wording < 0.4:
            after.append(f"{second} {_MOTIFS[pattern]}")
        elif wording < 0.7 and colour_first:
            before += ["and", second, pattern]
        else:
            before.append(pattern)
    elif rng.random() < 0.15:
        before.append("plain")

    for name, words in (("neckline", _NECKLINES), ("sleeve", _SLEEVES), ("heel", _HEELS)):
        if name in attributes and rng.random() < 0.85:
            adjective, phrase = words[attributes[name]]
            if rng.random() < 0.65:
                before.append(adjective)
            else:
                after.append(phrase)

    noun = _noun(attributes)
    length = _length_word(attributes)
    if length and rng.random() < 0.9:
        before.append(length)
    title = " ".join([*before, noun])
    if not colour_first:
        title += f" in {colour}"
    if after:
        title += " with " + (", ".join(after[:-1]) + " and " if after[:-1] else "") + after[-1]
    return title[0].upper() + title[1:]


def _noun(attributes: Mapping[str, str]) -> str:
    if attributes.get("length") == "shorts":
        return "shorts"
    return _NOUNS.get(attributes.get("style", ""), attributes["type"])


def _length_word(attributes: Mapping[str, str]) -> str:
    length = attributes.get("length", "")
    if length == "long":
        return "longline"
    return "" if length in ("regular", "shorts") else length
