"""A text becomes items: phrases of its language, values of the shop, numbers, marks, and words that are neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from understanding.grounding.shop import Shop
from understanding.words.language import Language
from understanding.words.phrases import Entry
from understanding.words.spelling import is_slip
from understanding.words.text import Token, is_cjk, tokens_of

MOST_CORRECTIONS = 16
"""Words of one text that are looked up in spite of misspellings, so that hostile texts take no longer."""
LONG_NAME = 8
"""Letters of a name that may have two slips."""
COMMON = 1 / 1000
"""Titles for each product that must have a word for it to be taken for correct without looking further."""
LONGEST_COMPOUND = 40
COMMANDS = frozenset({"back", "restart", "forget", "refuse", "refuse_after", "keep", "different", "similar"})
"""Roles that a misspelt word must not be given."""
SHORT_WORD = 4
"""Letters of words that stories have many of: in long texts "made" is no slip of "male"."""
MOST_MIXED = 10
"""Words of a text that may have words of other languages among them; longer ones are stories, where "gonna" is no
Italian skirt."""


@dataclass(frozen=True)
class Item:
    """A part of a text and everything that it may stand for."""

    start: int
    end: int
    said: str
    entries: tuple[Entry, ...] = ()
    number: str = ""
    mark: str = ""
    roles: Mapping[str, Entry] = field(default_factory=dict)
    compound: bool = False
    """Whether its entries are parts that all hold, rather than readings of which one does."""

    @property
    def meanings(self) -> list[Entry]:
        """The concepts and values among its entries."""
        return [entry for entry in self.entries if entry.role in ("concept", "value")]

    @property
    def unknown(self) -> bool:
        """Whether it is a word without any meaning here."""
        return not self.entries and not self.mark and not self.number


class _Found(NamedTuple):
    length: int
    entries: list[Entry]


class Lexer:
    """Divides texts into items, in one language and for one shop.

    Args:
        language: Whose words are looked for first.
        languages: All languages by code; a concept's word in any of them is taken where the language has none.
        shop: Whose values are looked for.
    """

    def __init__(self, language: Language, languages: Mapping[str, Language], shop: Shop) -> None:
        self._language, self._shop = language, shop
        self._others = [one for one in languages.values() if one is not language]
        self._corrections = 0
        self._mixed = True

    def items(self, text: str) -> list[Item]:
        """The items of a text in the form that ``text.normalised`` gives."""
        tokens = tokens_of(text)
        self._mixed = len(tokens) <= MOST_MIXED
        tokens = self._corrected(tokens, text)
        words = [token.text for token in tokens]
        items: list[Item] = []
        at = 0
        while at < len(tokens):
            token = tokens[at]
            found = self._longest(words, at)
            compound = False
            if not found.length:
                found = _Found(1, self._compound(token.text) if token.kind == "word" else [])
                compound = bool(found.entries)
            last = tokens[at + found.length - 1]
            number = token.text if token.kind == "number" and found.length == 1 else ""
            mark = token.text if token.kind == "mark" and found.length == 1 else ""
            roles = {entry.role: entry for entry in reversed(found.entries)}
            said = text[token.start : last.end]
            items.append(Item(token.start, last.end, said, tuple(found.entries), number, mark, roles, compound))
            at += found.length
        return _joined(items, text)

    def _longest(self, words: Sequence[str], at: int) -> _Found:
        """The longest phrase at a place; the language comes before the shop, and the shop before other languages."""
        own = _Found(*self._language.phrases.longest(words, at))
        shop = _Found(*self._shop.phrases.longest(words, at))
        if own.length == shop.length and own.length:
            return _Found(own.length, [*own.entries, *shop.entries])
        best = own if own.length > shop.length else shop
        if best.length:
            return best
        if not self._mixed or len(words[at]) < 3 or self._shop.titled(words[at]) > 1:
            return best
        for other in self._others:
            length, entries = other.phrases.longest(words, at)
            concepts = [entry for entry in entries if entry.role == "concept"]
            if concepts and length > best.length:
                best = _Found(length, concepts)
        return best

    def _compound(self, word: str) -> list[Entry]:
        """The concepts in a compound such as "Sommerkleid", the head last; none where a part of it is unknown."""
        if not self._language.compounds or len(word) > LONGEST_COMPOUND:
            return []
        for at in range(len(word) - 3, 2, -1):
            head = self._language.phrases.exactly([word[at:]])
            if not any(entry.role == "concept" for entry in head):
                continue
            for joint in self._language.compounds:
                first = word[:at].removesuffix(joint) if joint else word[:at]
                before = self._language.phrases.exactly([first]) or (self._compound(first) if len(first) > 5 else [])
                parts = [entry for entry in before if entry.role in ("concept", "shades")]
                if parts:
                    return [*parts, *(entry for entry in head if entry.role == "concept")]
        return []

    def _corrected(self, tokens: list[Token], text: str) -> list[Token]:
        """The tokens with words that no phrase covers corrected where they misspell a known one."""
        words = [token.text for token in tokens]
        at = 0
        mended = list(tokens)
        while at < len(tokens):
            length = self._longest(words, at).length
            if not length and tokens[at].kind == "word":
                word = words[at]
                if self._corrections < MOST_CORRECTIONS and not self._compound(word):
                    self._corrections += 1
                    mended[at] = tokens[at]._replace(
                        text=self._correction(word, text[tokens[at].start : tokens[at].end])
                    )
            at += max(1, length)
        return mended

    def _correction(self, word: str, written: str) -> str:
        titled = self._shop.titled(word)
        if titled > max(2, COMMON * self._shop.size):
            return word
        # What is written with letters of another language is no slip in this one.
        own = self._language.spelling.nearest(word) if set(written.lower()) <= self._language.letters else None
        if own and (
            _commands(self._language.phrases.exactly([own[0]]))
            or not (self._mixed or len(word) > SHORT_WORD or is_slip(word, own[0]))
        ):
            own = None
        values = self._shop.spelling.nearest(word)
        if own and (not values or own[1] <= values[1]):
            return own[0]
        if values and (values[1] == 1 or len(word) >= LONG_NAME):
            return values[0]
        if titled:
            return word
        title = self._shop.title_spelling.nearest(word) if written.isascii() else None
        return title[0] if title else word


def _commands(entries: Sequence[Entry]) -> bool:
    """Whether a word by itself undoes, refuses or keeps something and names nothing: a "bank" is no slip of "back"."""
    roles = {entry.role for entry in entries}
    return bool(COMMANDS & roles) and not roles & {"concept", "relative", "shades", "value"}


def _joined(items: list[Item], text: str) -> list[Item]:
    """Unknown single characters of Chinese and Japanese in a row as one item."""
    joined: list[Item] = []
    for item in items:
        if item.unknown and joined and joined[-1].unknown and joined[-1].end == item.start and is_cjk(item.said):
            joined[-1] = Item(joined[-1].start, item.end, text[joined[-1].start : item.end])
        else:
            joined.append(item)
    return joined
