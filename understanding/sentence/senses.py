"""Chooses between the senses of a word: Spanish "correa" is a belt or a strap, "studs" are earrings or rivets."""

from __future__ import annotations

from functools import lru_cache

from understanding.sentence.ahead import ORDER, Ahead, attached, meant
from understanding.sentence.draft.draft import Draft
from understanding.sentence.items import Item
from understanding.sentence.step import Step
from understanding.wishes import Wish
from understanding.words.concepts import PARTS, SMALL, Concept, concepts
from understanding.words.phrases import Entry

FLAT = "flat heel"
STRAPS = frozenset({"belt", "bracelet"})
"""Kinds that name the strap of a watch in many languages, such as Spanish "correa"."""
FOOTWEAR = ("footwear",)
"""Kinds that are flat or have heels."""
STRAPPED = ("bag", "sandals", "heels", "flats")
"""Other kinds with straps, which some languages call the same as belts."""
WORN = frozenset({"colour", "material", "pattern"})
"""Families of the looks of a thing that is worn with the product."""
TROUSERS = frozenset({"jeans", "bottoms", "trousers"})
"""Kinds beside which jeans are no material."""


class Senses(Step):
    """Chooses the meaning of items by the items around them."""

    def __init__(self, items: list[Item], ahead: Ahead, draft: Draft) -> None:
        super().__init__(items, ahead, draft)
        meanings = [one for item in items if (one := meant(item)) is not None]
        self._kinds = frozenset(one.value for one in meanings if one.family == "kind")
        """The kinds that the text names."""

    def names(self, kinds: tuple[str, ...]) -> bool:
        """Whether the text names one of some kinds or a narrower one."""
        return bool(self._kinds & narrower(kinds))

    def of(self, at: int) -> Entry | None:
        """The meaning of the item at a position. Behind a thing, a word that is also a thing describes it: Chinese
        "外套 帽子不需要" is about a hood, Spanish "botas impermeables" about waterproof boots."""
        entry = meant(self._items[at])
        if entry is None or self._sense(at, FLAT):
            return self._flat(at, entry)
        if entry.family != "kind":
            return entry
        if self._of_denim(at, entry):
            return Entry("concept", "denim", "material")
        if self.is_strap(at):
            return self._sense(at, "straps")
        if self._thing_described(at, "waterproof"):
            return self._sense(at, "waterproof")
        described = self._describing(at)
        if described is not None and (self._is_joined_as_part(at) or not self._begins_thing(at)):
            return described
        return entry

    def as_part(self, at: int) -> Wish | None:
        """The wish for what a word for a thing says of another one, such as that for the rivets of "studs"; None if it
        names things only."""
        entry = attached(self._items[at])
        return None if entry is None else Wish(entry.family, entry.value, self._items[at].said)

    def is_part(self, at: int, kind: str) -> bool:
        """Whether a kind is only a part of another one: "a dress with a belt", "a watch, leather bracelet"."""
        if "with_after" in self._ahead.roles(at + 1):
            return True
        things = [place for place, wish in enumerate(self._draft.wanted) if wish.family == "kind"]
        if self._draft.refusing:
            return False
        if not things:
            return kind in STRAPS and self._ahead.is_with(at)  # Beside a watch: French "avec un bracelet en cuir"
        if things[-1] >= self._draft.clause and self._ahead.is_with(at):
            return True
        joined = {"and", "or"} & self._ahead.roles(at - 1).keys()
        return kind in STRAPS and self._draft.wanted[things[-1]].word == "watch" and not joined

    def leave_out_looks(self, at: int) -> int:
        """Drop the looks of a thing that is only worn with the product, "a navy suit with a white shirt". Returns how
        many of them follow the item at a position."""
        draft, end, part = self._draft, at + 1, meant(self._items[at])
        if part is None or part.value in STRAPS:
            return 0
        if not draft.nouns_first:
            if self._ahead.is_with(at):
                draft.wanted[draft.part :] = [wish for wish in draft.wanted[draft.part :] if wish.family not in WORN]
            return 0
        while end < len(self._items) and (entry := meant(self._items[end])) is not None and entry.family in WORN:
            end += 1
        return end - at - 1

    def has_looks(self, at: int, wish: Wish) -> bool:
        """Whether the colours before a wish are those of a part or pattern: "with white soles", "a blue shirt with
        white stripes", but not "a black zip hoodie", "a shirt with white stripes"."""
        following = meant(self._items[at + 1]) if at + 1 < len(self._items) else None
        joined = {"and", "or"} & self._ahead.roles(at - 1).keys()
        describes = following is not None and following.family == "kind"
        return not (self._draft.nouns_first or joined) and self._is_seen_apart(at, wish, describes=describes)

    def may_look_follow(self, at: int, wish: Wish) -> bool:
        """The same for the colours behind it: Spanish "botones dorados". Those behind a hood or pockets are of the
        thing, unless it has one already."""
        apart = self._draft.nouns_first and self._is_seen_apart(at, wish, describes=False)
        return apart and (wish.word not in ("hood", "pockets") or self._has_colour())

    def _is_seen_apart(self, at: int, wish: Wish, *, describes: bool) -> bool:
        """Whether a wish is for a part or a pattern with colours of its own. In front of the thing that it describes,
        only parts are whose words do not describe a whole thing."""
        if wish.family == "pattern":
            return not describes and self._is_on_look(at, wish)
        if wish.family != "detail" or wish.word not in PARTS:
            return False
        if wish.word in SMALL or "with_after" in self._ahead.roles(at + 1):
            return True
        sure = self._draft.refusing or self._ahead.is_with(at) or wish.word in ("buttons", "sleeves")
        return sure and not describes

    def _is_on_look(self, at: int, pattern: Wish) -> bool:
        """Whether a pattern is said to be on something that has a look of its own: a thing in another colour, or the
        reference."""
        if self._draft.refusing or self._has_colour():
            return not self._draft.refusing
        things = any(wish.family == "kind" for wish in self._draft.wanted[self._draft.clause :])
        return self._ahead.is_with(at) and (pattern.word in ("logo", "slogan") or not things)

    def _has_colour(self) -> bool:
        draft = self._draft
        end = len(draft.wanted) if draft.nouns_first else draft.part
        return any(wish.family == "colour" for wish in draft.wanted[draft.clause : end])

    def is_strap(self, at: int) -> bool:
        """Whether a word for belts and straps is about a strap of another thing: Spanish "sandalias, correa negra", but
        not "sandalias y correa"."""
        if self._sense(at, "straps") and self._is_joined_as_part(at):
            return bool(self._kinds & narrower(STRAPPED))
        return self._thing_described(at, "straps") in narrower(STRAPPED)

    def _describing(self, at: int) -> Entry | None:
        return next(
            (
                one
                for one in self._items[at].entries
                if one.role == "concept" and one.family in ORDER and one.family != "kind" and one.value != "straps"
            ),
            None,
        )

    def _sense(self, at: int, name: str) -> Entry | None:
        return next((one for one in self._items[at].entries if one.role == "concept" and one.value == name), None)

    def _flat(self, at: int, entry: Entry | None) -> Entry | None:
        """The meaning of "flat", which is not about shoes if the text names other things only: "flat front trousers".
        Where the word has another meaning, the text must name shoes: Turkish "düz elbise" is a plain dress."""
        flat, kinds = self._sense(at, FLAT), self._kinds
        others = [one for one in self._items[at].entries if one.role == "concept" and one != flat]
        if kinds & narrower(FOOTWEAR) or flat is None:
            return flat or entry
        if others:
            return others[0]
        return None if kinds and "adjectives" in self._items[at].roles else entry

    def _of_denim(self, at: int, entry: Entry) -> bool:
        """Whether the jeans at a position are what the kind beside them is made of: "saia jeans", "a jean jacket"."""
        beside = [at - 1] if self._items[at].spaced else []
        beside += [at + 1] if at + 1 < len(self._items) and self._items[at + 1].spaced else []
        refused = (self._draft.pending or self._draft.unwanted)[-1:] if self._draft.refusing else []
        if refused and refused[0].family == "material":  # French "une veste, ni cuir ni jean"
            return entry.value == "jeans" and not self._kinds <= TROUSERS
        others = [one for place in beside if (one := meant(self._items[place])) is not None and one.family == "kind"]
        return entry.value == "jeans" and any(one.value not in TROUSERS for one in others)

    def _is_joined_as_part(self, at: int) -> bool:
        """ "With a bow", Japanese "リボン付き"."""
        return "with_after" in self._ahead.roles(at + 1) or self._ahead.is_with(at)

    def _begins_thing(self, at: int) -> bool:
        """Whether a kind at a position is not part of what describes the kind before it."""
        draft, joined = self._draft, {"and", "or"} & self._ahead.roles(at - 1).keys()
        wanted = draft.wanted[draft.clause :]
        return bool(joined) or draft.refusing or not any(wish.family == "kind" for wish in wanted)

    def _thing_described(self, at: int, detail: str) -> str:
        """The kind before an item that also means ``detail``; empty if there is none, or if "and" joins them."""
        if self._sense(at, detail) is None:
            return ""
        things = [wish.word for wish in self._draft.wanted if wish.family == "kind"]
        joined = {"and", "or"} & self._ahead.roles(at - 1).keys()
        return things[-1] if things and not joined else ""


@lru_cache(maxsize=4)
def narrower(names: tuple[str, ...]) -> frozenset[str]:
    """The names of kinds and of those that are narrower."""
    kinds = [Concept("kind", name) for name in names]
    return frozenset(one.name for kind in kinds for one in (kind, *concepts().narrower(kind)))
