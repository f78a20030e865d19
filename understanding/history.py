"""Merges the turns of a conversation: later turns replace, extend or undo the wishes of earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from understanding.wishes import Relative, Understood
from understanding.words.concepts import ONE_OF, Concept, concepts

MOST_TURNS = 50
"""Maximum number of turns; earlier ones are ignored."""


def fold(turns: Sequence[Understood]) -> Understood:
    """The wishes of a conversation, from those of each turn, the oldest first.

    - A wish replaces earlier ones of its family if a product has only one value of it (a colour, a kind); otherwise it
      is added (details, patterns).
    - A wanted property is no longer refused, and vice versa.
    - A wish also replaces rivals (long sleeves replace short ones) and comparisons of its family (red replaces darker).
    - "Or green?" adds an alternative.
    - A bound replaces an earlier one on the same number; a comparison replaces one in the same or opposite direction.
    - ``forget`` drops the wishes of a family, and ``back`` whole turns.

    Language and unknown words are those of the last turn.
    """
    states: list[Understood] = []
    for turn in turns[-MOST_TURNS:]:
        if turn.back:
            del states[max(0, len(states) - turn.back) :]
            if not states:
                states = []
        before = states[-1] if states else Understood()
        after = _joined(before, turn)
        if turn.back and turn == replace(Understood(), language=turn.language, back=turn.back):
            if states:
                states[-1] = replace(states[-1], language=turn.language, not_understood=())
            continue
        states.append(after)
    last = states[-1] if states else Understood()
    return replace(last, forget=(), back=0)


def _joined(before: Understood, turn: Understood) -> Understood:
    if "*" in turn.forget:
        before = Understood()
    dropped = set(turn.forget)
    families = {wish.family for wish in turn.wanted}
    single = set() if turn.alternative else families & ONE_OF
    single |= {*turn.different, *(family for one in turn.relative if (family := _about(one)) == "occasion")}
    said = {wish.key for wish in (*turn.wanted, *turn.unwanted)}
    rivals = {rival for wish in turn.wanted for rival in concepts().rivals_of(Concept(wish.family, wish.word))}
    wanted = [
        wish
        for wish in before.wanted
        if not (wish.family in dropped | single or wish.key in said or Concept(wish.family, wish.word) in rivals)
    ]
    unwanted = [wish for wish in before.unwanted if wish.family not in dropped and wish.key not in said]
    sides = {_side(one) for one in turn.relative}
    relative = [one for one in before.relative if _side(one) not in sides and _about(one) not in dropped | families]
    bounded = {one.family for one in turn.constraints}
    constraints = [one for one in before.constraints if one.family not in bounded | dropped]
    return replace(
        turn,
        wanted=(*wanted, *turn.wanted),
        unwanted=(*unwanted, *turn.unwanted),
        relative=(*relative, *turn.relative),
        constraints=(*constraints, *turn.constraints),
        keep=_without((*before.keep, *turn.keep), dropped | families | set(turn.different)),
        different=_without((*before.different, *turn.different), dropped | families | set(turn.keep)),
        similar=before.similar or turn.similar,
        alternative=False,
        matches=turn.matches or before.matches,
        rest=" ".join(part for part in (before.rest, turn.rest) if part),
    )


def _without(families: Sequence[str], dropped: set[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(family for family in families if family not in dropped))


def _side(relative: Relative) -> tuple[str, str]:
    return _about(relative), relative.of


_ABOUT = {
    **dict.fromkeys(("darker", "lighter", "brighter", "more muted"), "colour"),
    **dict.fromkeys(("cheaper", "more expensive"), "price"),
    **dict.fromkeys(("newer", "older"), "year"),
    **dict.fromkeys(("longer", "shorter"), "length"),
    **dict.fromkeys(("looser", "tighter"), "fit"),
    **dict.fromkeys(("bigger", "smaller"), "size"),
    **dict.fromkeys(("more formal", "more casual"), "occasion"),
    **dict.fromkeys(("higher", "lower"), "heel"),
    **dict.fromkeys(("plainer", "more detailed"), "pattern"),
}


def _about(relative: Relative) -> str:
    return _ABOUT.get(relative.direction, relative.direction)
