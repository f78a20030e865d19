"""Prices, years and sizes: "under 50", "between 20 and 40 euros", "from 2018", "in size M"."""

from __future__ import annotations

import re

import numpy as np

from understanding.grounding.shop import Shop
from understanding.sentence.items import Item
from understanding.sentence.numbers import Number, Numbers
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
SILENT = frozenset(
    {
        "ignore",
        "any",
        "ask",
        "answer",
        "refuse",
        "refuse_after",
        "correct",
        "prepositions",
        "and",
        "or",
        "stop",
        "articles",
        "also",
    }
)
"""Roles of words beside a number that is all that a text says."""


class Amounts:
    """Finds amounts in items.

    Args:
        items: The items of one text.
        shop: The numeric columns and sizes of the shop.
    """

    def __init__(self, items: list[Item], shop: Shop) -> None:
        self._items, self._shop, self._numbers = items, shop, Numbers(items)

    def at(self, at: int) -> tuple[int, Bound | None, Wish | None]:
        """The number of items of the amount at a position, and its bound or size; without either, the amount has no
        meaning in this shop."""
        finders = (self._size, self._sized, self._bound, self._fitted, self._alone)
        return next((found for find in finders if (found := find(at))), (0, None, None))

    def instead(self, at: int, before: Bound | Wish | None) -> tuple[int, Bound | None, Wish | None]:
        """The amount of a number alone that corrects the amount before it: "size 40, no, 41"."""
        number = self._numbers.at(at)
        if number is not None and isinstance(before, Bound):
            low = None if before.min is None else number.value
            high = None if before.max is None else number.value
            return number.after - at, before._replace(min=low, max=high, said=self._said(at, number.after)), None
        found = self._size_of(self._items[at])
        if found is None or not isinstance(before, Wish):
            return 0, None, None
        return 1, None, Wish("size", found[1], self._items[at].said, found[0])

    def _size(self, at: int) -> tuple[int, Bound | None, Wish | None] | None:
        roles = self._items[at].roles
        if not ("size" in roles or ("families" in roles and roles["families"].value == "size")):
            return None
        place = at + 1
        while place < len(self._items) and "ignore" in self._items[place].roles and place < at + 3:
            if _plain(self._items[place].said) in self._shop.sizes:
                break
            place += 1
        if place >= len(self._items):
            return None
        item = self._items[place]
        found = self._size_of(item)
        if found is not None:
            return place + 1 - at, None, Wish("size", found[1], self._said(at, place + 1), found[0])
        if item.number and self._is_money(place):  # "L beden 300 TL"
            return None
        if item.number or re.fullmatch(r"(?i)\d*x{0,3}[sml]|xx?s", item.said):
            return place + 1 - at, None, None
        return None

    def _bound(self, at: int) -> tuple[int, Bound | None, Wish | None] | None:
        roles = self._items[at].roles
        first = self._numbers.at(at + 1) if "between" in roles else None
        if first is not None and (second := self._numbers.joined(first, priced=True)):
            return self._made(at, second.after, first.value, second.value, first.money or second.money)
        if (first := self._numbers.at(at)) and (second := self._numbers.joined(first)):
            return self._made(at, second.after, first.value, second.value, first.money or second.money)
        if "from" in roles and (first := self._numbers.at(at + 1)) and (second := self._numbers.joined(first)):
            return self._made(at, second.after, first.value, second.value, first.money or second.money)
        if "year" in roles and (number := self._numbers.at(self._after_ignored(at + 1))) and self._is_year(number):
            if second := self._numbers.joined(number):
                return self._made(at, second.after, number.value, second.value, second.money)
            if (sided := self._followed(at, number)) and sided[0] > number.after - at:
                return sided  # "From 2012 on"
            # "From 2012" is a year's, "from 20" is a price's.
            return self._made(at, number.after, number.value, number.value, money=False)
        for role, side in YEAR_SIDES.items():
            if role in roles and (number := self._numbers.at(self._after_ignored(at + 1))) and self._is_year(number):
                return self._sided(at, number.after, side, number)
        if ranged := self._ranged(at):
            return ranged
        for role in ("under", "over", "about"):
            if {role, f"{role}_after"} & roles.keys() and (number := self._numbers.at(self._after_ignored(at + 1))):
                return self._sided(at, number.after, role, number)
        if "relative" in roles and roles["relative"].value in SIDES:
            place = self._after_ignored(at + 1)
            if place > at + 1 and (number := self._numbers.at(place)):
                return self._sided(at, number.after, SIDES[roles["relative"].value], number)
        if number := self._numbers.at(at):
            return self._followed(at, number)
        return None

    def _ranged(self, at: int) -> tuple[int, Bound | None, Wish | None] | None:
        """A range behind a word that a single number can follow as well: "budget 20-40", "around 20 to 40", and "at
        most 20-40", which limits one side only."""
        roles = self._items[at].roles
        priced = "families" in roles and roles["families"].value == "price"
        role = next((one for one in ("about", "under", "over") if {one, f"{one}_after"} & roles.keys()), "")
        if not (priced or role):
            return None
        first = self._numbers.at(self._after_ignored(at + 1))
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

    def _sized(self, at: int) -> tuple[int, Bound | None, Wish | None] | None:
        """A size that is named behind it: "42 beden", "42码", "Lサイズ"."""
        found = self._size_of(self._items[at])
        if found is None or at + 1 >= len(self._items) or "size" not in self._items[at + 1].roles:
            return None
        if (following := self._size(at + 1)) is not None and following[2] is not None:  # "2, size 42"
            return None
        return 2, None, Wish("size", found[1], self._said(at, at + 2), found[0])

    def _fitted(self, at: int) -> tuple[int, Bound | None, Wish | None] | None:
        """A size behind a preposition: "in a 38", "en M"."""
        item = self._items[at]
        short = item.number or len(item.said) == 1 or ("sizes" in item.roles and not self._describes(at + 1))
        found = self._size_of(item) if short else None
        if found is None or self._counts(at + 1):
            return None
        before = at - 1
        while before >= 0 and "ignore" in self._items[before].roles and "prepositions" not in self._items[before].roles:
            before -= 1
        roles = self._items[before].roles if before >= 0 else {}
        if "prepositions" not in roles or {"recipient", "from", "with", "by"} & roles.keys():
            return None
        return 1, None, Wish("size", found[1], item.said, found[0])

    def _alone(self, at: int) -> tuple[int, Bound | None, Wish | None] | None:
        """A size in digits that is refused, or that is all of a text: "not 42", "42 olmasın", "rather 43"."""
        item = self._items[at]
        lettered = item.said.isupper() and not item.meanings and self._is_clause(at)  # "Another size? M"
        found = self._size_of(item) if item.number or lettered else None
        if found is None and self._names_size_of_thing(at):
            found = self._size_of(item)
            return None if found is None else (1, None, Wish("size", found[1], item.said, found[0]))
        if found is None:
            return None
        if lettered:
            return 1, None, Wish("size", found[1], item.said, found[0])
        before, after = at - 1, self._after_ignored(at + 1)
        while before >= 0 and {"ignore", "prepositions"} & self._items[before].roles.keys():
            before -= 1
        refused = before >= 0 and "refuse" in self._items[before].roles
        refused = refused or (after < len(self._items) and "refuse_after" in self._items[after].roles)
        listed = at > 0 and bool(self._items[at - 1].meanings) and self._ends_or_goes_on(at)  # "White sneakers 43"
        if not (self.only(at) or listed or (refused and not self._counts(at + 1))):
            return None
        return 1, None, Wish("size", found[1], item.said, found[0])

    def _ends_or_goes_on(self, at: int) -> bool:
        """Whether the text ends behind the number at a position, or goes on with a look: "Nike shoes 43 white"."""
        if at + 1 == len(self._items):
            return True
        item = self._items[at + 1]
        described = item.mark in (",", "、", "，") or bool(item.meanings) or "relative" in item.roles
        return described and len(self._items[at].number) > 1 and not self._counts(at + 1)

    def _size_of(self, item: Item) -> tuple[str, str] | None:
        """The column and the value of a size in the shop, by the value or by its name: "medium"."""
        named = item.roles.get("sizes")
        found = self._shop.sizes.get(_plain(item.said))
        return found or (self._shop.sizes.get(named.value) if named is not None else None)

    def _names_size_of_thing(self, at: int) -> bool:
        """Whether the name of a size that means nothing else stands before a thing: "a medium jacket"."""
        item = self._items[at]
        if "sizes" not in item.roles or "adjectives" in item.roles or len(item.said) == 1 or at + 1 == len(self._items):
            return False
        return any(one.family == "kind" and one.value != "heels" for one in self._items[at + 1].meanings[:1])

    def _describes(self, at: int) -> bool:
        """Whether a look follows, which the word before describes: "in small checks"."""
        return at < len(self._items) and bool(self._items[at].meanings)

    def _is_clause(self, at: int) -> bool:
        """Whether nothing but an article stands with the item at a position between two marks."""
        first = at - 1
        while first >= 0 and "ignore" in self._items[first].roles:
            first -= 1
        return (first < 0 or bool(self._items[first].mark)) and (
            at + 1 == len(self._items) or bool(self._items[at + 1].mark)
        )

    def only(self, at: int) -> bool:
        """Whether a number is all that a text says: "80 is ok"."""
        if not self._items[at].number or self._counts(at + 1):
            return False
        others = (item for place, item in enumerate(self._items) if place != at)
        return all(item.mark or (SILENT & item.roles.keys() and not item.meanings) for item in others)

    def _counts(self, at: int) -> bool:
        """Whether the item at a position says what the number before it counts: "42 cm"."""
        roles = self._items[at].roles if at < len(self._items) else {}
        return bool({"unit", "currency", "families", "year", "age", "under_after", "over_after"} & roles.keys())

    def _is_money(self, at: int) -> bool:
        number = self._numbers.at(at)
        return number is not None and number.money

    def _followed(self, at: int, number: Number) -> tuple[int, Bound | None, Wish | None] | None:
        """An amount that begins with a number: "50 or less", "50 euros", "2018 collection"."""
        place = number.after
        following = self._items[place].roles if place < len(self._items) else {}
        if not AFTER & following.keys():  # "From 2015 on"
            place = self._after_ignored(place)
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
            return place + 1 - at, None, None
        if self._is_year(number) and "year" in following:
            return self._made(at, place + 1, number.value, number.value, money=False)
        return None

    def _sided(self, at: int, after: int, side: str, number: Number) -> tuple[int, Bound | None, Wish | None]:
        if after < len(self._items) and "unit" in self._items[after].roles and not number.money:
            return after + 1 - at, None, None
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

    def _after_ignored(self, at: int) -> int:
        items = self._items
        if 0 < at < len(items) and items[at].mark == "." and items[at].start == items[at - 1].end:
            at += 1  # "Max. 50"
        while at < len(items) and items[at].roles.keys() & {"ignore", "families"}:
            at += 1
        return at

    def _said(self, at: int, after: int) -> str:
        return " ".join(item.said for item in self._items[at:after])


def _plain(said: str) -> str:
    return re.sub(r"\W", "", said).casefold()
