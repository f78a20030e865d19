"""Comparisons and shades in a sentence: "darker", "too long", "longer sleeves", "dark blue"."""

from __future__ import annotations

from understanding.sentence.ahead import Ahead, colour_of, meant
from understanding.sentence.draft import Draft
from understanding.sentence.items import Item
from understanding.wishes import Relative, Wish
from understanding.words.concepts import Concept, concepts
from understanding.words.language import OPPOSITE


class Comparisons:
    """Steps of the reader: each takes the position of an item and returns the number of items that it consumed.

    Args:
        items: The items of one text.
        ahead: The lookahead in the items.
        draft: Collects wishes.
    """

    def __init__(self, items: list[Item], ahead: Ahead, draft: Draft) -> None:
        self._items, self._ahead, self._draft = items, ahead, draft

    def compared(self, at: int) -> int:
        """ "Darker", "too long", "less bright", "longer sleeves"."""
        roles, taken, direction = self._items[at].roles, 1, ""
        if "relative" in roles:
            direction = roles["relative"].value
        else:
            degree = next((role for role in ("too", "less", "more") if role in roles), "")
            place = at + 1 if degree else at
            following = self._ahead.roles(place)
            enough = "enough" in self._ahead.roles(place + 1)
            if "adjectives" in following and (degree or enough):
                direction = following["adjectives"].value
                taken = place - at + 1 + enough
                if degree in ("too", "less"):
                    direction = OPPOSITE[direction]
            elif degree and "relative" in following:
                direction, taken = following["relative"].value, 2
            elif degree in ("too", "less") and (named := self._look(place)) and not self._look(at - 1):
                self._draft.unwanted.append(named)  # "Less black", "too black"
                return 2
        if not direction:
            return 0
        draft = self._draft
        if draft.refusing and not draft.pending and at - draft.cue <= 2:
            draft.refusing = False  # "Not too long" also means "less long".
        if draft.beside:  # "To match my new car."
            return taken
        part = self._ahead.part(at + taken)
        taken = part.after - at if part.value else taken
        draft.relative.append(Relative(direction, self._ahead.said(at, taken), part.value))
        return taken

    def _look(self, at: int) -> Wish | None:
        """The colour, pattern or material at a place."""
        entry = meant(self._items[at]) if 0 <= at < len(self._items) else None
        if entry is None or entry.family not in ("colour", "pattern", "material"):
            return None
        return Wish(entry.family, entry.value, self._items[at].said)

    def shaded(self, at: int) -> int:
        """ "Dark blue" in any word order, and all parts of a compound."""
        item = self._items[at]
        if item.compound:
            shade = ""
            for entry in item.entries:
                if entry.role == "shades":
                    shade = entry.value
                elif entry.role == "concept" and shade and entry.family == "colour":
                    self._draft.add(_shade(shade, entry.value, item.said))
                elif entry.role == "concept":
                    self._draft.add(Wish(entry.family, entry.value, item.said))
            return 1
        for first, second in ((at, at + 1), (at + 1, at)):
            if max(first, second) < len(self._items):
                shaded, colour = self._items[first].roles.get("shades"), colour_of(self._items[second])
                if shaded is not None and colour:
                    self._draft.add(_shade(shaded.value, colour, self._ahead.said(at, 2)))
                    return 2
        return self._doubled(at)

    def _doubled(self, at: int) -> int:
        """A colour and the one that it is a shade of: "crimson red", and "navy blu", whose parts were read apart."""
        if at + 1 < len(self._items) and (colour := colour_of(self._items[at])):
            wider = colour_of(self._items[at + 1])
            close = concepts().near.get(Concept("colour", colour), ())
            if wider and (wider == colour or Concept("colour", wider) in close):
                self._draft.add(Wish("colour", colour, self._ahead.said(at, 2)))
                return 2
        return 0


def _shade(shade: str, colour: str, said: str) -> Wish:
    """A shade of a colour, with the name of the combination if it has one."""
    return Wish("colour", concepts().shades.get((shade, colour), colour), said)
