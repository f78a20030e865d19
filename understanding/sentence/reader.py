"""Parses items into wishes in a single pass: refusals, kept families, comparisons and bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from understanding.grounding.shop import Shop
from understanding.sentence.ahead import BACKGROUND, COMMAS, NEAR, Ahead, meant
from understanding.sentence.comparison import Comparisons
from understanding.sentence.draft.catalogue import imitation_of, leave_out_imitations, refuse_by_title, split_kinds
from understanding.sentence.draft.draft import Draft
from understanding.sentence.draft.result import understood
from understanding.sentence.families import Families
from understanding.sentence.items import Item
from understanding.sentence.quantities.amounts import Amounts
from understanding.sentence.quantities.bounds import Bounds
from understanding.sentence.recipient import Recipients
from understanding.sentence.scopes import Scopes
from understanding.sentence.senses import Senses
from understanding.sentence.story import Story
from understanding.sentence.turns import Turns
from understanding.wishes import Match, Understood, Wish
from understanding.words.text import is_cjk

MIN_TITLE_WORD = 3
"""Minimum length of a word that is looked up in titles."""
SENTENCE_ENDS = frozenset(".!?;:。！？；…")
SLEEVES = {("detail", "long"): "long sleeves", ("detail", "short"): "short sleeves"}
"""What a length says of sleeves."""

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
        refused: Wishes that earlier turns refused.
    """

    def __init__(
        self,
        items: list[Item],
        shop: Shop,
        language: str | None,
        named: Named,
        *,
        nouns_first: bool = False,
        refused: Sequence[Wish] = (),
    ) -> None:
        self._refused, self._part_end = refused, -1
        self._items, self._shop, self._language, self._named = items, shop, language, named
        self._ahead, self._draft = Ahead(items), Draft(nouns_first=nouns_first)
        self._senses, self._story = Senses(items, self._ahead, self._draft), Story(items, self._ahead)
        self._comparisons = Comparisons(items, self._ahead, self._draft, self._senses)
        self._families = Families(items, self._ahead, self._draft)
        self._scopes = Scopes(items, self._ahead, self._draft)
        self._recipients = Recipients(items, self._ahead, self._story)
        self._bounds = Bounds(items, self._ahead, self._draft, Amounts(items, shop), named)
        self._turns = Turns(items, self._ahead, self._draft)

    def read(self) -> Understood:
        """The wishes in the items."""
        steps: tuple[Callable[[int], int], ...] = (
            self._mark, self._lettered_code, self._recipient, self._bounds.read, self._code, self._imitated,
            self._turns.read, self._branded,
            self._families.forgotten, self._families.kept, self._families.named, self._comparisons.compared,
            self._comparisons.shaded, self._concept, self._scopes.word, self._word,
        )  # fmt: skip
        at = 0
        self._draft.alternative = "or" in self._ahead.roles(0)  # "Or green?"
        while at < len(self._items):
            self._space(at)
            ends_part = at == self._part_end
            taken = next(taken for step in steps if (taken := step(at)))
            if ends_part:
                self._draft.end_part()
            at += taken
        self._draft.end_refusal()
        leave_out_imitations(self._draft, self._shop, self._refused)
        refuse_by_title(self._draft, self._shop)
        split_kinds(self._draft, self._shop)
        return replace(understood(self._draft, self._language), age=self._recipients.age())

    def _space(self, at: int) -> None:
        """End a part at a space between wishes, where other texts have a comma. In Chinese and Japanese it is between
        wishes of any families: "茶色 革じゃない", "不要红色 蓝色", but not "不要 红色 蓝色", which is a list. In other
        languages it is behind a refused colour: "not red blue"."""
        item, draft = self._items[at], self._draft
        last, family = (draft.pending or draft.wanted[draft.clause :])[-1:], self._ahead.wish(at).value
        if not (item.spaced and last and family):
            return
        same = last[0].family == family
        if is_cjk(item.said) and is_cjk(self._items[at - 1].said[-1:]):
            listed = same and (not draft.pending or (draft.cue >= 0 and self._items[draft.cue + 1].spaced))
            if not listed:
                draft.end_refusal()
                draft.begin_clause()
        elif draft.pending and same and family == "colour" and item.meanings and self._begins_colour(at):
            draft.end_refusal()

    def _begins_colour(self, at: int) -> bool:
        """Whether the colour at a position corrects the refused one before it, instead of continuing a list or
        describing a pattern: "no red white stripes"."""
        goes_on = self._ahead.list_goes_on(at - 1, "colour") or self._ahead.wish(at + 1).value == "pattern"
        return self._ahead.is_next(at) and not goes_on

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
            elif draft.refusing and (draft.joined or not self._scopes.list_goes_on(at)):
                draft.end_refusal()
            if not draft.refusing:
                last = draft.wanted[-1:]
                draft.joining = last[0] if last and self._ahead.list_goes_on(at, last[0].family) else None
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

    def _recipient(self, at: int) -> int:
        """ "For my wife", "8 years old"."""
        taken, wish = self._recipients.at(at)
        if wish is not None:
            self._draft.add_apart(wish)
        return taken

    def _imitated(self, at: int) -> int:
        """ "Not leather but looks like it": the imitation of the refused material."""
        draft = self._draft
        said = [*self._refused, *draft.unwanted, *draft.pending] if "looks" in self._items[at].roles else []
        named = [imitation for wish in said if (imitation := imitation_of(wish))]
        if not named:
            return 0
        draft.end_refusal()
        draft.add(Wish("material", named[-1], self._items[at].said))
        return 1

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

    def _concept(self, at: int) -> int:
        entry = self._senses.of(at)
        if entry is None:
            return 0
        if "recipient" in self._items[at].roles and "kin" in self._ahead.roles(at + 1):
            return 1  # "For her husband"
        if "recipient_after" in self._items[at].roles and (
            any(one.number for one in self._items[max(0, at - 2) : at])
            or any("recipient_after" in one.roles and not one.meanings for one in self._items[:at])
        ):
            return 1  # "Her 75th birthday", "mum wants a purse for Christmas": no party that it is worn at
        following = meant(self._items[at + 1]) if at + 1 < len(self._items) else None
        if entry.value == "sleeves" and (sleeves := self._length_behind(at)):
            taken = self._ahead.past_ignored(at + 1) + 1 - at
            self._draft.add(Wish(entry.family, sleeves, self._ahead.said(at, taken)))
            return taken
        length = following is not None and (following.family, following.value) in SLEEVES
        if length and entry.value == "straps" and self._senses.is_strap(at):
            self._draft.add(Wish(entry.family, entry.value, self._ahead.said(at, 2)))
            return 2  # "Bolso, correa larga" is no long bag.
        if (entry.family, entry.value) in SLEEVES and following is not None and following.value == "straps":
            self._draft.add(Wish(following.family, following.value, self._ahead.said(at, 2)))
            return 2  # "A long strap"
        wish = Wish(entry.family, entry.value, self._items[at].said, entry.column)
        if entry.family in BACKGROUND and self._is_past_denial(at):
            self._draft.refusing = False
        if self._story.is_background(at, entry.family) or self._story.is_build(at):
            return 1
        if entry.family == "kind" and self._senses.is_part(at, entry.value):
            self._draft.parts.append(wish)
            return 1 + self._senses.leave_out_looks(at)
        if entry.family == "kind" and (part := self._senses.as_part(at)) is not None:
            self._draft.as_parts[wish.key] = part
        if entry.refused:
            self._draft.reject([wish])
        else:
            last = self._draft.pending[-1:]
            if last and wish.family == last[0].family != "kind" and self._ahead.is_attribute(at - 2):
                self._draft.end_refusal()  # Chinese "不带logo的纯色短袖"
            if self._draft.apart(wish) and (entry.family == "people" or self._ahead.is_next(at)):
                self._draft.end_refusal()
            self._draft.listed |= wish.family == "kind" and self._ahead.is_alternative(at)
            self._part_end = at + 1 if self._senses.may_look_follow(at, wish) else -1
            if self._senses.has_looks(at, wish):
                self._draft.add_part(wish)
            else:
                self._draft.add(wish)
        return 1

    def _length_behind(self, at: int) -> str:
        """The sleeves of the length that follows the item at a position: "sleeves long", "the sleeves should be long".
        Behind an article, it is about something else: "with sleeves, a long one"."""
        place = self._ahead.past_ignored(at + 1)
        entry = meant(self._items[place]) if place < len(self._items) else None
        apart = any("articles" in self._ahead.roles(one) for one in range(at + 1, place))
        return "" if entry is None or apart else SLEEVES.get((entry.family, entry.value), "")

    def _is_past_denial(self, at: int) -> bool:
        """Whether a verb was denied long before: "sunglasses I won't cry over at a festival"."""
        draft = self._draft
        return draft.refusing and not draft.pending and at - draft.cue > NEAR and "deny" in self._ahead.roles(draft.cue)

    def _word(self, at: int) -> int:
        """All other words: those without a meaning."""
        item, draft = self._items[at], self._draft
        english = self._language == "en" and not draft.refusing
        if "unsold" in item.roles:
            draft.unclear.append(item.said)  # "New Balance" is no wish for newer products.
        elif item.entries:
            if not draft.refusing and "ignore" not in item.roles and self._story.is_meant(at):
                draft.manner += self._manner(item)
        elif item.unknown and self._is_title_word(at) and not self._is_denied_verb():
            draft.add(Wish("title", item.said.lower(), item.said))
        elif item.unknown or item.number:
            draft.unclear.append(item.said)
            degree = {"too", "less"} & self._ahead.roles(at - 1).keys()
            if draft.refusing and not draft.pending and (degree or self._ahead.is_attribute(at)):
                draft.refusing = False  # "Not too dangly silver earrings", Chinese "不起球的黑色毛衣"
            draft.described = draft.described or (item.unknown and draft.refusing and self._describes_thing(at))
            if english and item.unknown and self._story.is_meant(at):
                draft.rest.append(item.said.lower())
        return 1

    def _manner(self, item: Item) -> list[str]:
        """The English adjective of an item, for the model; empty if it is no adjective."""
        named = item.roles.get("adjectives") or item.roles.get("shades")
        if named is None:
            return []
        if self._language == "en":
            return [item.said]
        english = self._shop.languages.get("en")
        return [english.adjectives.get(named.value, named.value) if english is not None else named.value]

    def _describes_thing(self, at: int) -> bool:
        """Whether an unknown word is next to the refused thing, on the side on which the language has adjectives."""
        place = self._ahead.before(at) if self._draft.nouns_first else self._ahead.past_ignored(at + 1)
        entry = meant(self._items[place]) if 0 <= place < len(self._items) else None
        return entry is not None and entry.family == "kind" and place > self._draft.cue

    def _is_denied_verb(self) -> bool:
        """Whether an unknown word is the verb of a relative clause: Spanish "que no pique"."""
        draft = self._draft
        return draft.refusing and not draft.pending and "which" in self._ahead.roles(draft.cue - 1)

    def _is_title_word(self, at: int) -> bool:
        """Whether an unknown word is looked up in titles: only next to meaningful words or in a short text, because
        narratives have many words that occur in some title."""
        word = self._items[at].said.lower()
        if (len(word) < MIN_TITLE_WORD and not is_cjk(word)) or not self._shop.titled(word):
            return False
        return self._story.is_meant(at)
