"""Makes the field ``understood`` of a response from the wishes of a search."""

from __future__ import annotations

from indexer.generations.generation import Generation
from service.search.words.understood import Understanding, UnderstoodBound, UnderstoodRelative, UnderstoodWish
from service.search.words.wishes import Wishes
from understanding import Bound, Relative, Wish
from understanding.grounding.compared import column_of


def understanding_of(wishes: Wishes, generation: Generation, fitting: int | None) -> Understanding:
    """The field ``understood`` of a response."""
    understood = wishes.understood
    return Understanding(
        language=understood.language,
        wanted=[_wish(wishes, wish) for wish in understood.wanted],
        unwanted=[_wish(wishes, wish) for wish in understood.unwanted],
        relative=[_relative(wishes, one) for one in understood.relative],
        constraints=[_bound(one, wishes.grounding.shop.currency) for one in understood.constraints],
        keep=list(understood.keep),
        different=list(understood.different),
        similar=understood.similar,
        products=[generation.product(row)["id"] for row in wishes.named],
        not_understood=list(understood.not_understood),
        text=wishes.text,
        fitting=0 if wishes.asks_nothing else fitting,
    )


def _wish(wishes: Wishes, wish: Wish) -> UnderstoodWish:
    values = wishes.grounding.values(wish)
    similar = bool(values) and wishes.grounding.lacks(wish._replace(said=""))
    return UnderstoodWish(word=wish.word, family=wish.family, said=wish.said, values=values, similar=similar)


def _relative(wishes: Wishes, one: Relative) -> UnderstoodRelative:
    column = column_of(one, wishes.grounding.shop) or None
    return UnderstoodRelative(direction=one.direction, of=one.of, most=one.most, said=one.said, column=column)


def _bound(one: Bound, currency: str) -> UnderstoodBound:
    of_price = currency if one.family == "price" and one.column else ""
    return UnderstoodBound(
        family=one.family, column=one.column or None, min=one.min, max=one.max, currency=of_price or None, said=one.said
    )
