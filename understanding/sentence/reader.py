"""Parses items into wishes in a single pass: refusals, kept families, comparisons and bounds."""

from __future__ import annotations

from collections.abc import Callable

from understanding.grounding.shop import Shop
from understanding.sentence.ahead import COMMAS, Ahead, meant
from understanding.sentence.amounts import Amounts
from understanding.sentence.comparison import Comparisons
from understanding.sentence.draft import Draft
from understanding.sentence.items import Item
from understanding.sentence.story import Story
from understanding.wishes import Match, Understood, Wish
from understanding.words.text import is_cjk

LEAST_TITLE_WORD = 3
"""Minimum length of a word that is looked up in titles."""
SENTENCE_ENDS = frozenset(".!?;:。！？；…")

Named = dict[int, tuple[int, list[Match]]]
"""Start of a code in a text -> its end, and its products."""


class Reader:
    """Reads the items of one text once.

    Args:
        items: The items of the text, in order.
        shop: The values of the shop.
        language: Code of the text's language; None if unknown.
        named: Ids and article numbers in the text.
        nouns_first: As in ``Language``.
    """

    def __init__(
        self, items: list[Item], shop: Shop, language: str | None, named: Named, *, nouns_first: bool = False
    ) -> None:
        self._items, self._shop, self._language, self._named = items, shop, language, named
        self._ahead, self._amounts, self._draft = Ahead(items), Amounts(items, shop), Draft(nouns_first=nouns_first)
        self._comparisons, self._story = Comparisons(items, self._ahead, self._draft), Story(items, self._ahead)

    def read(self) -> Understood:
        """The wishes in the items."""
        steps: tuple[Callable[[int], int], ...] = (
            self._mark, self._lettered_code, self._amount, self._code, self._history, self._branded,
            self._forgotten, self._kept, self._family, self._comparisons.compared, self._comparisons.shaded,
            self._concept, self._scope, self._word,
        )  # fmt: skip
        at = 0
        self._draft.alternative = "or" in self._ahead.roles(0)  # "Or green?"
        while at < len(self._items):
            at += next(taken for step in steps if (taken := step(at)))
        self._draft.end_refusal()
        return self._draft.understood(self._language)

    # Steps: each takes the position of an item and returns the number of items that it consumed.

    def _mark(self, at: int) -> int:
        item, draft = self._items[at], self._draft
        if not item.mark or item.entries:
            return 0
        draft.beside = False
        if item.mark in SENTENCE_ENDS:
            draft.end_refusal()
            draft.begin_clause()
        elif item.mark in COMMAS:
            if draft.refusing and not draft.pending:
                if draft.denied is None:
                    draft.refusing = False  # "No, in red": an answer is not a refusal.
                draft.end_refusal()
            elif draft.refusing and (draft.joined or not self._ahead.list_goes_on(at, draft.pending[-1].family)):
                draft.end_refusal()
            if not draft.refusing:
                draft.begin_clause()
        return 1

    def _lettered_code(self, at: int) -> int:
        """ "AB-1234" is not an amount, even if "ab" is a word of the language; "1234" may be one."""
        _, matches = self._named.get(self._items[at].start, (0, []))
        return self._code(at) if matches and not matches[0].said.isdigit() else 0

    def _code(self, at: int) -> int:
        if self._items[at].start not in self._named:
            return 0
        end, matches = self._named[self._items[at].start]
        self._draft.matches += matches
        taken = 1
        while at + taken < len(self._items) and self._items[at + taken].start < end:
            taken += 1
        return taken

    def _amount(self, at: int) -> int:
        taken, bound, wish = self._amounts.at(at)
        if bound is not None:
            if self._draft.refusing and not self._draft.pending:  # "It can't cost over 50."
                bound = bound._replace(min=bound.max, max=bound.min)
                self._draft.refusing = False
            self._draft.bounds.append(bound)
        if wish is not None:
            self._draft.add(wish)
        if taken and bound is None and wish is None:
            self._draft.unclear.append(self._ahead.said(at, taken))
        return taken

    def _history(self, at: int) -> int:
        roles = self._items[at].roles
        if "restart" in roles and not ("forget" in roles and self._names_something(at + 1)):
            self._draft.restart = True
        elif "back" in roles:
            self._draft.back += 1
        elif "similar" in roles and "keep" not in roles:
            self._draft.similar = True
        else:
            return 0
        return 1

    def _names_something(self, at: int) -> bool:
        """Whether a family or a wish follows: "reset the colour" does not start over."""
        return bool(self._ahead.family(at).value or self._ahead.wish(at).value)

    def _branded(self, at: int) -> int:
        """A brand after "by", even if it is a word of the language: "by Classic"."""
        roles = self._items[at].roles
        named = "families" in roles and roles["families"].value == "brand"
        if not ("by" in roles or named) or at + 1 >= len(self._items):
            return 0
        for entry in self._items[at + 1].entries:
            if entry.role == "value" and entry.family == "brand":
                self._draft.add(Wish("brand", entry.value, self._items[at + 1].said, entry.column))
                return 2
        return 0

    def _forgotten(self, at: int) -> int:
        """ "Any colour", "forget the red"."""
        roles = self._items[at].roles
        if "forget" not in roles:
            return 0
        found = self._ahead.family(at + 1)
        if found.value and found.after <= at + 3 and "refuse" not in self._ahead.roles(found.after):
            self._draft.forget.append(found.value)
            return found.after - at
        if {"refuse", "ask"} & roles.keys():
            return 0
        found = self._ahead.wish(at + 1)
        if found.value:
            self._draft.forget.append(found.value)
            return found.after - at
        return 0

    def _kept(self, at: int) -> int:
        """ "Keep the colour", "another colour"."""
        roles, draft = self._items[at].roles, self._draft
        family, after = self._ahead.family(at + 1)
        if {"keep", "similar"} & roles.keys():
            draft.beside = False
        if "keep" in roles and not draft.refusing:
            if family:
                draft.keep.append("kind" if family == "style" else family)
                return after - at + self._ahead.anchor(after)
            draft.similar = draft.similar or "similar" in roles
            return 1
        if "different" in roles and family:
            if "or" in self._ahead.roles(at - 1):  # "In red, or another colour" includes red.
                draft.different.append(family)
            else:
                draft.differ(family)
            return after - at
        return 0

    def _family(self, at: int) -> int:
        """A family at the start: "the colour can stay", "the colour is boring"."""
        item, draft = self._items[at], self._draft
        if "families" not in item.roles or item.meanings:
            return 0
        family, after = item.roles["families"].value, self._ahead.past_ignored(at + 1)
        later = self._ahead.roles(after)
        if draft.denied is not None:  # "Black doesn't go with my skin tone."
            return 1
        said = (
            ("keep", draft.keep), ("forget", draft.forget), ("refuse_after", draft.different),
            ("deny", draft.different),
        )  # fmt: skip
        refuses = "refuse" in later and bool(self._ahead.wish(after + 1).value)  # "Nice cut, but I don't do stripes."
        for role, families in said:
            if role in later and not refuses and not (role == "deny" and family == "style"):  # "I look awful in black."
                families.append(family)
                return after + 1 - at
        following = self._ahead.roles(at + 1)
        if draft.refusing and not draft.pending and "refuse" not in following and not self._ahead.wish(at + 1).value:
            if family == "pattern":
                draft.wanted.append(Wish("pattern", "plain", item.said))
            elif family == "price":  # "No limit."
                draft.forget.append(family)
            else:
                draft.different.append(family)
            draft.refusing = False
        elif "different" in self._ahead.roles(at - 1):
            draft.different.append(family)
        return 1

    def _concept(self, at: int) -> int:
        entry = meant(self._items[at])
        if entry is None:
            return 0
        if self._story.is_background(at, entry.family):
            return 1
        wish = Wish(entry.family, entry.value, self._items[at].said, entry.column)
        if entry.refused:
            self._draft.unwanted.append(wish)
        else:
            if self._draft.apart(wish) and (entry.family == "people" or self._ahead.is_next(at)):
                self._draft.end_refusal()
            self._draft.add(wish)
        return 1

    def _scope(self, at: int) -> int:
        """Words that start and end a refusal."""
        roles, following, draft = self._items[at].roles, self._ahead.roles(at + 1), self._draft
        # "Brown? No thanks."
        answers = at > 0 and bool(self._items[at - 1].mark)
        start = draft.before if answers and len(draft.wanted) == draft.clause else draft.clause
        if "beside" in roles:
            draft.beside = True
        elif "than" in roles and self._ahead.joins(at):
            draft.refuse(at)  # "Rather green than blue."
        elif (
            "refuse_after" in roles
            and len(draft.wanted) > start
            and not draft.refusing
            and not self._ahead.refuses_next(at)
        ):
            draft.refuse_clause(start)
        elif "answer" in roles and (self._ahead.ends_behind(at) or self._ahead.answers_question(at)):
            draft.deny(at, start)  # "Black? Nah."
        elif "answer" in roles and self._ahead.interrupts(at):
            draft.end_refusal()
            draft.correcting = True
        elif "articles" in roles and draft.pending and self._ahead.is_next(at):
            draft.end_refusal()  # "No stripes a cotton shirt."
        elif "deny" in roles:
            draft.deny(at, len(draft.wanted) if "which" in self._ahead.roles(at - 1) else start)
        elif "refuse" in roles:
            also = bool({"and", "or"} & roles.keys() and draft.pending)
            draft.refuse(at)
            draft.joined = also
            # "No I want ..." is an answer; "not only ..." and "not just ..." are not refusals.
            if (at == 0 and "answer" in roles and "ask" in following) or (
                "stop" in following and "ignore" not in following
            ):
                draft.refusing = False
        elif "correct" in roles and "refuse" not in following:
            draft.end_refusal()
            draft.correcting = True
        elif "stop" in roles and not ("and" in roles and self._ahead.joins(at) and draft.lists()):
            draft.end_refusal()
            draft.begin_clause()
        elif {"and", "or"} & roles.keys():
            draft.beside = draft.beside and bool(self._ahead.wish(at + 1).value)
            if draft.pending and not self._ahead.list_goes_on(at, draft.pending[-1].family):
                draft.end_refusal()
            draft.joined = bool(draft.pending)
        elif {"ask", "prepositions"} & roles.keys():
            if draft.pending or (draft.denied is not None and "ask" in roles):
                draft.end_refusal()
            if "ask" in roles:
                draft.begin_clause()
        else:
            return 0
        return 1

    def _word(self, at: int) -> int:
        """All other words: those without a meaning."""
        item, draft = self._items[at], self._draft
        english = self._language == "en" and not draft.refusing
        if item.entries:
            if (
                english
                and {"adjectives", "shades"} & item.roles.keys()
                and "ignore" not in item.roles
                and self._story.is_meant(at)
            ):
                draft.rest.append(item.said)
        elif item.unknown and self._is_title_word(at):
            draft.add(Wish("title", item.said.lower(), item.said))
        elif item.unknown or item.number:
            draft.unclear.append(item.said)
            if english and item.unknown and self._story.is_meant(at):
                draft.rest.append(item.said.lower())
        return 1

    def _is_title_word(self, at: int) -> bool:
        """Whether an unknown word is looked up in titles: only next to meaningful words or in a short text, because
        narratives have many words that occur in some title."""
        word = self._items[at].said.lower()
        if (len(word) < LEAST_TITLE_WORD and not is_cjk(word)) or not self._shop.titled(word):
            return False
        return self._story.is_meant(at)
