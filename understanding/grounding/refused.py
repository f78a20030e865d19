"""Levels of refused wishes: a refused colour includes its shades, but not similar colours."""

from __future__ import annotations

import numpy as np

from understanding.grounding.grounding import Grounding, Levels
from understanding.grounding.titles import Rows
from understanding.grounding.value_levels import NARROWER, NEAR
from understanding.wishes import Wish
from understanding.words.concepts import ATTACHED, Concept, concepts


def refused(grounding: Grounding, wish: Wish, rows: Rows | None = None) -> Levels:
    """How well products match a refused wish, ``[N]`` or ``[len(rows)]``; NaN without a value.

    "Not blue" also refuses navy blue, but "not navy blue" refuses no other blue. If the shop has no product of this
    colour, similar colours are refused. "No bow" does not refuse bow ties, whose name has the word.

    Args:
        grounding: The catalogue.
        wish: The refused wish.
        rows: The products; None for all.
    """
    levels = grounding.levels(wish, rows)
    if wish.family == "detail" and wish.word in ATTACHED:
        for kind in _called_so(grounding, Concept(wish.family, wish.word)):
            levels[grounding.levels(Wish("kind", kind, ""), rows) == 1] = 0
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


def _called_so(grounding: Grounding, detail: Concept) -> set[str]:
    """The kinds whose names have the first word for a detail in a language of the titles."""
    return {
        concept.name
        for language in grounding.shop.spoken
        for word in language.spellings.get(detail, [()])[0]
        for concept, spellings in language.spellings.items()
        if concept.family == "kind" and any(word in spelling for spelling in spellings)
    }


def _leave_out_near(levels: Levels) -> None:
    levels[levels <= NEAR] = 0
