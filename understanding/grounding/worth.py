"""How well concepts and the values of a column satisfy a wish."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from understanding.grounding.column import Column, Levels
from understanding.words.concepts import Concept, concepts

NEAR = 0.6
"""Level of similar concepts: maroon for crimson."""
NARROWER = np.float32(0.75)
"""Level of a narrower kind in a column that also has the wanted one: T-shirts if there are tops."""
FURTHER = 0.9
"""Factor between successive similar concepts."""
ASIDE = 0.75
"""Level of a value in a column of another family, such as a second colour, if there is one of its own family."""


def values_named(column: Column, wanted: str) -> list[bool]:
    """Which values of a column are called so. Brands are also compared without spaces and signs, because catalogues
    write "Levi's" and "Levis"."""
    name = _joined if column.family == "brand" else str.casefold
    wanted = name(wanted)
    return [name(value) == wanted for value in column.values]


def _joined(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def near_concepts(wanted: Concept) -> dict[Concept, float]:
    """The levels of concepts similar to a wanted one, in the order of ``Concepts.near``."""
    known = concepts()
    worth: dict[Concept, float] = {}
    for place, near in enumerate(known.near.get(wanted, ())):
        for one in (near, *known.narrower(near)):
            worth.setdefault(one, NEAR * FURTHER**place)
    if wanted.family == "colour":
        worth |= {shade: NEAR for shade in known.shades_of(wanted.name) if shade not in worth}
    return worth


def worth_of(values: Sequence[tuple[Concept, ...]], wanted: Concept, own: bool) -> Levels:
    """The level of values with these concepts; only a column of the concept's own family can exclude it."""
    known = concepts()
    exact = {wanted, *known.narrower(wanted)}
    near = near_concepts(wanted)
    wider = set()
    above = known.wider.get(wanted)
    while above is not None:
        wider.add(above)
        above = known.wider.get(above)
    worth = np.full(len(values), 0 if own else np.nan, dtype=np.float32)
    said = any(wanted in meanings for meanings in values)
    for code, meanings in enumerate(values):
        if wanted in meanings:
            worth[code] = 1
        elif exact & set(meanings):
            worth[code] = NARROWER if said else 1
        elif near.keys() & set(meanings):
            worth[code] = max(near[meaning] for meaning in meanings if meaning in near)
        elif wider & set(meanings):
            worth[code] = np.nan  # "Shoes" may be of any kind.
    return worth
