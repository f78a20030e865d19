"""What products have of what is refused: shades are refused with their colour, what only comes close is not."""

from __future__ import annotations

import numpy as np

from understanding.grounding.levels import NARROWER, NEAR, Grounding, Levels
from understanding.grounding.titles import Rows
from understanding.wishes import Wish
from understanding.words.concepts import Concept, concepts


def refused(grounding: Grounding, wish: Wish, rows: Rows | None = None) -> Levels:
    """How much products have of what a wish refuses, ``[N]`` or ``[len(rows)]``; NaN where the catalogue is silent.

    "Not blue" refuses navy blue as well, and "not navy blue" no other blue. Where a shop has nothing that is called so,
    what comes close to it is refused.

    Args:
        grounding: The catalogue.
        wish: What is refused.
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
