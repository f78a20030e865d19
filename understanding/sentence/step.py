"""The common base of the parts of the reader that look at items and collect wishes."""

from __future__ import annotations

from understanding.sentence.ahead import Ahead
from understanding.sentence.draft.draft import Draft
from understanding.sentence.items import Item


class Step:
    """A part of the reader. Its methods take the position of an item and return the number of items that they consumed,
    unless they state otherwise.

    Args:
        items: The items of one text.
        ahead: The lookahead in the items.
        draft: Collects wishes.
    """

    def __init__(self, items: list[Item], ahead: Ahead, draft: Draft) -> None:
        self._items, self._ahead, self._draft = items, ahead, draft
