"""Adds the amounts of a text to its wishes: bounds, sizes, and bounds within refusals."""

from __future__ import annotations

from collections.abc import Container

from understanding.sentence.ahead import Ahead, meant
from understanding.sentence.draft.draft import Draft
from understanding.sentence.items import Item
from understanding.sentence.quantities.amounts import Amounts
from understanding.sentence.quantities.numbers import amount
from understanding.sentence.step import Step
from understanding.wishes import Relative


class Bounds(Step):
    """Reads amounts as bounds and sizes.

    Args:
        items: The items of one text.
        ahead: The lookahead in the items.
        draft: Collects wishes.
        amounts: Finds amounts in the items.
        codes: Where ids and article numbers begin in the text.
    """

    def __init__(self, items: list[Item], ahead: Ahead, draft: Draft, amounts: Amounts, codes: Container[int]) -> None:
        super().__init__(items, ahead, draft)
        self._amounts, self._codes = amounts, codes

    def read(self, at: int) -> int:
        """An amount: "under 50", "size 42"."""
        if self._amounts.only(at):
            if self._items[at].start in self._codes:
                return 0
            self._draft.number = amount(self._items[at].number)
        taken, bound, wish = self._amounts.at(at)
        if not taken and self._draft.correcting:
            before = self._draft.last_amount()
            if before is None and self._amounts.is_bare(at):
                self._draft.number, self._draft.correcting = amount(self._items[at].number), False
                return 1  # "Forget the colour, and make it 100."
            taken, bound, wish = self._amounts.instead(at, before)
        if bound is not None:
            if self._draft.refusing and not self._draft.pending:
                # "It can't cost over 50", "nothing xyz over 50", but not "nothing xyz under 50".
                if bound.max is None or self._ahead.is_known(self._draft.cue + 1, at):
                    bound = bound._replace(min=bound.max, max=bound.min)
                self._draft.refusing = False
            elif self._draft.refusing and bound.max is None and self._names_thing(at - 1):
                self._draft.spare_things()  # "No shoes over 50."
                self._draft.end_refusal()
                bound = bound._replace(min=None, max=bound.min)
            if behind := self._ahead.is_refused(at + taken):  # "Mehr als 50 will ich nicht ausgeben."
                bound, taken = bound._replace(min=bound.max, max=bound.min), behind - at
            self._draft.bound(bound)
        if wish is not None:
            self._draft.add_apart(wish)
        if taken and bound is None and wish is None and self._names_heels(at - 1):
            self._limit_heels(self._ahead.said(at, taken))
        elif taken and bound is None and wish is None:
            self._draft.unclear_end = at + taken
            self._draft.unclear.append(self._ahead.said(at, taken))
        return taken

    def _names_heels(self, at: int) -> bool:
        """Whether the item at a position names heels, whose height is limited: "no heels over 5 cm", "heel ≤ 5 cm"."""
        limits = {"under", "under_after"} if not self._draft.refusing else {"over", "over_after"}
        start = at
        while at > start - 3 and {"prepositions", "ignore"} & self._ahead.roles(at).keys():
            at -= 1
        entry = meant(self._items[at]) if at >= 0 else None
        limited = any(limits & self._ahead.roles(place).keys() for place in range(start + 1, start + 5))
        return entry is not None and entry.value in ("heel", "heels") and limited

    def _limit_heels(self, said: str) -> None:
        """Ask for lower heels, which are neither refused nor wanted as a part: only their height is limited."""
        draft = self._draft
        draft.pending = [wish for wish in draft.pending if wish.word not in ("heel", "heels")]
        draft.wanted = [wish for wish in draft.wanted if wish.key != ("detail", "heel")]
        draft.clause, draft.refusing = min(draft.clause, len(draft.wanted)), bool(draft.pending)
        draft.compare(Relative("lower", said, "heel"), excess=False)

    def _names_thing(self, at: int) -> bool:
        """Whether the item at a position is the last refused thing."""
        last = self._draft.pending[-1:]
        return bool(last) and last[0].family == "kind" and last[0].said == self._items[at].said
