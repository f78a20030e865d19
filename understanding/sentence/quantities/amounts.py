"""Prices and years: "under 50", "between 20 and 40 euros", "from 2018"; ``sizes`` finds sizes."""

from __future__ import annotations

import numpy as np

from understanding.grounding.shop import Shop
from understanding.sentence.items import Item
from understanding.sentence.quantities.named import Named
from understanding.sentence.quantities.numbers import Number, Numbers
from understanding.sentence.quantities.sizes import Sizes
from understanding.wishes import Bound, Wish

YEARS = range(1970, 2040)
ABOUT = 0.2
"""Tolerance of "around 50" in both directions, relative to the number."""


SIDES = {"newer": "over", "older": "under", "cheaper": "under", "more expensive": "over"}
"""On which side of a number its products are."""
YEAR_SIDES = {"since": "over", "before": "under"}
"""The same for words that limit years only: German "vor 2015" is a year's, "vor 50" is no price's."""
AFTER = frozenset({"under_after", "over_after", "about_after", "since_after", "before_after"})
"""Roles of words behind a number."""


class Amounts:
    """Finds amounts in items.

    Args:
        items: The items of one text.
        shop: The numeric columns and sizes of the shop.
    """

    def __init__(self, items: list[Item], shop: Shop) -> None:
        self._items, self._shop, self._numbers = items, shop, Numbers(items)
        self._sizes = Sizes(items, shop, self._numbers)
        self._named = Named(items, shop, self._numbers, self._bound)

    def at(self, at: int) -> tuple[int, Bound | None, Wish | None]:
        """The number of items of the amount at a position, and its bound or size; without either, the amount has no
        meaning in this shop."""
        found = self._sizes.named(at) or self._named.at(at) or self._bound(at) or self._sizes.unnamed(at)
        return found or (0, None, None)

    def only(self, at: int) -> bool:
        """Whether a number is all that a text says: "80 is ok"."""
        return self._sizes.only(at)

    def is_bare(self, at: int) -> bool:
        """Whether the item at a position is a number that counts nothing that is said."""
        return bool(self._items[at].number) and not self._sizes.counts(at + 1)

    def instead(self, at: int, before: Bound | Wish | None) -> tuple[int, Bound | None, Wish | None]:
        """The amount of a number alone that corrects the amount before it: "size 40, no, 41"."""
        number = self._numbers.at(at)
        if number is not None and isinstance(before, Bound):
            low = None if before.min is None else number.value
            high = None if before.max is None else number.value
            return number.after - at, before._replace(min=low, max=high, said=self._said(at, number.after)), None
        found = self._sizes.of(self._items[at])
        if found is None or not isinstance(before, Wish):
            return 0, None, None
        return 1, None, Wish("size", found[1], self._items[at].said, found[0])

    def _bound(self, at: int) -> tuple[int, Bound | None, Wish | None] | None:
        roles = self._items[at].roles
        first = self._numbers.at(at + 1) if "between" in roles else None
        if first is not None and (second := self._numbers.joined(first, priced=True)):
            return self._made(at, second.after, first.value, second.value, first.money or second.money)
        if self._sizes.precedes_limit(at):
            return None  # Portuguese "tênis 41 até 90"
        if (first := self._numbers.at(at)) and (second := self._numbers.joined(first)):
            return self._made(at, second.after, first.value, second.value, first.money or second.money)
        if "from" in roles and (first := self._numbers.at(at + 1)) and (second := self._numbers.joined(first)):
            return self._made(at, second.after, first.value, second.value, first.money or second.money)
        if (
            "year" in roles
            and (number := self._numbers.at(self._numbers.after_ignored(at + 1)))
            and self._is_year(number)
        ):
            if second := self._numbers.joined(number):
                return self._made(at, second.after, number.value, second.value, second.money)
            if (sided := self._followed(at, number)) and sided[0] > number.after - at:
                return sided  # "From 2012 on"
            # "From 2012" is a year's, "from 20" is a price's.
            return self._made(at, number.after, number.value, number.value, money=False)
        for role, side in YEAR_SIDES.items():
            if (
                role in roles
                and (number := self._numbers.at(self._numbers.after_ignored(at + 1)))
                and self._is_year(number)
            ):
                return self._sided(at, number.after, side, number)
        if ranged := self._ranged(at):
            return ranged
        for role in ("under", "over", "about"):
            if {role, f"{role}_after"} & roles.keys() and (
                number := self._numbers.at(self._numbers.after_ignored(at + 1))
            ):
                return self._sided(at, number.after, role, number)
        if "relative" in roles and roles["relative"].value in SIDES:
            place = self._numbers.after_ignored(at + 1)
            while place < len(self._items) and "than" in self._items[place].roles:
                place = self._numbers.after_ignored(place + 1)
            if place > at + 1 and (number := self._numbers.at(place)):
                return self._sided(at, number.after, SIDES[roles["relative"].value], number)
        if "families" in roles and roles["families"].value == "price" and (number := self._priced(at)):
            return self._sided(at, number.after, "under", number)  # "Budget 100", "price: 50"
        if number := self._numbers.at(at):
            return self._followed(at, number)
        return None

    def _priced(self, at: int) -> Number | None:
        """The number directly behind the word for prices at a position, or behind a colon."""
        place = self._numbers.after_ignored(at + 1)
        if place < len(self._items) and self._items[place].mark == ":":
            place = self._numbers.after_ignored(place + 1)
        return self._numbers.at(place)

    def _ranged(self, at: int) -> tuple[int, Bound | None, Wish | None] | None:
        """A range behind a word that a single number can follow as well: "budget 20-40", "around 20 to 40", and "at
        most 20-40", which limits one side only."""
        roles = self._items[at].roles
        priced = "families" in roles and roles["families"].value == "price"
        role = next((one for one in ("about", "under", "over") if {one, f"{one}_after"} & roles.keys()), "")
        if not (priced or role):
            return None
        first = self._numbers.at(self._numbers.after_ignored(at + 1))
        second = self._numbers.joined(first, priced=priced) if first is not None else None
        if first is None or second is None or "and" in self._items[first.after].roles:
            return None
        low, high = min(first.value, second.value), max(first.value, second.value)
        one_sided = not priced and role != "about"
        return self._made(
            at,
            second.after,
            None if one_sided and role == "under" else low,
            None if one_sided and role == "over" else high,
            first.money or second.money,
        )

    def _followed(self, at: int, number: Number) -> tuple[int, Bound | None, Wish | None] | None:
        """An amount that begins with a number: "50 or less", "50 euros", "2018 collection"."""
        place = number.after
        following = self._items[place].roles if place < len(self._items) else {}
        if not AFTER & following.keys():  # "From 2015 on"
            place = self._numbers.after_ignored(place)
            following = self._items[place].roles if place < len(self._items) else {}
        for role in ("under_after", "over_after", "about_after"):
            if role in following:
                return self._sided(at, place + 1, role.removesuffix("_after"), number)
        if self._is_year(number):
            if place < len(self._items) and self._items[place].mark == "+":
                return self._sided(at, place + 1, "over", number)
            for role, side in YEAR_SIDES.items():
                if f"{role}_after" in following:
                    return self._sided(at, place + 1, side, number)
        if {"or", "and"} & following.keys() and place + 1 < len(self._items):
            relative = self._items[place + 1].roles.get("relative")
            if relative is not None and relative.value in SIDES:  # "2012 or newer"
                return self._sided(at, place + 2, SIDES[relative.value], number)
        if number.money:
            return self._sided(at, number.after, "under", number)
        if "unit" in following:
            return self._measured(at, place + 1)
        if self._is_year(number) and "year" in following:
            return self._made(at, place + 1, number.value, number.value, money=False)
        return None

    def _sided(self, at: int, after: int, side: str, number: Number) -> tuple[int, Bound | None, Wish | None]:
        if after < len(self._items) and "unit" in self._items[after].roles and not number.money:
            return self._measured(at, after + 1)
        if side == "about" and after < len(self._items):  # "Around 50 max", Japanese "5000円くらいまで"
            side = next((one for one in ("under", "over") if f"{one}_after" in self._items[after].roles), side)
        # "Under 50 or less" is redundant; in "moins de 50 euros et plus foncé" the words compare.
        if after < len(self._items) and f"{side}_after" in self._items[after].roles:
            after += 1
        low, high = {
            "under": (None, number.value),
            "over": (number.value, None),
            "about": (number.value * (1 - ABOUT), number.value * (1 + ABOUT)),
        }[side]
        if side == "about" and self._is_year(number):
            low, high = number.value, number.value
        return self._made(at, after, low, high, number.money)

    def _measured(self, at: int, after: int) -> tuple[int, None, None]:
        """Skip an amount in a unit other than money, and the limit after it: "5 cm max"."""
        limited = after < len(self._items) and bool(AFTER & self._items[after].roles.keys())
        return after + limited - at, None, None

    def _made(
        self, at: int, after: int, low: float | None, high: float | None, money: bool
    ) -> tuple[int, Bound | None, Wish | None]:
        if low is not None and high is not None and low > high:
            low, high = high, low
        ends = [end for end in (low, high) if end is not None]
        year = not money and all(map(self._is_of_shop, ends)) and self._prices_below(min(ends))
        family = "year" if year else "price"
        column = self._shop.numbers[family][0] if family in self._shop.numbers else ""
        return after - at, Bound(family, low, high, self._said(at, after), column), None

    def _is_of_shop(self, number: float) -> bool:
        """Whether a number may be a year of this shop's products, or a year next to these."""
        years = self._shop.numbers["year"][1] if "year" in self._shop.numbers else np.zeros(0)
        years = years[np.isfinite(years)]
        return number in YEARS and (not len(years) or bool(years.min() - 1 <= number <= years.max() + 1))

    def _prices_below(self, number: float) -> bool:
        """Whether a number is more likely a year than a price of this shop."""
        if "year" not in self._shop.numbers:
            return False
        if "price" not in self._shop.numbers:
            return True
        prices = self._shop.numbers["price"][1]
        prices = prices[np.isfinite(prices)]
        return not len(prices) or float(np.median(prices)) * 4 < number

    def _is_year(self, number: Number) -> bool:
        return not number.money and self._is_of_shop(number.value) and self._prices_below(number.value)

    def _said(self, at: int, after: int) -> str:
        return " ".join(item.said for item in self._items[at:after])
