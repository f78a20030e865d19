"""Merges the turns of a conversation: later turns replace, extend or undo the wishes of earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from understanding.sentence.reader import SLEEVES
from understanding.sentence.recipient import CHILDREN, GROWN, GROWN_UP
from understanding.wishes import Bound, Relative, Understood, Wish
from understanding.words.concepts import ONE_OF, Concept, concepts

MAX_TURNS = 50
"""Maximum number of turns; earlier ones are ignored."""


def fold(turns: Sequence[Understood]) -> Understood:
    """The wishes of a conversation, from those of each turn, the oldest first.

    - A wish replaces earlier ones of its family if a product has only one value of it (a colour, a kind); otherwise it
      is added (details, patterns).
    - A wanted property is no longer refused, and vice versa.
    - A wish also replaces rivals (long sleeves replace short ones) and comparisons of its family (red replaces darker)
      or of its part ("no heels, flats" replaces lower heels).
    - "Or green?" adds an alternative. "Both" after "in red" and "in blue" makes red one again.
    - "No green" after "in red" corrects red, because red is not green anyway.
    - A bound replaces an earlier one on the same number; a comparison replaces one in the same or opposite direction.
    - A number alone replaces that of an earlier bound, if it is no size in place of another one.
    - "Short" alone after "long sleeves" is about the sleeves.
    - "She's 19" after "for my daughter" is about a woman.
    - "Another colour" after "in red" refuses red.
    - ``forget`` drops the wishes of a family, and ``back`` whole turns.

    Language and unknown words are those of the last turn.
    """
    states: list[Understood] = []
    for turn in turns[-MAX_TURNS:]:
        undone = replace(Understood(), language=turn.language, back=turn.back)
        if turn.back and (turn == undone or len(states) > turn.back):  # "Go back, in blue" keeps a first turn.
            del states[max(0, len(states) - turn.back) :]
        before = states[-1] if states else Understood()
        if turn.both and len(states) > 1:
            before = _both(states[-2], before)
        after = _joined(before, turn)
        if turn.back and turn == undone:
            if states:
                states[-1] = replace(states[-1], language=turn.language, not_understood=())
            continue
        states.append(after)
    last = states[-1] if states else Understood()
    return replace(last, forget=(), back=0, number=None, age=0)


def _joined(before: Understood, turn: Understood) -> Understood:
    if "*" in turn.forget:
        before = Understood()
    if turn.alternative:
        before, turn = _allowed(before, turn)
    turn = _continued(before, turn)
    before = _aged(before, turn.age)
    if turn.answer:
        turn = _corrected(before, turn)
    dropped = set(turn.forget)
    families = {wish.family for wish in turn.wanted}
    single = set() if turn.alternative else families & ONE_OF
    single |= {*turn.different, *(family for one in turn.relative if (family := _about(one)) == "occasion")}
    said = {wish.key for wish in (*turn.wanted, *turn.unwanted)}
    words = {wish.said.casefold() for wish in turn.unwanted if wish.family == "detail"}
    before = replace(before, wanted=tuple(_unmade(wish, turn) for wish in before.wanted))
    opposed = {word for one in turn.relative for word in _OPPOSED.get(f"{one.of} {one.direction}".strip(), ())}
    asked = () if turn.alternative else turn.wanted
    rivals = {rival for wish in asked for rival in concepts().rivals_of(Concept(wish.family, wish.word))}
    wanted = [
        wish
        for wish in before.wanted
        if not (wish.family in dropped | single or wish.key in said or Concept(wish.family, wish.word) in rivals)
        and not (wish.family == "kind" and wish.said.casefold() in words)  # "A belt or a tie", "no belt"
        and not (wish.family == "detail" and wish.word in opposed)
    ]
    other = [wish for wish in before.wanted if wish.family in turn.different and wish.key not in said]
    unwanted = [wish for wish in before.unwanted if wish.family not in dropped and wish.key not in said]
    sides = {_side(one) for one in turn.relative}
    settled = [one for one in before.relative if _is_settled(one, turn)]
    relative = [
        one
        for one in before.relative
        if _side(one) not in sides and _about(one) not in dropped | families and one not in settled
    ]
    bounded = {one.family for one in turn.constraints}
    constraints = [one for one in before.constraints if one.family not in bounded | dropped]
    return replace(
        turn,
        wanted=(*wanted, *turn.wanted),
        unwanted=(*unwanted, *other, *turn.unwanted),
        relative=(*relative, *turn.relative),
        constraints=(*constraints, *turn.constraints),
        keep=_without((*before.keep, *turn.keep), dropped | families | set(turn.different)),
        different=_without((*before.different, *turn.different), dropped | families | set(turn.keep)),
        similar=before.similar or turn.similar,
        alternative=False,
        both=False,
        answer=False,
        matches=turn.matches or before.matches,
        rest=" ".join(part for part in (before.rest, turn.rest) if part),
        manner=" ".join(part for part in (before.manner, turn.manner) if part),
    )


def _unmade(wish: Wish, turn: Understood) -> Wish:
    """A kind without the material in its name if the turn asks for another material: "leather" after "denim jacket"."""
    concept, made_of = Concept(wish.family, wish.word), {one.word for one in turn.wanted if one.family == "material"}
    named = wish.word.partition(" ")[0]
    if not made_of or named in made_of or wish.family != "kind" or Concept("material", named) not in concepts().names:
        return wish
    wider = concepts().wider.get(concept)
    return wish if wider is None else wish._replace(word=wider.name)


def _both(earlier: Understood, later: Understood) -> Understood:
    """``later`` with the wishes that it replaced as alternatives."""
    families = {wish.family for wish in later.wanted} & ONE_OF
    keys = {wish.key for wish in later.wanted}
    again = tuple(wish for wish in earlier.wanted if wish.family in families and wish.key not in keys)
    kept = {wish.key for wish in again}
    return replace(
        later,
        wanted=(*again, *later.wanted),
        unwanted=tuple(wish for wish in later.unwanted if wish.key not in kept),
    )


def _allowed(before: Understood, turn: Understood) -> tuple[Understood, Understood]:
    """Both turns without what the later one allows again: "heels are fine actually" after "no heels", "sleeves are
    fine" after "sleeveless"."""
    refused = {wish.key for wish in before.unwanted}
    conditions = {wish.family for wish in before.wanted} & {"condition"}
    details = [wish for wish in turn.wanted if wish.family == "detail"]
    rivals = {wish: concepts().rivals_of(Concept(wish.family, wish.word)) for wish in details}
    excluded = {
        wish for wish in before.wanted if Concept(wish.family, wish.word) in frozenset().union(*rivals.values())
    }
    allowed = {
        wish
        for wish in turn.wanted
        if wish.key in refused
        or (wish.family == "condition" and not conditions)  # "Used is fine too."
        or any(Concept(one.family, one.word) in rivals.get(wish, ()) for one in excluded)
    }
    lifted = {wish.key for wish in allowed}
    return (
        replace(
            before,
            wanted=tuple(wish for wish in before.wanted if wish not in excluded),
            unwanted=tuple(wish for wish in before.unwanted if wish.key not in lifted),
        ),
        replace(turn, wanted=tuple(wish for wish in turn.wanted if wish not in allowed)),
    )


def _continued(before: Understood, turn: Understood) -> Understood:
    """``turn`` with what a number or a length alone says after the earlier turns."""
    sizes = {wish.key for wish in before.wanted if wish.family == "size"}
    if turn.number is not None and before.constraints and not (sizes or turn.unwanted or turn.constraints):
        wanted = tuple(wish for wish in turn.wanted if wish.family != "size")
        unclear = tuple(said for said in turn.not_understood if not said[0].isdigit())
        constraints = (_moved(before.constraints[-1], turn.number),)
        return replace(turn, wanted=wanted, constraints=constraints, not_understood=unclear)
    lengths = [wish for wish in turn.wanted if wish.key in SLEEVES]
    if len(lengths) == len(turn.wanted) == 1 and _speaks_of_sleeves(before.wanted):
        return replace(turn, wanted=(lengths[0]._replace(word=SLEEVES[lengths[0].key]),))
    return turn


def _aged(before: Understood, age: int) -> Understood:
    """``before`` with an audience of the age of a later turn: women instead of girls, after "she's 19 actually"."""
    audience = (GROWN_UP if age >= GROWN else CHILDREN) if age else {}
    wanted = (
        wish._replace(word=audience.get(wish.word, wish.word)) if wish.family == "people" else wish
        for wish in before.wanted
    )
    return replace(before, wanted=tuple(wanted))


def _speaks_of_sleeves(wanted: Sequence[Wish]) -> bool:
    """Whether sleeves were mentioned, last or of a top, which has no length that is asked for otherwise."""
    tops = {*concepts().narrower(Concept("kind", "top")), Concept("kind", "top")}
    sleeves = [wish.word in SLEEVES.values() for wish in wanted]
    return any(sleeves) and (sleeves[-1] or any(Concept(wish.family, wish.word) in tops for wish in wanted))


def _moved(bound: Bound, number: float) -> Bound:
    """A bound with another number; of a range, the end that is nearer to the number is replaced."""
    low, high, bound = bound.min, bound.max, bound._replace(said=f"{number:g}")
    if low is None or high is None or low == high:
        return bound._replace(min=low and number, max=high and number)
    return bound._replace(max=number) if number > (low + high) / 2 else bound._replace(min=number)


def _corrected(before: Understood, turn: Understood) -> Understood:
    """``turn`` with its refusal as a wish if an earlier wish excludes the refused property."""
    [refused] = turn.unwanted
    asked = {wish.word for wish in before.wanted if wish.family == refused.family}
    imitated = concepts().imitations.get(refused.word) in asked  # "No leather" after "faux leather" refuses leather.
    if refused.family not in ONE_OF or not asked or refused.word in asked or imitated:
        return turn
    if any(wish.family == refused.family for wish in turn.wanted):
        return turn
    return replace(turn, unwanted=(), wanted=(*turn.wanted, refused))


def _without(families: Sequence[str], dropped: set[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(family for family in families if family not in dropped))


def _side(relative: Relative) -> tuple[str, str]:
    return _about(relative), relative.of


_ABOUT = {
    **dict.fromkeys(("darker", "lighter", "brighter", "more muted"), "colour"),
    **dict.fromkeys(("cheaper", "more expensive"), "price"),
    **dict.fromkeys(("newer", "older"), "year"),
    **dict.fromkeys(("better rated", "worse rated"), "rating"),
    **dict.fromkeys(("longer", "shorter"), "length"),
    **dict.fromkeys(("looser", "tighter"), "fit"),
    **dict.fromkeys(("bigger", "smaller"), "size"),
    **dict.fromkeys(("more formal", "more casual"), "occasion"),
    **dict.fromkeys(("higher", "lower"), "heel"),
    **dict.fromkeys(("plainer", "more detailed"), "pattern"),
}


def _is_settled(relative: Relative, turn: Understood) -> bool:
    """Whether a later turn says what a comparison asked for: "no heels, flats" after "lower heels"."""
    known, about = concepts(), relative.of or _about(relative)
    said = {wish.word for wish in (*turn.wanted, *turn.unwanted)}
    if about != "heel":
        return bool(said & _SETTLING.get(about, frozenset()))
    heels = {"heels", *(one.name for one in known.narrower(Concept("kind", "heels")))}
    others = {wish.word for wish in turn.wanted if wish.family == "kind"} - heels
    return bool(others or said & (heels | _SETTLING["heel"]))


_SETTLING = {
    "heel": frozenset({"heel", "high heel", "flat heel"}),
    "length": frozenset({"long", "short", "mini", "midi", "maxi", "knee-length", "cropped"}),
    "sleeves": frozenset({"long sleeves", "short sleeves", "three-quarter sleeves", "sleeveless", "sleeves"}),
    "fit": frozenset({"slim fit", "regular fit", "loose fit"}),
}
"""Details that say what comparisons of a part ask for."""


_OPPOSED = {
    "shorter": ("long", "maxi", "midi"),
    "longer": ("short", "mini", "cropped"),
    "looser": ("slim fit",),
    "tighter": ("loose fit",),
    "lower": ("high heel",),
    "higher": ("flat heel",),
    "sleeves shorter": ("long sleeves",),
    "sleeves longer": ("short sleeves", "sleeveless"),
}
"""Details that comparisons take back: "something shorter" after "a long skirt"."""


def _about(relative: Relative) -> str:
    return _ABOUT.get(relative.direction, relative.direction)
