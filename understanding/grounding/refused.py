"""Levels of refused wishes: a refused colour includes its shades, but not similar colours."""

from __future__ import annotations

import numpy as np

from understanding.grounding.levels import NARROWER, NEAR, Grounding, Levels
from understanding.grounding.titles import Rows
from understanding.wishes import Wish
from understanding.words.concepts import Concept, concepts


def refused(grounding: Grounding, wish: Wish, rows: Rows | None = None) -> Levels:
    """How well products match a refused wish, ``[N]`` or ``[len(rows)]``; NaN without a value.

    "Not blue" also refuses navy blue, but "not navy blue" refuses no other blue. If the shop has no product of this
    colour, similar colours are refused.

    Args:
        grounding: The catalogue.
        wish: The refused wish.
        rows: The products; None for all.
    """
    levels = grounding.levels(wish, rows)
    if wish.family != "colour" or wish.column:
        return levels
    if grounding.highest(((Concept("colour", wish.word), 1.0),), "colour") < NARROWER:
        return levels
    _leave_out_near(levels)
    for shade in concepts().shades_of(wish.word):
        of_shade = grounding.levels(Wish("colour", shade.name, ""), rows)
        _leave_out_near(of_shade)
        np.fmax(levels, of_shade * (1 if shade.name.split()[-1] == wish.word else NEAR), out=levels)
    return levels


def _leave_out_near(levels: Levels) -> None:
    levels[levels <= NEAR] = 0
