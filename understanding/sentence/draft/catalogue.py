"""Adjusts the wishes of a text to what the shop has."""

from __future__ import annotations

from collections.abc import Sequence

from understanding.grounding.shop import Shop
from understanding.sentence.draft.draft import Draft
from understanding.sentence.draft.result import is_narrower
from understanding.wishes import Wish
from understanding.words.concepts import Concept, concepts


def imitation_of(wish: Wish) -> str:
    """The material that looks like that of a wish; empty if there is none."""
    return concepts().imitations.get(wish.word, "") if wish.family == "material" else ""


def leave_out_imitations(draft: Draft, shop: Shop, earlier: Sequence[Wish]) -> None:
    """Report imitations of a refused material as not understood if the shop has none: what comes closest to them is
    the material itself.

    Args:
        earlier: Wishes that earlier turns refused.
    """
    refused = {imitation_of(wish) for wish in (*earlier, *draft.unwanted)}
    for wish in draft.wanted[:]:
        if wish.family == "material" and wish.word in refused and not shop.names(Concept(*wish[:2])):
            draft.wanted.remove(wish)
            draft.unclear.append(wish.said)


def split_kinds(draft: Draft, shop: Shop) -> None:
    """Replace wanted kinds of a material by the wider kind and the material if the shop states only these: a leather
    jacket is one of its jackets, of leather."""
    for place, wish in enumerate(draft.wanted):
        kind = Concept(wish.family, wish.word)
        wider = concepts().wider.get(kind) if wish.family == "kind" and not wish.column else None
        if wider is None or any(other.family == "material" for other in draft.wanted):
            continue
        material = Concept("material", wish.word.removesuffix(f" {wider.name}"))
        if material in concepts().names and not shop.names(kind) and shop.names(material) and shop.names(wider):
            draft.wanted[place : place + 1] = [Wish(*wider, wish.said), Wish(*material, wish.said)]
            return


def refuse_by_title(draft: Draft, shop: Shop) -> None:
    """Refuse in titles what has the concept of a wanted thing by another name: "heels, no stilettos"."""
    for place, wish in enumerate(draft.unwanted):
        word = wish.said.lower()
        if is_narrower(wish, draft.wanted) and shop.titled(word):
            draft.unwanted[place] = Wish("title", word, wish.said)
