"""Comparisons with the reference by columns of the catalogue: darker, cheaper, newer, more formal."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from understanding.grounding.grounding import Grounding, Levels
from understanding.grounding.shop import Shop
from understanding.grounding.titles import Rows
from understanding.wishes import Relative, Wish
from understanding.words.concepts import Concept, concepts

STEP = 22.0
"""Difference of the target colour in CIELAB lightness."""
MIN_STEP = 4.0
"""Minimum difference in lightness."""
HUE = 1.2
"""Weight of a difference in hue, relative to lightness."""
PALER, STRONGER = 1.2, 0.8
"""Weights of chroma below and above the range that the change of lightness explains."""
BEYOND = 0.8
"""Weight of lightness beyond the target."""
GREY = 10.0
"""Chroma below which a colour counts as grey."""
STRANGE = 15.0
"""Added distance between colours that are not akin: neither is a lighter or darker version of the other."""
MIN_LIGHTNESS = 5.0
"""Lower bound of lightness, and of the distance from white, in ratios: smaller values make them meaningless."""
SPREAD = 30.0
"""Distance in CIELAB at which a colour has 1/e of the level of the target."""
ENDS = {-1: 20.0, 1: 80.0}
"""Without a colour to compare with: the lightness below which colours are dark, and above which they are light."""
SAME, OTHER = 0.7, 0.3
"""If the text names a colour, as in "a lighter green": the level of that colour relative to the best of its lighter
versions, and the factor for colours that are not akin to it."""
FIRST_THIRD = 1 / 3
"""Without a reference, "cheaper" means the cheapest third."""
NUMBERS = {
    "cheaper": ("price", -1), "more expensive": ("price", 1), "newer": ("year", 1), "older": ("year", -1),
    "better rated": ("rating", 1), "worse rated": ("rating", -1),
}  # fmt: skip
SHADES = {"darker": -1, "lighter": 1}
OCCASIONS = {"more formal": "formal", "more casual": "casual"}


def column_of(relative: Relative, shop: Shop) -> str:
    """The column of a comparison; empty if the model judges it by the pictures."""
    if relative.direction in NUMBERS:
        family = NUMBERS[relative.direction][0]
        return shop.numbers[family][0] if family in shop.numbers else ""
    family = "colour" if relative.direction in SHADES else "occasion" if relative.direction in OCCASIONS else ""
    return next((column.name for column in shop.columns_of(family)), "") if family else ""


def compared(
    relative: Relative,
    grounding: Grounding,
    row: int | None,
    colours: Sequence[str],
    rows: Rows | None = None,
    *,
    asked: bool = False,
) -> Levels | None:
    """How well products satisfy a comparison, ``[N]`` or ``[len(rows)]``; None if the catalogue has no column for it.

    Args:
        relative: The comparison.
        grounding: The catalogue.
        row: The row of the reference, if it is a product.
        colours: The colours of the reference, or those of the text.
        rows: The products; None for all.
        asked: Whether ``colours`` were asked for, as in "a lighter green", which is green all the same.
    """
    shop = grounding.shop
    if relative.direction in NUMBERS:
        return _by_number(shop, relative.direction, row, rows)
    if relative.direction in SHADES:
        return _by_shade(grounding, SHADES[relative.direction], colours, rows, asked)
    if relative.direction in OCCASIONS and shop.columns_of("occasion"):
        return grounding.levels(Wish("occasion", OCCASIONS[relative.direction], ""), rows)
    return None


def _distance(before: str, after: str, sign: int) -> float:
    """How far a colour is from a darker (-1) or lighter (1) version of another one (differences of CIE 1976, section
    5.2).

    A colour in less light loses chroma as it loses lightness, and one that is mixed with white as it comes near to
    white. A chroma between the two is that of a darker or lighter version, and what is outside counts.
    """
    start, look = concepts().looks[before], concepts().looks[after]
    further = (look.lightness - start.lightness) * sign - STEP
    chroma, other = math.hypot(*start[1:]), math.hypot(*look[1:])
    hue = math.sqrt(max(0.0, math.dist(start[1:], look[1:]) ** 2 - (chroma - other) ** 2))
    shade = chroma * look.lightness / max(start.lightness, MIN_LIGHTNESS)
    tint = chroma * (100 - look.lightness) / max(100 - start.lightness, MIN_LIGHTNESS)
    least, most = sorted((shade, tint))
    strange = max(chroma, other) >= GREY and not concepts().akin(before, after)
    return STRANGE * strange + math.hypot(
        further * BEYOND if further > 0 else further,
        HUE * hue,
        PALER * max(0.0, least - other) + STRONGER * max(0.0, other - most),
    )


def _by_number(shop: Shop, direction: str, row: int | None, rows: Rows | None) -> Levels | None:
    family, sign = NUMBERS[direction]
    if family not in shop.numbers:
        return None
    numbers = shop.numbers[family][1]
    own = math.nan if row is None else float(numbers[row])
    if math.isnan(own):
        own = shop.number_at(family, FIRST_THIRD if sign < 0 else 1 - FIRST_THIRD)
    some = numbers if rows is None else numbers[rows]
    levels = (some * sign > own * sign).astype(np.float32)
    levels[np.isnan(some)] = np.nan
    return levels


def _by_shade(grounding: Grounding, sign: int, colours: Sequence[str], rows: Rows | None, asked: bool) -> Levels | None:
    looks = concepts().looks
    start = next((colour for colour in colours if colour in looks), None)
    if start is None:
        worth = {
            Concept("colour", name): math.exp(min(0.0, (look.lightness - ENDS[sign]) * sign) / SPREAD)
            for name, look in looks.items()
        }
    else:
        worth = {
            Concept("colour", name): math.exp(-_distance(start, name, sign) / SPREAD)
            for name, look in looks.items()
            if (look.lightness - looks[start].lightness) * sign >= MIN_STEP
        }
    if asked and start is not None:
        best = grounding.highest(tuple(worth.items()), "colour")
        worth = {one: level * (1 if concepts().akin(start, one.name) else OTHER) for one, level in worth.items()}
        worth[Concept("colour", start)] = SAME * best or 1.0
    levels = grounding.by_worth(worth, "colour", rows)
    best = grounding.highest(tuple(worth.items()), "colour")
    if best > 0:
        levels /= best
    return levels
