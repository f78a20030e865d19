"""Values that have an order, and the comparative forms of words between them: "longer", "a looser fit"."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ladder:
    """An order of values, with words for steps up and down.

    Attributes:
        steps: The values from less to more.
        adjectives: Up and down, after "is"; empty if the adjective does not apply to the garment itself.
        fragments: Up and down, after "has"; ``<>`` is the place of "slightly" or "much".
    """

    steps: tuple[str, ...]
    adjectives: tuple[str, str]
    fragments: tuple[str, str]


LADDERS: dict[str, tuple[Ladder, ...]] = {
    "sleeve": (Ladder(("short", "three-quarter", "long"), ("", ""), ("<>longer sleeves", "<>shorter sleeves")),),
    "length": tuple(
        Ladder(steps, ("longer", "shorter"), ("a <>longer [cut|hem]", "a <>shorter [cut|hem]"))
        for steps in (
            ("mini", "knee-length", "midi", "maxi"),
            ("cropped", "regular", "long"),
            ("shorts", "cropped", "full-length"),
        )
    ),
    "fit": (
        Ladder(
            ("slim", "regular", "loose"),
            ("[looser|looser|roomier|baggier]", "[tighter|slimmer|more fitted|closer-fitting]"),
            ("a <>[looser fit|wider cut]", "a <>[tighter fit|slimmer cut|closer fit]"),
        ),
    ),
    "heel": (
        Ladder(
            ("flat", "mid", "high"), ("", ""), ("[a <>higher heel|<>higher heels]", "[a <>lower heel|<>lower heels]")
        ),
    ),
}


def comparison(family: str, before: str, after: str) -> tuple[str, str] | None:
    """Comparative forms of ``after``, if they identify the value given ``before``.

    Returns:
        Patterns for the adjective (may be empty) and the fragment: ``("longer", "a longer cut")`` if ``after`` is the
        only value further up, ``("a bit longer", ...)`` for the next step and ``("much longer", ...)`` for the last
        one. None if a comparison would be ambiguous.
    """
    for ladder in LADDERS.get(family, ()):
        if before not in ladder.steps or after not in ladder.steps:
            continue
        start, end = ladder.steps.index(before), ladder.steps.index(after)
        side = 0 if end > start else 1
        beyond = len(ladder.steps) - 1 - start if side == 0 else start
        if beyond == 1:
            alone, inside = "[||a bit |slightly |a little ]", "[||slightly ]"
        elif abs(end - start) == 1:
            alone, inside = "[a bit |slightly |a little |somewhat ]", "[slightly |somewhat ]"
        elif abs(end - start) == beyond:
            alone, inside = "[much |a lot |way |far ]", "[much |far ]"
        else:
            return None
        adjective = ladder.adjectives[side]
        return (alone + adjective if adjective else ""), ladder.fragments[side].replace("<>", inside)
    return None
