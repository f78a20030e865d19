"""Detects narrative parts of a text, whose people, occasions and unknown words are not wishes."""

from __future__ import annotations

from understanding.sentence.ahead import BACKGROUND, Ahead, meant
from understanding.sentence.items import Item
from understanding.words.text import is_cjk

SHORT = 4
"""Maximum length of a text in which every word counts."""
FEW = 6
"""Maximum length of a text in which every word for people counts."""
LONG = 14
"""Minimum length of a narrative."""
FRAME = 8
"""Maximum number of items between a word for people and the words that make them the recipient."""
BUILDS = frozenset({("detail", "slim fit"), ("detail", "loose fit"), ("detail", "long"), ("detail", "short")})
"""Cuts whose words also tell how somebody is built."""
STYLES = frozenset({"casual", "smart casual", "formal", "sports", "ethnic"})
"""Occasions that nobody holds: Turkish "kadınlar için şık bluz"."""
CLOSE = 3
"""Number of neighbouring items that are considered."""


_AROUND = frozenset({"ignore", "my", "adjectives", "age", "kin", "unit", "and", "or"})
"""Roles of words between "for" and the people."""


class Story:
    """Detects the narrative parts of a text.

    Args:
        items: The items of the text.
        ahead: The lookahead in the items.
    """

    def __init__(self, items: list[Item], ahead: Ahead) -> None:
        self._items, self._ahead = items, ahead
        self._words = sum(not item.mark for item in items)

    def is_background(self, at: int, family: str) -> bool:
        """Whether the concept of a family at a position is part of the narrative."""
        if family == "people" and (self.is_host(at) or self._is_bystander(at)):
            return True
        return family in BACKGROUND and self._is_far_off(at)

    def is_host(self, at: int) -> bool:
        """Whether it is somebody's occasion: "my sister's wedding" says nothing of who goes there."""
        place = self._ahead.past_ignored(at + 1)
        following = meant(self._items[place]) if place <= at + 2 and place < len(self._items) else None
        owned = any("my" in self._ahead.roles(place) for place in (at, at - 1)) or " " in self._items[at].said
        owned |= place == at + 1 and is_cjk(self._items[at].said)  # Chinese "姐姐婚礼"
        held = following is not None and following.family == "occasion" and following.value not in STYLES
        return held and owned

    def is_given(self, at: int) -> bool:
        """Whether the words in front of a word for people make them the recipient: "for my little", "给我"."""
        for place in range(at - 1, max(-1, at - FRAME), -1):
            roles = self._ahead.roles(place)
            if "recipient" in roles:
                return True
            if self._is_people(place):  # Chinese "给五岁儿子"
                continue
            if self._is_build(place):  # "For a tall skinny guy"
                continue
            if "from" in roles and "age" in self._ahead.roles(place - 1):  # French "pour les 40 ans de mon mari"
                continue
            if not (_AROUND & roles.keys() or self._items[place].number) or self._items[place].meanings:
                return False
        return False

    def is_build(self, at: int) -> bool:
        """Whether a word for a cut tells how somebody is built, for whom the product is."""
        named = "kin" in self._ahead.roles(at + 1) or self._is_people(at + 1)
        return named and self._is_build(at) and self.is_given(at + 1)

    def _is_build(self, at: int) -> bool:
        entry = meant(self._items[at])
        return entry is not None and (entry.family, entry.value) in BUILDS

    def is_in_need(self, at: int) -> bool:
        """Whether the words behind do, in the same clause: "needs", "için", "の誕生日"."""
        for place in range(at + 1, min(at + FRAME, len(self._items))):
            if "recipient_after" in self._ahead.roles(place):
                return True
            if self._items[place].mark and "recipient_after" not in self._ahead.roles(place + 1):
                return False  # "My wife hates red, wants blue" goes on, "my wife hates red, I want blue" does not.
        return False

    def is_meant(self, at: int) -> bool:
        """Whether a word is next to meaningful words, or the text is short."""
        if self._words <= SHORT:
            return True
        known = [item for item in self._items[max(0, at - CLOSE) : at] if not item.unknown][-1:]
        known += [item for item in self._items[at + 1 : at + CLOSE + 1] if not item.unknown][:1]
        return any(item.meanings or {"prepositions", "refuse"} & item.roles.keys() for item in known)

    def _is_far_off(self, at: int) -> bool:
        """Whether it is in a long text, far from other wishes."""
        if self._words <= LONG:
            return False
        around = self._items[max(0, at - CLOSE) : at] + self._items[at + 1 : at + CLOSE + 1]
        families = {entry.family for item in around if (entry := meant(item)) is not None}
        attended = any("attend" in item.roles for item in self._items[max(0, at - CLOSE) : at])
        return not (families - BACKGROUND or attended or any("ask" in item.roles for item in around))

    def _is_bystander(self, at: int) -> bool:
        """Whether a word for people is not the audience of the product: "the lady in the shop told me", in contrast to
        "for the lady", "ladies' shoes" or "women"."""
        said = self._items[at].said
        beside = [self._items[place].mark for place in (at - 1, at + 1) if place < len(self._items)]
        if at > 1 and all(beside):
            return False  # "White, mens, no v necks"
        if self._words <= FEW or is_cjk(said) or " " in said or self.is_given(at) or self.is_in_need(at):
            return False
        first = at
        while first and ({"and", "my"} & self._ahead.roles(first - 1).keys() or self._is_people(first - 1)):
            first -= 1
        before = self._items[first - 1] if first else None
        if before is not None and before.unknown and first > 1 and self._items[first - 2].meanings:
            before = self._items[first - 2]  # "Camiseta verde xyz masculina"
        asked = before is not None and (
            before.meanings
            or {"prepositions", "correct"} & before.roles.keys()
            or not (before.mark or before.unknown or "ignore" in before.roles)
        )
        following = self._items[at + 1] if at + 1 < len(self._items) else None
        return (following is None or not (meant(following) or "sizes" in following.roles)) and not asked

    def _is_people(self, at: int) -> bool:
        entry = meant(self._items[at]) if at < len(self._items) else None
        return entry is not None and entry.family == "people"
