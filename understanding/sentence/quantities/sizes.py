"""Sizes: "in size M", "42 beden", "a medium jacket"."""

from __future__ import annotations

import re

from understanding.grounding.shop import Shop
from understanding.grounding.spellings import size_key
from understanding.sentence.items import Item
from understanding.sentence.quantities.numbers import Numbers
from understanding.wishes import Wish

SILENT = frozenset({
    "ignore", "any", "ask", "answer", "refuse", "refuse_after", "correct", "prepositions", "and", "or", "stop",
    "articles", "also",
})  # fmt: skip
"""Roles of words beside a number that is all that a text says."""

Found = tuple[int, None, Wish | None] | None
"""The number of items, no bound, and the size; no size if the shop does not have it."""


class Sizes:
    """Finds sizes in items.

    Args:
        items: The items of one text.
        shop: The sizes of the shop.
        numbers: The numbers in the items.
    """

    def __init__(self, items: list[Item], shop: Shop, numbers: Numbers) -> None:
        self._items, self._shop, self._numbers = items, shop, numbers

    def named(self, at: int) -> Found:
        """A size with the word for sizes before or behind it."""
        return self._size(at) or self._sized(at) or self._ranged(at)

    def unnamed(self, at: int) -> Found:
        """A size without that word."""
        return self._fitted(at) or self._alone(at)

    def _size(self, at: int) -> Found:
        roles = self._items[at].roles
        if self._is_waist_or_length(at):
            found = self.of(self._items[at + 1]) if self._items[at].said in "wW" else None
            size = None if found is None else Wish("size", found[1], self._said(at, at + 2), found[0])
            return 2, None, size
        if not ("size" in roles or ("families" in roles and roles["families"].value == "size")):
            return None
        place = at + 1
        while place < len(self._items) and "ignore" in self._items[place].roles and place < at + 3:
            if size_key(self._items[place].said) in self._shop.sizes:
                break
            place += 1
        if place >= len(self._items):
            return None
        item = self._items[place]
        found = self.of(item)
        if found is not None:
            return place + 1 - at, None, Wish("size", found[1], self._said(at, place + 1), found[0])
        if item.number and self._is_money(place):  # "L beden 300 TL"
            return None
        if item.number or re.fullmatch(r"(?i)\d*x{0,3}[sml]|xx?s", item.said):
            return place + 1 - at, None, None
        return None

    def _is_waist_or_length(self, at: int) -> bool:
        """Whether a letter and the number directly after it are the waist or the leg length of trousers: "W34 L32"."""
        number = self._items[at + 1] if at + 1 < len(self._items) else None
        if number is None or number.start != self._items[at].end or len(number.number) != 2:
            return False
        return self._items[at].said in ("W", "L", "w", "l")

    def _sized(self, at: int) -> Found:
        """A size that is named behind it: "42 beden", "42码", "Lサイズ"."""
        found = self.of(self._items[at])
        if found is None or at + 1 >= len(self._items):
            return None
        # Japanese "26.5cm" is the length of feet.
        measured = "unit" in self._items[at + 1].roles and "." in size_key(self._items[at].number)
        if not (measured or "size" in self._items[at + 1].roles):
            return None
        if (following := self._size(at + 1)) is not None and following[2] is not None:  # "2, size 42"
            return None
        return 2, None, Wish("size", found[1], self._said(at, at + 2), found[0])

    def _ranged(self, at: int) -> Found:
        """An end of a range of sizes: "36-37码", "size 36-37"."""
        behind = self._is_dash(at + 1) and self._is_number(at + 2) and self._names_sizes(at + 3)
        before = self._is_dash(at - 1) and self._is_number(at - 2) and self._names_sizes(at - 3)
        if not (self._items[at].number and (behind or before)):
            return None
        found = self.of(self._items[at])
        return 1, None, None if found is None else Wish("size", found[1], self._items[at].said, found[0])

    def _is_dash(self, at: int) -> bool:
        return 0 <= at < len(self._items) and self._items[at].mark == "-"

    def _is_number(self, at: int) -> bool:
        return 0 <= at < len(self._items) and bool(self._items[at].number)

    def _names_sizes(self, at: int) -> bool:
        roles = self._items[at].roles if 0 <= at < len(self._items) else {}
        return "size" in roles or ("families" in roles and roles["families"].value == "size")

    def _fitted(self, at: int) -> Found:
        """A size behind a preposition: "in a 38", "en M"."""
        item = self._items[at]
        short = item.number or len(item.said) == 1 or ("sizes" in item.roles and not self._describes(at + 1))
        found = self.of(item) if short else None
        if found is None or self.counts(at + 1):
            return None
        before = at - 1
        while before >= 0 and "ignore" in self._items[before].roles and "prepositions" not in self._items[before].roles:
            before -= 1
        roles = self._items[before].roles if before >= 0 else {}
        if "prepositions" not in roles or {"recipient", "from", "with", "by"} & roles.keys():
            return None
        return 1, None, Wish("size", found[1], item.said, found[0])

    def _alone(self, at: int) -> Found:
        """A size in digits that is refused, or that is all of a text: "not 42", "42 olmasın", "rather 43"."""
        item = self._items[at]
        # "Another size? M", Spanish "la m"
        lettered = (item.said.isupper() or item.unknown) and not item.meanings and self._is_clause(at)
        lettered |= item.said.isupper() and not item.meanings and self._follows_thing(at)  # "A grey sweatshirt L"
        found = self.of(item) if item.number or lettered else None
        if found is None and (self._sizes_thing(at) or self._fits_people(at)):
            found = self.of(item)
            return None if found is None else (1, None, Wish("size", found[1], item.said, found[0]))
        if found is None:
            return None
        ends = at + 1 == len(self._items) or bool(self._items[at + 1].mark)
        worn = at > 0 and "articles" in self._items[at - 1].roles and ends  # "She's a 38."
        if lettered or worn or (self._is_clause(at) and any(item.meanings for item in self._items[:at])):
            return 1, None, Wish("size", found[1], item.said, found[0])
        before, after = at - 1, self._numbers.after_ignored(at + 1)
        while before >= 0 and {"ignore", "prepositions"} & self._items[before].roles.keys():
            before -= 1
        refused = before >= 0 and "refuse" in self._items[before].roles
        refused = refused or (after < len(self._items) and "refuse_after" in self._items[after].roles)
        listed = at > 0 and bool(self._items[at - 1].meanings) and self._ends_or_goes_on(at)  # "White sneakers 43"
        if not (self.only(at) or listed or (refused and not self.counts(at + 1))):
            return None
        return 1, None, Wish("size", found[1], item.said, found[0])

    def precedes_limit(self, at: int) -> bool:
        """Whether the number at a position is a size between a thing and a limit, whose word also joins ranges. Sizes
        are hardly round, unlike most prices: German "Schuhe 43 bis 90", but "Schuhe 40 bis 90"."""
        number = self._items[at].number
        if not number or number[-1] in "05" or self.of(self._items[at]) is None or at + 1 == len(self._items):
            return False
        return {"to", "under"} <= self._items[at + 1].roles.keys() and at > 0 and bool(self._items[at - 1].meanings)

    def _ends_or_goes_on(self, at: int) -> bool:
        """Whether the text ends behind the number at a position, or goes on with a look: "Nike shoes 43 white"."""
        if at + 1 == len(self._items):
            return True
        item = self._items[at + 1]
        described = (
            item.mark in (",", "、", "，")
            or bool(item.meanings)
            or bool({"relative", "under", "discounted"} & item.roles.keys())
        )
        return described and len(self._items[at].number) > 1 and not self.counts(at + 1)

    def of(self, item: Item) -> tuple[str, str] | None:
        """The column and the value of a size in the shop, by the value or by its name: "medium", "nine"."""
        named = item.roles.get("sizes") or item.roles.get("numbers")
        found = self._shop.sizes.get(size_key(item.said))
        return found or (self._shop.sizes.get(named.value) if named is not None else None)

    def _sizes_thing(self, at: int) -> bool:
        """Whether the name of a size that means nothing else precedes a thing: "a medium jacket"."""
        item = self._items[at]
        if "sizes" not in item.roles or "adjectives" in item.roles or len(item.said) == 1 or at + 1 == len(self._items):
            return False
        return any(one.family == "kind" and one.value != "heels" for one in self._items[at + 1].meanings[:1])

    def _follows_thing(self, at: int) -> bool:
        """Whether a wish precedes, and a mark or the end follows."""
        ends = at + 1 == len(self._items) or bool(self._items[at + 1].mark)
        return ends and at > 0 and bool(self._items[at - 1].meanings)

    def _fits_people(self, at: int) -> bool:
        """Whether the name of a size is behind people and describes nothing else: "mens large", "mens medium under 20",
        but not "mens medium blue"."""
        item = self._items[at]
        people = at > 0 and any(one.family == "people" for one in self._items[at - 1].meanings[:1])
        described = at + 1 < len(self._items) and (self._describes(at + 1) or self._items[at + 1].unknown)
        return "sizes" in item.roles and people and not described

    def _describes(self, at: int) -> bool:
        """Whether a look follows, which the word before describes: "in small checks"."""
        return at < len(self._items) and bool(self._items[at].meanings)

    def _is_clause(self, at: int) -> bool:
        """Whether nothing but an article is beside the item at a position between two marks."""
        first = at - 1
        while first >= 0 and "ignore" in self._items[first].roles:
            first -= 1
        return (first < 0 or bool(self._items[first].mark)) and (
            at + 1 == len(self._items) or bool(self._items[at + 1].mark)
        )

    def only(self, at: int) -> bool:
        """Whether a number is all that a text says: "80 is ok"."""
        if not self._items[at].number or self.counts(at + 1):
            return False
        others = (item for place, item in enumerate(self._items) if place != at)
        return all(item.mark or (SILENT & item.roles.keys() and not item.meanings) for item in others)

    def counts(self, at: int) -> bool:
        """Whether the item at a position says what the number before it counts: "42 cm"."""
        roles = self._items[at].roles if at < len(self._items) else {}
        return bool({"unit", "currency", "families", "year", "age", "under_after", "over_after"} & roles.keys())

    def _is_money(self, at: int) -> bool:
        number = self._numbers.at(at)
        return number is not None and number.money

    def _said(self, at: int, after: int) -> str:
        return " ".join(item.said for item in self._items[at:after])
