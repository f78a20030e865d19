"""The result of a text: its wishes without contradictions and duplicates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from understanding.sentence.draft.draft import Draft
from understanding.wishes import Understood, Wish
from understanding.words.concepts import ONE_OF, Concept, concepts

STEM = 3
"""Number of letters by which two names of a thing are told apart."""


def understood(draft: Draft, language: str | None) -> Understood:
    """The result of a draft whose last refusal has ended."""
    unwanted = [wish for wish in draft.unwanted if not is_narrower(wish, draft.wanted)]
    refused = {wish.key for wish in unwanted}
    wanted = draft.wanted
    if not draft.matched and not any(wish.family == "kind" for wish in wanted):
        wanted = [*draft.owned[-1:], *wanted]
    wanted = _narrowest([wish for wish in _each_once(wanted) if wish.key not in refused], draft.either)
    asked = {wish.family for wish in wanted}
    return Understood(
        language=language,
        wanted=tuple(wanted),
        unwanted=tuple(_each_once(unwanted)),
        relative=tuple({one.direction + one.of: one for one in draft.relative}.values()),
        constraints=tuple(draft.bounds),
        keep=tuple(dict.fromkeys(one for one in draft.keep if one not in asked)),
        different=tuple(dict.fromkeys(one for one in draft.different if one not in asked)),
        similar=draft.similar,
        alternative=draft.alternative,
        both=draft.both,
        number=draft.number,
        answer=draft.answer and len(unwanted) == 1,
        matches=tuple(dict.fromkeys(draft.matches)),
        not_understood=tuple(dict.fromkeys(draft.unclear)),
        rest=" ".join(dict.fromkeys(draft.rest)),
        manner=" ".join(dict.fromkeys(draft.manner)),
        forget=("*",) if draft.restart else tuple(dict.fromkeys(draft.forget)),
        # "Go back to blue" asks for blue.
        back=0 if wanted and draft.back_to else draft.back,
    )


def is_narrower(refused: Wish, wanted: Sequence[Wish]) -> bool:
    """Whether a refused thing or cut has the concept of a wanted one by another name: "a swimsuit, no bikini",
    "slim, not skinny"."""
    said = refused.said.lower()
    return refused.family in ("kind", "detail") and any(
        wish.key == refused.key and wish.said.lower()[:STEM] != said[:STEM] for wish in wanted
    )


def _narrowest(wanted: Sequence[Wish], either: set[tuple[str, str]]) -> list[Wish]:
    """Wishes without those that have a wanted narrower one: "shoes, trainers" means trainers. A conjunction keeps
    both: "a jacket or a coat". "Kids, boys and girls" are all children."""
    known = concepts()
    meant = {Concept(wish.family, wish.word) for wish in wanted if wish.family in ONE_OF}
    wider = {concept for concept in meant if meant & set(known.narrower(concept))}
    kept = []
    for wish in wanted:
        concept = Concept(wish.family, wish.word)
        whole = known.wider.get(concept)
        if wish.family == "people" and whole is not None and meant.issuperset(known.narrower(whole)):
            kept.append(wish._replace(word=whole.name))
        elif concept not in wider or wish.key in either:
            kept.append(wish)
    return _each_once(kept)


def _each_once(wishes: Iterable[Wish]) -> list[Wish]:
    return list({wish.key: wish for wish in reversed(list(wishes))}.values())[::-1]
