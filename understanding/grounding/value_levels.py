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


STEP = np.float32(1e-6)
"""Level of a rank of 1; see ``_rank``."""
RANKS = 40
"""An even number above all ranks."""
BROADEST = frozenset({"clothing", "accessory"})
"""Kinds that are too broad for their narrower ones to be confused."""


def known_broad(kind: Concept) -> Concept | None:
    """The broadest kind above a kind whose narrower ones catalogues confuse, such as footwear; None without one."""
    above = [one for one in _above(kind) if one.family == "kind" and one.name not in BROADEST]
    return above[-1] if above else None


def values_named(column: Column, wanted: str) -> list[bool]:
    """Which values of a column are called so. Brands are also compared without spaces and signs, because catalogues
    write "Levi's" and "Levis"."""
    name = _joined if column.family == "brand" else str.casefold
    wanted = name(wanted)
    return [name(value) == wanted for value in column.values]


def _joined(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def near_concepts(wanted: Concept) -> dict[Concept, float]:
    """The levels of concepts similar to a wanted one, in the order of ``Concepts.near``, and of narrower ones: beside a
    blouse, tops come before T-shirts."""
    known = concepts()
    worth: dict[Concept, float] = {}
    close = known.near.get(wanted, ())
    for place, near in enumerate(close):
        worth.setdefault(near, NEAR * FURTHER**place)
    for place, near in enumerate(close):
        for one in known.narrower(near):
            worth.setdefault(one, NEAR * FURTHER**place * float(NARROWER))
    if wanted.family == "colour":
        worth |= {shade: NEAR for shade in known.shades_of(wanted.name) if shade not in worth}
    return worth


def worth_of(values: Sequence[tuple[Concept, ...]], wanted: Concept, own: bool) -> Levels:
    """The level of values with these concepts; only a concept of the same family can exclude it. The highest
    level of a product's values is to be ``settled``."""
    known = concepts()
    exact = {wanted, *known.narrower(wanted)}
    near = near_concepts(wanted)
    above = _above(wanted)
    worth = np.full(len(values), np.nan, dtype=np.float32)
    said = any(wanted in meanings for meanings in values)
    for code, meanings in enumerate(values):
        if wanted in meanings:
            worth[code] = 1
        elif exact & set(meanings):
            worth[code] = NARROWER if said else 1
        elif near.keys() & set(meanings):
            worth[code] = max(near[meaning] for meaning in meanings if meaning in near)
        elif own and (ranks := [_rank(one, above) for one in meanings if one.family == wanted.family]):
            worth[code] = STEP * max([rank for rank in ranks if rank % 2 == 0] or ranks)
    return worth


def settled(levels: Levels) -> Levels:
    """Levels without ranks: NaN for products that may have the wanted concept, 0 for those that have another one."""
    places = np.flatnonzero((levels > 0) & (levels < RANKS * STEP))
    levels[places] = np.where(np.rint(levels[places] / STEP) % 2, 0, np.nan)
    return levels


def _above(concept: Concept) -> list[Concept]:
    """The wider concepts, the nearest first."""
    found: list[Concept] = []
    wider = concepts().wider.get(concept)
    while wider is not None:
        found.append(wider)
        wider = concepts().wider.get(wider)
    return found


def _rank(meaning: Concept, above: Sequence[Concept]) -> int:
    """The rank of a concept that is not wanted, given those above the wanted one. It is even for one of these: "shoes"
    may be of any kind. A higher odd rank excludes that: shoes that are also boots are no sneakers. But jackets that are
    also tops may be leather jackets, because tops have less in common with these."""
    chain = (meaning, *_above(meaning))
    for depth, wider in enumerate(above, 1):
        if wider in chain:
            return RANKS - 2 * depth + (meaning != wider)
    return 1
