"""Names of families in a sentence: "keep the colour", "another brand than Nike", "any size"."""

from __future__ import annotations

from understanding.sentence.ahead import LOOKS, meant
from understanding.sentence.step import Step
from understanding.wishes import Wish


class Families(Step):
    """Reads names of families."""

    def forgotten(self, at: int) -> int:
        """ "Any colour", "forget the red", "leather doesn't matter". "Any red dress" forgets nothing."""
        roles = self._items[at].roles
        if not {"forget", "any"} & roles.keys():
            return self._indifferent(at)
        if "refuse_after" in roles and len(self._draft.wanted) > self._draft.clause:
            return 0  # "A jacket, hood not needed" forgets nothing, "the brand isn't needed" does.
        found = self._ahead.family(at + 1)
        excepts = found.value and {"refuse", "except", "but"} & self._ahead.roles(found.after).keys()
        if excepts and (end := self._ends_clause(found.after)):  # "Any colour but that."
            self._draft.differ(found.value)
            return end - at
        if found.value and found.after <= at + 3 and "refuse" not in self._ahead.roles(found.after):
            if excepted := self._excepted(found.value, found.after):
                return excepted - at
            self._draft.forget.append(found.value)
            return self._forgotten_list(found.after) - at
        if "forget" not in roles or {"refuse", "ask"} & roles.keys():
            return 0
        found = self._ahead.wish(at + 1)
        if found.value:
            self._draft.forget.append(found.value)
            return found.after - at
        return 0

    def _forgotten_list(self, at: int) -> int:
        """The position behind further families that are dropped: "forget the price and the colour"."""
        while {"and", "or"} & self._ahead.roles(at).keys() and (found := self._ahead.family(at + 1)).value:
            if found.after < len(self._items) and self._items[found.after].meanings:
                break  # "Any price and colour red"
            self._draft.forget.append(found.value)
            at = found.after
        return at

    def _indifferent(self, at: int) -> int:
        """ "Leather doesn't matter": the number of items of a look that does not matter. It begins a clause or follows
        a thing, as in Turkish "elbise beyaz olmasa da olur"."""
        entry, draft = meant(self._items[at]), self._draft
        if entry is None or entry.family not in LOOKS - {"kind"} or draft.refusing:
            return 0
        thing = () if draft.nouns_first else ("kind", "people")
        if any(wish.family not in thing for wish in draft.wanted[draft.clause :]):
            return 0
        place = self._ahead.past_ignored(at + 1)
        roles, after = self._ahead.roles(place), place + 1
        if "any" not in roles or {"refuse_after", "also"} & roles.keys():
            return 0
        if self._ahead.family(after).value or self._ahead.wish(after).value:
            return 0
        draft.forget.append(entry.family)
        return after - at

    def _ends_clause(self, at: int) -> int:
        """The end of the clause if only words without a meaning follow the item at a position, otherwise 0."""
        place = self._ahead.past_ignored(at + 1)
        return place if place == len(self._items) or self._items[place].mark else 0

    def kept(self, at: int) -> int:
        """ "Keep the colour", "another colour"."""
        roles, draft = self._items[at].roles, self._draft
        family, after = self._ahead.family(at + 1)
        if {"keep", "similar"} & roles.keys():
            draft.beside = False
        if "keep" in roles and not draft.refusing:
            if family and self._ahead.refused_behind(after):  # Japanese "この色以外"
                draft.differ(family)
                return after + 1 - at
            if {"excess", "too"} & self._ahead.roles(after).keys():
                return after - at  # Chinese "这个颜色太深了"
            if family:
                self._leave_out_matched(at)
                draft.keep.append("kind" if family == "style" else family)
                return after - at + self._ahead.anchor(after)
            draft.similar = draft.similar or ("similar" in roles and not self._names_kind(at + 1))
            return 1
        allowed = after if "also" in self._ahead.roles(after) else self._ahead.past_ignored(after)
        if "different" in roles and family and "also" in self._ahead.roles(allowed):
            draft.forget.append(family)  # "Another brand is fine too."
            return allowed + 1 - at
        if "different" in roles and family:
            if "or" in self._ahead.roles(at - 1):  # "In red, or another colour" includes red.
                draft.different.append(family)
            else:
                draft.differ(family)
            return (self._excepted(family, after) or after) - at
        if "different" in roles and (than := self._thing_other_than(at)):
            return than - at
        return 0

    def _thing_other_than(self, at: int) -> int:
        """The position after "than" if it refuses a look of the thing that follows "another": German "andere Schuhe als
        Nike"; otherwise 0."""
        place = self._ahead.past_ignored(at + 1)
        thing = meant(self._items[place]) if place < len(self._items) else None
        than = place + 1 if "than" in self._ahead.roles(place + 1) else self._ahead.past_ignored(place + 1)
        refused = self._ahead.wish(than + 1).value
        if thing is None or thing.family != "kind" or "than" not in self._ahead.roles(than) or refused in ("", "kind"):
            return 0
        self._draft.add(Wish("kind", thing.value, self._items[place].said, thing.column))
        self._draft.refuse(than)
        return than + 1

    def _is_excepted(self, at: int) -> bool:
        """Whether a refusal of what precedes has nothing to refuse: Turkish "bunun dışında bir renk"."""
        return "refuse_after" in self._ahead.roles(at) and not self._draft.refusing and not self._ahead.is_next(at)

    def _names_kind(self, at: int) -> bool:
        """Whether a kind is at a position: "the same dress"."""
        meaning = meant(self._items[at]) if at < len(self._items) else None
        return meaning is not None and meaning.family == "kind"

    def _leave_out_matched(self, at: int) -> None:
        """Drop the thing of the shopper's before "the same": Japanese "私のズボンと同じ色"."""
        place = at - 1
        while place >= 0 and (self._items[place].meanings or "and" in self._ahead.roles(place)):
            place -= 1
        if "my" in self._ahead.roles(place):
            said = {item.said for item in self._items[place + 1 : at]}
            self._draft.wanted = [wish for wish in self._draft.wanted if wish.said not in said]
            self._draft.clause = min(self._draft.clause, len(self._draft.wanted))

    def _is_compared(self, at: int) -> bool:
        """Whether a comparison with an excess is at a position: "too bright"."""
        roles = {*self._ahead.roles(at), *self._ahead.roles(at - 1)}
        compared = bool({"relative", "adjectives"} & self._ahead.roles(at).keys())
        return compared and bool({"excess", "too"} & roles) and bool(self._draft.relative)

    def _excepted(self, family: str, at: int) -> int:
        """The position after "than" if it refuses a wish of ``family``, otherwise 0: "another brand than Nike", "any
        colour but red", but not "any brand but in red"."""
        place = self._ahead.past_ignored(at)
        for than in {at, place}:
            if {"than", "but"} & self._ahead.roles(than).keys() and self._ahead.wish(than + 1).value == family:
                self._draft.refuse(than)
                return than + 1
        return 0

    def named(self, at: int) -> int:
        """A family at the start: "the colour can stay", "the colour is boring"."""
        item, draft = self._items[at], self._draft
        if "families" not in item.roles or item.meanings:
            return 0
        family, after = item.roles["families"].value, self._ahead.past_ignored(at + 1)
        later = self._ahead.roles(after)
        if draft.denied is not None:  # "Black doesn't go with my skin tone."
            return 1
        cue = self._ahead.roles(draft.cue)
        if draft.refusing and not draft.pending and "except" in cue and "any" in later:  # Chinese "除了这个颜色都行"
            draft.refusing = False
            draft.differ(family)
            return after + 1 - at
        said = (
            ("keep", draft.keep), ("forget", draft.forget), ("any", draft.forget),
            ("refuse_after", draft.different), ("deny", draft.different),
        )  # fmt: skip
        if "refuse_after" in later and self._is_compared(at - 1):
            return after + 1 - at  # Japanese "明るすぎる色は苦手", Turkish "çok parlak renkler istemiyorum"
        refuses = "refuse" in later and bool(self._ahead.wish(after + 1).value)  # "Nice cut, but I don't do stripes."
        for role, families in said:
            if role in later and not refuses and not (role == "deny" and family == "style"):  # "I look awful in black."
                families.append(family)
                return after + 1 - at
        following = self._ahead.roles(at + 1)
        ends = not {"refuse", "except"} & following.keys() and not self._ahead.wish(at + 1).value
        if draft.refusing and not draft.pending and ends:
            if family == "pattern":
                draft.wanted.append(Wish("pattern", "plain", item.said))
            elif family == "price":  # "No limit."
                draft.forget.append(family)
            else:
                draft.different.append(family)
            draft.refusing = False
        elif "different" in self._ahead.roles(at - 1) or self._is_excepted(at - 1):
            draft.different.append(family)
        return 1
