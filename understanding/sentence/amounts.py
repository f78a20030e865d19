"""Prices, years and sizes: "under 50", "between 20 and 40 euros", "from 2018", "in size M"."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from understanding.grounding.shop import Shop
from understanding.sentence.items import Item
from understanding.wishes import Bound, Wish

YEARS = range(1970, 2040)
ABOUT = 0.2
"""Tolerance of "around 50" in both directions, relative to the number."""


class _Number(NamedTuple):
    value: float
    after: int
    money: bool
    """Whether it has a currency."""


class Amounts:
    """Finds amounts in items.

    Args:
        items: The items of one text.
        shop: The numeric columns and sizes of the shop.
    """

    def __init__(self, items: list[Item], shop: Shop) -> None:
        self._items, self._shop = items, shop

    def at(self, at: int) -> tuple[int, Bound | None, Wish | None]:
        """The number of items of the amount at a position, and its bound or size; without either, the amount has no
        meaning in this shop."""
        return self._size(at) or self._bound(at) or (0, None, None)

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
        found = self._shop.sizes.get(_plain(item.said))
        if found is not None:
            return place + 1 - at, None, Wish("size", found[1], self._said(at, place + 1), found[0])
        if item.number or re.fullmatch(r"(?i)\d*x{0,3}[sml]|xx?s", item.said):
            return place + 1 - at, None, None
        return None

    def _bound(self, at: int) -> tuple[int, Bound | None, Wish | None] | None:
        roles = self._items[at].roles
        if "between" in roles and (first := self._number(at + 1)) and (second := self._joined(first)):
            return self._made(at, second.after, first.value, second.value, first.money or second.money)
        if (first := self._number(at)) and (second := self._joined(first)):
            return self._made(at, second.after, first.value, second.value, first.money or second.money)
        if "from" in roles and (first := self._number(at + 1)) and (second := self._joined(first)):
            return self._made(at, second.after, first.value, second.value, first.money or second.money)
        if "year" in roles and (number := self._number(self._after_ignored(at + 1))) and self._is_year(number):
            after = self._items[number.after].roles if number.after < len(self._items) else {}
            if "over_after" not in after:  # "From 2012" is a year's, "from 20" is a price's.
                return self._made(at, number.after, number.value, number.value, money=False)
        for role in ("under", "over", "about"):
            if {role, f"{role}_after"} & roles.keys() and (number := self._number(self._after_ignored(at + 1))):
                return self._sided(at, number.after, role, number)
        if "relative" in roles and roles["relative"].value in ("newer", "older", "cheaper", "more expensive"):
            place = self._after_ignored(at + 1)
            if place > at + 1 and (number := self._number(place)):
                under = roles["relative"].value in ("older", "cheaper")
                return self._sided(at, number.after, "under" if under else "over", number)
        if number := self._number(at):
            return self._sized(at, number) or self._followed(at, number)
        return None

    def _sized(self, at: int, number: _Number) -> tuple[int, Bound | None, Wish | None] | None:
        """A size that is named behind its number: "42 beden", "42码"."""
        found = self._shop.sizes.get(_plain(self._items[at].said))
        if found is None or number.after >= len(self._items) or "size" not in self._items[number.after].roles:
            return None
        if self._size(number.after) is not None:  # "2, size 42"
            return None
        return number.after + 1 - at, None, Wish("size", found[1], self._said(at, number.after + 1), found[0])

    def _followed(self, at: int, number: _Number) -> tuple[int, Bound | None, Wish | None] | None:
        """An amount that begins with a number: "50 or less", "50 euros", "2018 collection"."""
        place = self._after_ignored(number.after)
        following = self._items[place].roles if place < len(self._items) else {}
        for role in ("under_after", "over_after"):
            if role in following:
                return self._sided(at, place + 1, role.removesuffix("_after"), number)
        if number.money:
            return self._sided(at, number.after, "under", number)
        if "unit" in following:
            return place + 1 - at, None, None
        if self._is_year(number) and "year" in following:
            return self._made(at, place + 1, number.value, number.value, money=False)
        return None

    def _sided(self, at: int, after: int, side: str, number: _Number) -> tuple[int, Bound | None, Wish | None]:
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
        year = not money and all(end in YEARS for end in ends) and self._prices_below(min(ends))
        family = "year" if year else "price"
        column = self._shop.numbers[family][0] if family in self._shop.numbers else ""
        return after - at, Bound(family, low, high, self._said(at, after), column), None

    def _prices_below(self, number: float) -> bool:
        """Whether a number is more likely a year than a price of this shop."""
        if "year" not in self._shop.numbers:
            return False
        if "price" not in self._shop.numbers:
            return True
        prices = self._shop.numbers["price"][1]
        prices = prices[np.isfinite(prices)]
        return not len(prices) or float(np.median(prices)) * 4 < number

    def _is_year(self, number: _Number) -> bool:
        return not number.money and number.value in YEARS and self._prices_below(number.value)

    def _number(self, at: int) -> _Number | None:
        """The number at a position, with a currency before or after it."""
        place, money = at, False
        if place < len(self._items) and "currency" in self._items[place].roles:
            place, money = place + 1, True
        if place >= len(self._items) or not self._items[place].number:
            return None
        value = amount(self._items[place].number)
        if value is None:
            return None
        place += 1
        if place < len(self._items) and "currency" in self._items[place].roles:
            place, money = place + 1, True
        return _Number(value, place, money)

    def _joined(self, first: _Number) -> _Number | None:
        """The second number of a range."""
        if first.after < len(self._items):
            item = self._items[first.after]
            if item.mark == "-" or {"to", "and"} & item.roles.keys():
                return self._number(first.after + 1)
        return None

    def _after_ignored(self, at: int) -> int:
        while at < len(self._items) and at < len(self._items) and self._items[at].roles.keys() & {"ignore", "families"}:
            at += 1
        return at

    def _said(self, at: int, after: int) -> str:
        return " ".join(item.said for item in self._items[at:after])


def amount(said: str) -> float | None:
    """The number in digits with points and commas: the last one separates decimals, unless three digits follow it."""
    parts = re.split(r"[.,]", said)
    if len(parts) > 1 and len(parts[-1]) != 3:
        whole, decimals = "".join(parts[:-1]), parts[-1]
    else:
        whole, decimals = "".join(parts), ""
    if len(whole) > 12:
        return None
    return float(f"{whole}.{decimals or 0}")


def _plain(said: str) -> str:
    return re.sub(r"\W", "", said).casefold()
