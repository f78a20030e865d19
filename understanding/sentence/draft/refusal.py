"""Which of the wishes that a refusal names are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from understanding.sentence.ahead import BACKGROUND
from understanding.wishes import Wish


def split_clause(clause: list[Wish], part: Sequence[Wish]) -> tuple[list[Wish], list[Wish]]:
    """The refused and the remaining wishes of a clause that is refused behind it: "black is not for me".

    Audience, occasion and season are not refused together with a look: "men's black isn't for me". Behind a thing, only
    what was said last is refused: "a blue jacket, hood not needed". Behind two colours that only "and" joins, both are
    refused, also behind a preposition, as in German "in Rot und Rosa auf keinen Fall": they are one phrase to a shop
    assistant. A comma sets the refused one apart: "in Rot, Rosa auf keinen Fall".

    Args:
        clause: The wishes of the clause.
        part: Those behind its last preposition.
    """
    looks = [wish for wish in clause if wish.family not in BACKGROUND]
    things = [place for place, wish in enumerate(looks, 1) if wish.family == "kind"]
    described = looks[things[-1] :] if things else looks
    part = [wish for wish in part if wish in described]
    if part:  # A refused "red collar" says nothing of red.
        looks = [wish for wish in part if wish.family != "colour"] or part
        clause = [wish for wish in clause if wish in looks or wish not in part]
    elif described and things:  # "A cotton shirt, it should not be green."
        others = [place for place, wish in enumerate(described, 1) if wish.family != described[-1].family]
        looks = described[others[-1] :] if others else described
    elif len(things) > 1:  # "A cotton shirt and belt not needed."
        looks = looks[-1:]
    refused = looks or clause
    return refused, [wish for wish in clause if wish not in refused]


def start_of_last(wanted: Sequence[Wish], start: int) -> int:
    """The start of the wishes of one family at the end of ``wanted``, which is not before ``start``."""
    others = [at for at, wish in enumerate(wanted[start:], start + 1) if wish.family != wanted[-1].family]
    return max(others, default=start)


def as_parts(
    refused: list[Wish], parts: Mapping[tuple[str, str], Wish], wanted: Sequence[Wish], *, joined: bool
) -> list[Wish]:
    """Refused wishes, with words that name both a thing and a part as parts: "no rips or studs", "no bow". They name
    things beside others that do, "no belts or ties", and behind what describes them, "not a red belt", unless another
    thing is wanted, whose part they are.

    Args:
        refused: The refused wishes.
        parts: Things whose word also names a part, and the wish for that part.
        wanted: The wanted wishes.
        joined: Whether the refusal is a list with a conjunction.
    """
    things = [wish for wish in refused if wish.family == "kind"]
    if not all(wish.key in parts for wish in things):
        return refused
    if any(wish.family == "kind" for wish in wanted):
        refused = [wish for wish in refused if not things or wish.family != "colour"]
    elif len(things) < len(refused) and not joined:
        return refused
    return [parts.get(wish.key, wish) for wish in refused]


def without_wanted(refused: list[Wish], wanted: Sequence[Wish]) -> list[Wish]:
    """Refused wishes without a wanted property that is said beside a refused one: "striped, but no blue stripes"."""
    keys = {wish.key for wish in wanted}
    others = [wish for wish in refused if wish.key not in keys]
    if {wish.family for wish in others} & {wish.family for wish in refused if wish.key in keys}:
        return refused
    return others or refused
