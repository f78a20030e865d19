"""Numbers in digits and words: "50", "fifty", "5 thousand", "1万5千", "€ 50"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from understanding.sentence.items import Item
from understanding.words.phrases import Entry
from understanding.words.text import is_cjk

POWERS = frozenset({"100", "1000", "10000"})
"""Numbers that multiply the one before them: "5 thousand"."""
UNITS = (10, 100, 1000, 10000)
SMALL = 10
"""Numbers in words below it are amounts only before a currency. Behind the word for sizes, they are sizes."""


class Number(NamedTuple):
    """A number in a text."""

    value: float
    after: int
    money: bool
    """Whether it has a currency."""


class Numbers:
    """Finds numbers in items.

    Args:
        items: The items of one text.
    """

    def __init__(self, items: list[Item]) -> None:
        self._items = items

    def at(self, at: int) -> Number | None:
        """The number at a position, with a currency before or after it."""
        place, money = at, False
        if place < len(self._items) and "currency" in self._items[place].roles:
            place, money = place + 1, True
        value, place = self._value(place)
        if value is None:
            return None
        if place < len(self._items) and "currency" in self._items[place].roles:
            place, money = place + 1, True
        return Number(value, place, money)

    def joined(self, first: Number, *, priced: bool = False) -> Number | None:
        """The second number of a range. A slash joins prices only, because "38/40" is a size.

        Args:
            first: The number that the range begins with.
            priced: Whether the text says that the numbers are prices; otherwise one must have a currency.
        """
        if first.after >= len(self._items):
            return None
        item, second = self._items[first.after], self.at(first.after + 1)
        if item.mark == "-" or {"to", "and"} & item.roles.keys():
            return second
        slashed = item.mark == "/" and second is not None and (priced or first.money or second.money)
        return second if slashed else None

    def after_ignored(self, at: int) -> int:
        """The next position whose item has a meaning beside a number."""
        items = self._items
        if 0 < at < len(items) and items[at].mark == "." and items[at].start == items[at - 1].end:
            at += 1  # "Max. 50"
        while at < len(items) and items[at].roles.keys() & {"ignore", "families"}:
            at += 1
        return at

    def _roles(self, at: int) -> Mapping[str, Entry]:
        return self._items[at].roles if at < len(self._items) else {}

    def _value(self, at: int) -> tuple[float | None, int]:
        """The number in digits or words at a position, and the position after it: "50", "fifty", "5 thousand"."""
        if at >= len(self._items):
            return None, at
        item = self._items[at]
        word = item.roles.get("numbers")
        value = amount(item.number) if item.number else float(word.value) if word is not None else None
        following = self._roles(at + 1).get("numbers")
        if value is None:
            return None, at + 1
        after, small = at + 1, not item.number and value < SMALL
        if (item.number or small) and following is not None and following.value in POWERS:
            value, after = value * float(following.value), at + 2
        elif small and "currency" not in self._roles(after):
            return None, after  # "Two or three shirts"
        elif item.number:
            return value, after
        # "1万5千", "二百五十": smaller numbers are added.
        unit = max((power for power in UNITS if value % power == 0), default=1)
        if after < len(self._items) and unit > 1:
            rest, end = self._value(after)
            if rest is None and is_cjk(item.said) and (digit := self._roles(after).get("numbers")):
                return value + float(digit.value) * unit / 10, after + 1  # Chinese "一千五" is 1500.
            if rest is not None and 0 < rest < unit:
                return value + rest, end
        return value, after


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
