"""Lookahead in the items of a text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from understanding.sentence.items import Item
from understanding.words.concepts import ATTACHED
from understanding.words.phrases import Entry
from understanding.words.text import is_cjk

NEAR = 3
"""Maximum number of meaningless items between "same" and "colour"."""
FAR = 8
"""Maximum number of items of a list before its conjunction."""
LOOKS = frozenset({"colour", "pattern", "material", "detail", "kind"})
"""Families that describe a product."""
BACKGROUND = frozenset({"people", "occasion", "season"})
"""Families of things that sentences and stories mention without asking for them."""
OTHERS = LOOKS | {"brand", "condition"}
"""Families that describe another thing, one that is worn with the product or that it replaces."""
_ORDER = (("people",), ("occasion", "season"), ("colour", "brand"), ("pattern",), ("material",), ("detail",), ("kind",))
ORDER = {family: place for place, families in enumerate(_ORDER) for family in families}
"""In which order words describe a thing: "black striped leather shoes". What comes too late is about another one."""
PARTS = frozenset({"sleeves", "heel", "straps", "logo", "pockets", "collar", "buttons", "hood", "bow", "slit"})
"""Details that can be compared."""
OF_HEELS = frozenset({"higher", "lower", "thicker", "thinner", "shorter", "smaller"})
"""Directions in which heels are compared as a part of a shoe."""
COMMAS = frozenset(",、，")
_SILENT = frozenset({"ignore", "prepositions", "my", "to", "from", "about", "year", "ask"})


class Found(NamedTuple):
    """The result of a lookahead."""

    value: str
    """Empty if nothing was found."""
    after: int
    """The position after it."""


class Ahead:
    """Looks ahead in items, by a bounded number of them.

    Args:
        items: The items of one text.
    """

    def __init__(self, items: list[Item]) -> None:
        self._items = items
        self._past_ignored = [len(items)]
        for at in reversed(range(len(items))):
            ignored = "ignore" in items[at].roles and not items[at].meanings
            self._past_ignored.append(self._past_ignored[-1] if ignored else at)
        self._past_ignored.reverse()

    def roles(self, at: int) -> Mapping[str, Entry]:
        """The roles of the item at a position; none beyond the end."""
        return self._items[at].roles if 0 <= at < len(self._items) else {}

    def said(self, at: int, count: int) -> str:
        """The words of some items."""
        return " ".join(item.said for item in self._items[at : at + count])

    def past_ignored(self, at: int) -> int:
        """The next position whose item has a meaning."""
        return self._past_ignored[at] if at < len(self._items) else at

    def before(self, at: int) -> int:
        """The previous position whose item has a meaning; -1 if there is none."""
        at -= 1
        while at >= 0 and "ignore" in self._items[at].roles and not self._items[at].meanings:
            at -= 1
        return at

    def refused_behind(self, at: int) -> bool:
        """Whether the item at a position refuses what precedes it."""
        roles = self.roles(at)
        return "refuse_after" in roles and not ("refuse" in roles and self.refuses_next(at))

    def is_known(self, at: int, end: int) -> bool:
        """Whether the items from ``at`` to ``end`` have no unknown word."""
        return not any(item.unknown for item in self._items[at:end])

    def is_refused(self, at: int) -> int:
        """The position behind a word that refuses the amount which ends at a position; 0 without one."""
        place = self.past_ignored(at)
        refused = self.refused_behind(place) and "answer" not in self.roles(place)
        return place + 1 if refused and not self._wish_between(at, place) else 0

    def _wish_between(self, at: int, end: int) -> bool:
        return any(item.meanings for item in self._items[at:end])

    def family(self, at: int) -> Found:
        """The next family name, after words without a meaning."""
        for place in range(at, min(at + NEAR, len(self._items))):
            roles = self._items[place].roles
            if "families" in roles:
                return Found(roles["families"].value, place + 1)
            if not _SILENT & roles.keys() and "keep" not in roles:
                break
        return Found("", at)

    def wish(self, at: int) -> Found:
        """The family of the next concept or value, after words without a meaning."""
        for place in range(at, min(at + NEAR, len(self._items))):
            if (meaning := meant(self._items[place])) is not None:
                return Found(meaning.family, place + 1)
            if not _SILENT & self._items[place].roles.keys():
                break
        return Found("", at)

    def part(self, at: int, direction: str) -> Found:
        """The next part of a product that is compared: "longer sleeves"."""
        if at < len(self._items) and (entry := meant(self._items[at])) and not entry.refused:
            if entry.value in PARTS:
                return Found(entry.value, at + 1)
            if entry.value == "heels" and direction in OF_HEELS:
                return Found("heel", at + 1)
        return Found("", at)

    def anchor(self, at: int) -> int:
        """Number of items that describe what a kept family should match: "the same colour as my trousers". 0 if they
        ask for a kind: "the same colour as trousers"."""
        some = self._items[at : at + 3]
        if (
            len(some) == 3
            and "my" in some[1].roles
            and meant(some[2])
            and not {"or", "and", "stop"} & some[0].roles.keys()
        ):
            return 3
        return 0

    def list_goes_on(self, at: int, family: str) -> bool:
        """Whether the conjunction at a position continues a list whose last entry is of ``family``: "black, brown or
        grey"."""
        joined, also = "or" in self.roles(at), "and" in self.roles(at)
        for place, item in enumerate(self._items[at + 1 : at + FAR], at + 1):
            meaning = meant(item)
            if meaning is not None:
                if meaning.family != family:
                    part = attached(item)
                    return joined and (meaning.family != "kind" or part is not None or self.is_alternative(place))
                if joined or also:
                    return True
            elif "or" in item.roles:
                joined = True
            elif not ("ignore" in item.roles or (item.mark and item.mark in COMMAS)):
                return False
        return False

    def is_alternative(self, at: int) -> bool:
        """Whether "or" directly precedes the item at a position: "no leather or jeans"."""
        return "or" in self.roles(at - 1)

    def look_behind(self, at: int) -> str:
        """The family of the look that follows a conjunction, at most behind an article; empty if there is none."""
        place = at + 2 if {"my", "articles"} & self.roles(at + 1).keys() else at + 1
        entry = meant(self._items[place]) if place < len(self._items) else None
        return entry.family if entry is not None and entry.family in LOOKS and not entry.refused else ""

    def is_clause(self, at: int) -> bool:
        """Whether the item at a position is alone between marks, conjunctions and the ends of the text."""
        joined = {"and", "stop"}
        behind = at + 1 if joined & self.roles(at + 1).keys() else self.past_ignored(at + 1)
        return all(
            place in (-1, len(self._items)) or self._items[place].mark or joined & self.roles(place).keys()
            for place in (self.before(at), behind)
        )

    def ends_behind(self, at: int) -> bool:
        """Whether nothing with a meaning follows."""
        return all(item.mark or "ignore" in item.roles for item in self._items[at + 1 :])

    def answers_question(self, at: int) -> bool:
        """ "Black? Nah, blue", "black no, blue": before a mark, and behind a question mark or a wish."""
        marks = [self._items[place].mark if place < len(self._items) else "" for place in (at - 1, at + 1)]
        return at > 0 and (marks[0] in ("?", "？") or self.is_next(at)) and bool(marks[1])

    def interrupts(self, at: int) -> bool:
        """ "Black, no, white": between two commas."""
        return 0 < at < len(self._items) - 1 and {self._items[at - 1].mark, self._items[at + 1].mark} <= COMMAS

    def refuses_next(self, at: int) -> bool:
        """Whether a word that can refuse on both sides refuses what follows: "rot, nicht blau", "rot, nicht zu hell";
        not "rot nicht". A word without a known meaning may be refused as well."""
        place = self.past_ignored(at + 1)
        while "prepositions" in self.roles(place):
            place = self.past_ignored(place + 1)
        following = self.roles(place)
        beside = {*following, *self.roles(at + 1)}
        if {"and", "or", "ask"} & beside and "refuse" not in beside:
            return False  # "Rosa auf keinen Fall und in Rot"
        compared = bool({"relative", "adjectives", "too", "less"} & following.keys())
        unknown = place < len(self._items) and self._items[place].unknown
        return "refuse" in self._items[at].roles and (compared or unknown or bool(self.wish(at + 1).value))

    def is_next(self, at: int) -> bool:
        """Whether the item before has a meaning: nothing joins it with this one, or a particle as in Chinese
        "不带帽子的红色"."""
        if at > 1 and is_cjk(self._items[at - 1].said) and "ignore" in self.roles(at - 1):
            at -= 1
        return at > 0 and meant(self._items[at - 1]) is not None

    def serves(self, at: int) -> bool:
        """Whether the preposition at a position joins a thing with one that it is worn with: "a tie for a suit"."""
        things = []
        for step in (-1, 1):
            place = self.before(at) if step < 0 else self.past_ignored(at + 1)
            entry = meant(self._items[place]) if 0 <= place < len(self._items) else None
            while step > 0 and entry is not None and entry.family in ("colour", "material", "pattern"):
                place = self.past_ignored(place + 1)
                entry = meant(self._items[place]) if place < len(self._items) else None
            things.append(entry.value if entry is not None and entry.family == "kind" else "")
        return all(things) and things[0] != things[1]

    def is_attribute(self, at: int) -> bool:
        """Whether the particle behind the item at a position makes it an attribute: Chinese "的"."""
        return at >= 0 and "attributive" in self.roles(at + 1)

    def is_with(self, at: int) -> bool:
        """Whether "with" precedes an item and what describes it: "with a leather belt"."""
        for item in reversed(self._items[max(0, at - FAR) : at]):
            if "with" in item.roles:
                return True
            entry = meant(item)
            if entry.family == "kind" if entry else not {"ignore", "articles", "shades"} & item.roles.keys():
                return False
        return False

    def describes(self, at: int, *, alone: bool) -> bool:
        """Whether the preposition at a position joins a kind with a word that describes it: "shoes of leather", "shirts
        with prints". If the text has no other kind (``alone``), colours count, too: "shirts in black"."""
        before = meant(self._items[at - 1]) if at else None
        if before is not None and before.family == "detail" and before.value in PARTS | {"straps"}:
            return self.wish(at + 1).value == "material"  # Italian "senza cinturino di pelle"
        looks, following = {"material", "colour"} if alone else {"material"}, self.wish(at + 1)
        if "with" in self.roles(at) and (alone or attached(self._items[at - 1]) is None):
            looks |= {"pattern", "detail"}
            if alone and following.value and attached(self._items[following.after - 1]) is not None:
                looks.add("kind")  # "No trousers with a belt."
        return before is not None and before.family == "kind" and following.value in looks

    def joins(self, at: int) -> bool:
        """Whether two wishes of one family are next to the item at ``at``: "黒、白以外"."""
        before = meant(self._items[at - 1]) if at else None
        if {"and", "or"} & self.roles(at + 1).keys():
            return False
        return before is not None and self.wish(at + 1).value == before.family


def meant(item: Item) -> Entry | None:
    """The reading of an item as a concept or a value."""
    return next(iter(item.meanings), None)


def attached(item: Item) -> Entry | None:
    """The part that a word for a thing names as well: that of "studs" are rivets."""
    return next((one for one in item.entries if one.family == "detail" and one.value in ATTACHED), None)


def colour_of(item: Item) -> str:
    """The colour of an item, if any."""
    return next((entry.value for entry in item.entries if entry.role == "concept" and entry.family == "colour"), "")
