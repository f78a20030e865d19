"""Bounds on numbers that a text names: ratings and discounts."""

from __future__ import annotations

from collections.abc import Callable

from understanding.grounding.shop import Shop
from understanding.sentence.items import Item
from understanding.sentence.quantities.numbers import Number, Numbers
from understanding.wishes import Bound, Wish

Made = tuple[int, Bound | None, Wish | None]
"""The number of items, and the bound or the size that they mean."""
LIMITS = {"over_after": "over", "under_after": "under"}
FAR = 8
"""Maximum number of items up to the name of a rating behind its number."""
NEAR = 3
"""Maximum number of items between a discount and its percentage."""
REDUCED = 1.0
"""The least discount in percent of a product that is on sale."""


class Named:
    """Finds ratings and discounts in items.

    Args:
        items: The items of one text.
        shop: The numeric columns of the shop.
        numbers: The numbers in the items.
        bound: The bound of an amount at a position, as if it were a price.
    """

    def __init__(self, items: list[Item], shop: Shop, numbers: Numbers, bound: Callable[[int], Made | None]) -> None:
        self._items, self._shop, self._numbers, self._bound = items, shop, numbers, bound

    def at(self, at: int) -> Made | None:
        """A rating or a discount."""
        return self._rated(at) or self._reduced(at)

    def _rated(self, at: int) -> Made | None:
        """A rating, with its name in front of it or behind: "rating over 4", "4 stars or more"."""
        if self._is_rating(at):
            place = self._numbers.after_ignored(at + 1)
            while place < len(self._items) and (self._items[place].mark == ":" or self._has(place, "prepositions")):
                if self._bound(place) is not None:
                    break
                place += 1
            found = self._amount(place)
            return None if found is None else self._made(at, place + found[0], "rating", found[1])
        found = self._amount(at)
        behind = at if found is None else at + found[0]
        while self._has(behind, "ignore", "prepositions") and not self._is_rating(behind) and behind < at + FAR:
            behind += 1
        if found is None or not self._is_rating(behind):
            return None
        if self._has(behind - 1, "prepositions") and self._amount(behind + 1) is not None:
            return None  # Italian "sotto i 50 con voto almeno 4"
        after, bound = behind + 1, found[1]
        for role, side in LIMITS.items():
            if self._has(after, role):
                number = bound.min if bound.max is None else bound.max
                bound = bound._replace(min=number if side == "over" else None, max=None if side == "over" else number)
                after += 1
                break
        return self._made(at, after, "rating", bound)

    def _amount(self, at: int) -> tuple[int, Bound] | None:
        """The amount at a position that is no money; a number alone is the least: "4 stars", "4+"."""
        number = self._number(at)
        plus = number is not None and number.after < len(self._items) and self._items[number.after].mark == "+"
        found = self._bound(at) if at < len(self._items) else None
        if found is not None and not (number is not None and self._is_rating(number.after + plus)):
            taken, bound, _ = found
            return None if bound is None or bound.family != "price" else (taken, bound)
        return None if number is None else (number.after + plus - at, Bound("price", number.value, None, ""))

    def _reduced(self, at: int) -> Made | None:
        """A reduced price, with or without a percentage: "on sale", "at least 30% off", "reduced by 30%"."""
        if self._has(at, "discounted"):
            place = at + 1
            while self._has(place, "prepositions", "over", "ignore") and place < at + NEAR:
                place += 1
            number = self._number(place)
            if number is None or not self._has(number.after, "unit"):
                return self._made(at, at + 1, "discount", Bound("", REDUCED, None, ""))
            return self._made(at, number.after + 1, "discount", Bound("", number.value, None, ""))
        upper = self._has(at, "under")
        limited = upper or self._has(at, "over", "about")
        number = self._number(self._numbers.after_ignored(at + 1) if limited else at)
        if number is None:
            return None
        if not self._has(number.after, "unit"):
            return None  # "Size 39 on sale"
        places = range(number.after, number.after + NEAR)
        behind = next((one for one in places if self._has(one, "discounted", "discounted_after")), None)
        if behind is None or not all(self._links(one) for one in range(number.after, behind)):
            return None
        low = REDUCED if upper else number.value  # "Up to 50% off" are all reduced products.
        return self._made(at, behind + 1, "discount", Bound("", low, None, ""))

    def _made(self, at: int, after: int, family: str, bound: Bound) -> Made:
        column = self._shop.numbers[family][0] if family in self._shop.numbers else ""
        said = " ".join(item.said for item in self._items[at:after])
        return after - at, bound._replace(family=family, said=said, column=column), None

    def _number(self, at: int) -> Number | None:
        number = self._numbers.at(at) if at < len(self._items) else None
        return None if number is None or number.money else number

    def _has(self, at: int, *roles: str) -> bool:
        return at < len(self._items) and bool(set(roles) & self._items[at].roles.keys())

    def _links(self, at: int) -> bool:
        return self._has(at, "unit", "over_after", "prepositions", "ignore")

    def _is_rating(self, at: int) -> bool:
        return self._has(at, "families") and self._items[at].roles["families"].value == "rating"
