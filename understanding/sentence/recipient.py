"""Finds for whom a product is: "for my wife", "my wife needs", "my daughter, 8 years old"."""

from __future__ import annotations

from understanding.sentence.ahead import Ahead, meant
from understanding.sentence.items import Item
from understanding.sentence.story import CLOSE, FRAME, Story
from understanding.wishes import Wish

GROWN = 16
"""Age from which a son or a daughter wears the clothes of adults."""
GROWN_UP = {"boys": "men", "girls": "women"}
CHILDREN = {grown: young for young, grown in GROWN_UP.items()}


class Recipients:
    """Finds relatives and ages in items.

    Args:
        items: The items of one text.
        ahead: The lookahead in the items.
        story: Tells the narrative parts.
    """

    def __init__(self, items: list[Item], ahead: Ahead, story: Story) -> None:
        self._items, self._ahead, self._story = items, ahead, story

    def at(self, at: int) -> tuple[int, Wish | None]:
        """The number of items of the recipient at a position, 0 for none, and the wish that follows from it."""
        if taken := self._aged(at):
            return taken, self._child(at, taken)
        kin = self._ahead.roles(at).get("kin")
        if kin is None:
            return 0, None
        feast = self._feast(at)
        # The dative of Turkish, "anneme", is a recipient itself.
        given = "recipient" in self._ahead.roles(at) or self._story.is_given(at)
        needs = given or self._story.is_in_need(at) or self._has_age(at) or self._young(at) > 0
        if not feast and (self._story.is_host(at) or not needs):
            return 0, None
        grown = any(self._age(place) >= GROWN for place in range(at - FRAME, at + FRAME))
        people = GROWN_UP.get(kin.value, kin.value) if grown else kin.value
        if any(0 < self._age(place) < GROWN for place in range(at + 1, at + CLOSE + 1)):
            people = CHILDREN.get(people, people)  # "My brother, 10 years old"
        taken = max(1, feast, self._young(at))
        return taken, Wish("people", people, self._ahead.said(at, taken))

    def age(self) -> int:
        """The first age in the text; 0 for none."""
        ages = (self._age(at) for at in range(len(self._items)))
        return next((age for age in ages if age), 0)

    def _feast(self, at: int) -> int:
        """The number of items of "dad's birthday", which is no party that the product is worn at; 0 for none."""
        place = self._ahead.past_ignored(at + 1)
        named = "recipient_after" in self._ahead.roles(place) and self._items[place].meanings
        return place + 1 - at if named else 0

    def _young(self, at: int) -> int:
        """The number of items of a child and a number alone, which is its age: "my son, 7", Dutch "zoontje van 6"."""
        if self._ahead.roles(at)["kin"].value not in GROWN_UP:
            return 0
        place = at + 1
        while place <= at + 2 and (self._items[place : place + 1] and self._links(self._items[place])):
            place += 1
        counted = {"unit", "currency", "size", "families", "age", "under_after", "to"} & self._ahead.roles(
            place + 1
        ).keys()
        return place + 1 - at if 0 < self._number(place) < GROWN and not counted else 0

    @staticmethod
    def _links(item: Item) -> bool:
        return item.mark == "," or bool({"from", "year", "ignore"} & item.roles.keys() and not item.meanings)

    def _has_age(self, at: int) -> bool:
        """Whether an age follows: "my son is 7 years old"."""
        return any(self._aged(place) for place in range(at + 1, at + CLOSE + 1))

    def _aged(self, at: int) -> int:
        """The number of items of the age at a position: "8 years old", "5-6 years", "age 8"."""
        roles, following = self._ahead.roles(at), self._ahead.roles(at + 1)
        if self._number(at) and "age" in following:
            return 2
        ranged = at + 2 < len(self._items) and (self._items[at + 1].mark == "-" or "to" in following)
        if ranged and self._number(at) and self._number(at + 2) and "age" in self._ahead.roles(at + 3):
            return 4  # "5-6 years"
        place = at + 1
        while place <= at + CLOSE and "ignore" in self._ahead.roles(place) and not self._is_article(place):
            place += 1  # "She is already 19", but "she's a 38".
        if "age" in roles and self._number(place) and not self._counts(place + 1):
            return place + 1 - at
        return 0

    def _is_article(self, at: int) -> bool:
        return "articles" in self._ahead.roles(at)

    def _counts(self, at: int) -> bool:
        """Whether the item at a position says what the number before it counts: Spanish "tiene 2 bolsillos"."""
        roles = self._ahead.roles(at)
        named = at < len(self._items) and meant(self._items[at]) is not None
        return bool({"unit", "currency", "size", "families"} & roles.keys()) or (named and not self._is_people(at))

    def _age(self, at: int) -> int:
        taken = self._aged(at) if at >= 0 else 0
        return max((self._number(place) for place in range(at, at + taken)), default=0)

    def _number(self, at: int) -> int:
        item = self._items[at] if 0 <= at < len(self._items) else None
        word = item.roles.get("numbers") if item is not None else None
        said = item.number or (word.value if word is not None else "") if item is not None else ""
        return int(said) if said.isdigit() and len(said) < 3 else 0

    def _child(self, at: int, taken: int) -> Wish | None:
        """The audience of an age, unless the text tells it more exactly."""
        stated = any("kin" in item.roles or self._is_people(place) for place, item in enumerate(self._items))
        if stated or self._age(at) >= GROWN:
            return None
        return Wish("people", "children", self._ahead.said(at, taken))

    def _is_people(self, at: int) -> bool:
        entry = meant(self._items[at])
        return entry is not None and entry.family == "people"
