"""What comes next among the items of a text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from understanding.sentence.items import Item
from understanding.words.language import ROLES
from understanding.words.phrases import Entry

NEAR = 3
"""Items between "same" and "colour" that may have no meaning."""
FAR = 8
"""Items of a list that are looked through for its joint."""
PARTS = frozenset({"sleeves", "heel", "straps"})
"""Details that a comparison can be about."""
_SILENT = frozenset({"ignore", "prepositions", "my", "to", "from", "about", "year", "ask"})


class Found(NamedTuple):
    """Something that was found ahead."""

    value: str
    """Empty for nothing."""
    after: int
    """The place behind it."""


class Ahead:
    """Looks ahead among items, a bounded number of them at a time.

    Args:
        items: Of one text.
    """

    def __init__(self, items: list[Item]) -> None:
        self._items = items

    def roles(self, at: int) -> Mapping[str, Entry]:
        """The roles of the item at a place; none beyond the end."""
        return self._items[at].roles if 0 <= at < len(self._items) else {}

    def said(self, at: int, count: int) -> str:
        """The words of some items."""
        return " ".join(item.said for item in self._items[at : at + count])

    def past_ignored(self, at: int) -> int:
        """The next place whose item has a meaning."""
        while at < len(self._items) and "ignore" in self._items[at].roles and not self._items[at].meanings:
            at += 1
        return at

    def family(self, at: int) -> Found:
        """The family that is named next, behind words without a meaning."""
        for place in range(at, min(at + NEAR, len(self._items))):
            roles = self._items[place].roles
            if "families" in roles:
                return Found(roles["families"].value, place + 1)
            if not _SILENT & roles.keys() and "keep" not in roles:
                break
        return Found("", at)

    def wish(self, at: int) -> Found:
        """The family of the concept or value that is named next, behind words without a meaning."""
        for place in range(at, min(at + NEAR, len(self._items))):
            if (meaning := meant(self._items[place])) is not None:
                return Found(meaning.family, place + 1)
            if not _SILENT & self._items[place].roles.keys():
                break
        return Found("", at)

    def part(self, at: int) -> Found:
        """The part of a product that is named next: "longer sleeves"."""
        if at < len(self._items) and (entry := meant(self._items[at])) and entry.value in PARTS:
            return Found(entry.value, at + 1)
        return Found("", at)

    def anchor(self, at: int) -> int:
        """How many items name what a kept family is to be like: "the same colour as my trousers"; none where a kind is
        asked for: "the same colour as trousers"."""
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
        """Whether the joint at a place continues a list whose last member is of ``family``: "black, brown or grey"."""
        joined, also = "or" in self.roles(at), "and" in self.roles(at)
        for item in self._items[at + 1 : at + FAR]:
            meaning = meant(item)
            if meaning is not None:
                if meaning.family != family:
                    return joined and meaning.family != "kind"
                if joined or also:
                    return True
            elif "or" in item.roles:
                joined = True
            elif not ("ignore" in item.roles or (item.mark and item.mark in ",、，")):
                return False
        return False


def meant(item: Item) -> Entry | None:
    """The reading of an item as a concept or a value; a value that is a word of the grammar, too, is no reading."""
    for entry in item.entries:
        if entry.role == "concept" or (entry.role == "value" and not ROLES & item.roles.keys()):
            return entry
    return None


def colour_of(item: Item) -> str:
    """The colour that an item names, or nothing."""
    return next((entry.value for entry in item.entries if entry.role == "concept" and entry.family == "colour"), "")
