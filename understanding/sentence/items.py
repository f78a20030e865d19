"""Splits a text into items: phrases of its language, values of the shop, numbers, punctuation and unknown words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from understanding.grounding.shop import Shop
from understanding.words.brands import brand_words
from understanding.words.compounds import compound_of, corrected_compound
from understanding.words.grammar import ROLES
from understanding.words.language import NAMING, Language
from understanding.words.phrases import Entry
from understanding.words.spelling import is_slip
from understanding.words.text import Token, is_cjk, tokens_of

MAX_CORRECTIONS = 16
"""Maximum number of words of a text with spelling correction, to limit the time of hostile texts."""
LONG_NAME = 8
"""Minimum length of a name for two typing errors."""
MIN_STEM = 5
"""Minimum length of a name that a longer word is an inflection of."""
COMMON = 1 / 1000
"""Minimum share of titles with a word for it to count as correct."""
COMMANDS = frozenset({"back", "restart", "forget", "any", "refuse", "refuse_after", "keep", "different", "similar"})
"""Roles that are not assigned to a misspelt word."""
JOINING = frozenset({"refuse", "and", "or", "stop"})
"""Roles of words of the default language that shoppers mix into other languages: Turkish "beyaz not running"."""
SHORT_WORD = 4
"""Length of short words, which are not corrected in long texts: "made" is not "male"."""
MAX_MIXED = 10
"""Maximum length of a text with words of other languages; in longer texts "gonna" is not an Italian skirt."""


@dataclass(frozen=True)
class Item:
    """A part of a text with all of its possible meanings."""

    start: int
    end: int
    said: str
    entries: tuple[Entry, ...] = ()
    number: str = ""
    mark: str = ""
    roles: Mapping[str, Entry] = field(default_factory=dict)
    compound: bool = False
    """Whether all of its entries apply (a compound), instead of one of them."""
    foreign: bool = False
    """Whether only other languages than that of the text have the word."""
    spaced: bool = False
    """Whether only white space separates it from the item before it."""
    hyphened: bool = False
    """Whether only a hyphen separates it from the item before it."""

    @cached_property
    def meanings(self) -> list[Entry]:
        """The concepts and values among its entries, without values that are also words of the grammar: "and". But a
        colour that a shop calls by an ordinary word counts: "forest"."""
        functions = ROLES & self.roles.keys()
        colour = functions <= {"ignore"}
        return [
            entry
            for entry in self.entries
            if entry.role == "concept"
            or (entry.role == "value" and (not functions or (colour and entry.family == "colour")))
        ]

    @property
    def unknown(self) -> bool:
        """Whether it is a word without a meaning."""
        return not self.entries and not self.mark and not self.number


class _Found(NamedTuple):
    length: int
    entries: list[Entry]
    foreign: bool = False


class Lexer:
    """Splits texts into items, for one language and one shop.

    Args:
        language: The language of the text.
        languages: All languages by code; their words for concepts are used if the language has no such word.
        shop: The values of the shop.
    """

    def __init__(self, language: Language, languages: Mapping[str, Language], shop: Shop) -> None:
        self._language, self._shop = language, shop
        self._default = next(iter(languages.values()), language)
        self._others = [one for one in languages.values() if one is not language]
        self._corrections = 0
        self._mixed = True
        self._written: list[str] = []

    def items(self, text: str) -> list[Item]:
        """The items of a text in the form of ``text.normalised``."""
        tokens = tokens_of(text)
        self._written = [text[token.start : token.end].lower() for token in tokens]
        self._mixed = len(tokens) <= MAX_MIXED
        tokens = self._corrected(tokens, text)
        words = [token.text for token in tokens]
        items: list[Item] = []
        at = 0
        while at < len(tokens):
            token = tokens[at]
            found = self._longest(words, at)
            compound = False
            if not found.length:
                found = _Found(1, compound_of(self._language, token.text) if token.kind == "word" else [])
                compound = bool(found.entries)
            elif is_cjk(token.text) and _names_several(found.entries):
                compound = True  # As in German compounds, the thing comes last.
                found = found._replace(entries=sorted(found.entries, key=lambda entry: entry.family == "kind"))
            last = tokens[at + found.length - 1]
            number = token.text if token.kind == "number" and found.length == 1 else ""
            mark = token.text if token.kind == "mark" and found.length == 1 else ""
            roles = {entry.role: entry for entry in reversed(found.entries)}
            said = text[token.start : last.end]
            gap = text[items[-1].end : token.start] if items else ""
            items.append(
                Item(
                    *(token.start, last.end, said, tuple(found.entries), number, mark, roles),
                    compound=compound,
                    foreign=found.foreign,
                    spaced=gap.isspace(),
                    hyphened=gap == "-",
                )
            )
            at += found.length
        return _joined(items, text)

    def _longest(self, words: Sequence[str], at: int) -> _Found:
        """The longest phrase at a position. The language takes precedence over the shop, and the shop over other
        languages."""
        own = _Found(*self._language.phrases.longest(words, at))
        shop = _Found(*self._shop.phrases.longest(words, at))
        if own.length == shop.length and own.length:
            return _Found(own.length, [*own.entries, *shop.entries])
        best = own if own.length > shop.length else shop
        if best.length == 1 and self._mixed and (found := self._lettered(words, at)).length:
            return found
        if best.length:
            return best
        unspaced = is_cjk(words[at])
        if len(words[at]) < 3 and not unspaced:
            return best
        if not self._mixed and unspaced == self._language.unspaced:
            return best
        return self._foreign(words, at)

    def _foreign(self, words: Sequence[str], at: int) -> _Found:
        """The longest phrase of another language, unless its word is a slip of one of this language: "dres". Of a word
        of titles, only the meaning in the default language counts: "skinny". A word of another script is no word of
        this language, so its grammar counts as well: "红色 not 格子"."""
        best = _Found(0, [])
        if words[at] in self._language.everyday:
            return best
        own = self._language.spelling.nearest(words[at])
        if own and is_slip(words[at], own[0]) and not self._is_command(own[0]):
            return best
        titled = self._shop.titled(words[at]) > 1
        unspaced = is_cjk(words[at])
        scripted = unspaced != self._language.unspaced
        for other in self._others:
            if titled and other is not self._default:
                continue
            length, entries = other.phrases.longest(words, at)
            if not (scripted and (other.unspaced if unspaced else other is self._default)):
                roles = {"concept", *(JOINING if other is self._default else ())}
                entries = [entry for entry in entries if entry.role in roles]
            if entries and length > best.length:
                best = _Found(length, entries, foreign=True)
        return best

    def _lettered(self, words: Sequence[str], at: int) -> _Found:
        """The longest phrase of a language that has the letters of a word which this language lacks: Turkish "sarı" is
        no English "sari"."""
        strange = {letter for letter in self._written[at] if not letter.isascii()}
        if not strange or strange & self._language.letters:
            return _Found(0, [])
        found = [_Found(*one.phrases.longest(words, at), True) for one in self._others if strange <= one.letters]
        named = (one._replace(entries=[e for e in one.entries if e.role == "concept"]) for one in found)
        return max((one for one in named if one.entries), key=lambda one: one.length, default=_Found(0, []))

    def _is_foreign(self, word: str, own: str) -> bool:
        """Whether a word is rather one of another language than a misspelt ``own``: Spanish "para" is no parka, but
        "dres" is a dress, because texts with such things name them in one language."""
        found = [other.phrases.exactly((word,)) for other in self._others]
        if not is_slip(word, own):
            return any(found)
        return any(entries and not any(entry.role in NAMING for entry in entries) for entries in found)

    def _is_command(self, word: str) -> bool:
        return _commands(self._language.phrases.exactly([word]))

    def _refuses(self, word: str) -> bool:
        """Whether a word refuses by its ending: "bügelfrei" is no misspelt "beutelfrei"."""
        return any(entry.refused for entry in self._language.phrases.exactly([word]))

    def _corrected(self, tokens: list[Token], text: str) -> list[Token]:
        """The tokens, with misspelt words corrected that are not part of a phrase."""
        words = [token.text for token in tokens]
        at = 0
        mended = list(tokens)
        while at < len(tokens):
            length = self._longest(words, at).length
            if not length and tokens[at].kind == "word":
                word = words[at]
                if self._corrections < MAX_CORRECTIONS and not compound_of(self._language, word):
                    self._corrections += 1
                    mended[at] = tokens[at]._replace(
                        text=self._correction(word, text[tokens[at].start : tokens[at].end])
                    )
            at += max(1, length)
        return mended

    def _correction(self, word: str, written: str) -> str:
        titled = self._shop.titled(word)
        if word in brand_words() or word in self._language.everyday or titled > max(2, COMMON * self._shop.size):
            return word
        if stem := self._language.stem(word):
            return stem
        # Words with letters of another language are not misspelt words of this one.
        own = self._language.spelling.nearest(word) if set(written.lower()) <= self._language.letters else None
        if own and self._is_foreign(word, own[0]):
            own = None
        if own and not (self._mixed or len(word) > SHORT_WORD or is_slip(word, own[0])):
            own = None
        if own and (self._is_command(own[0]) or (own[1] > 1 and self._refuses(own[0]))):
            own = None
        values = self._shop.spelling.nearest(word)
        if values and len(word) <= SHORT_WORD and (not is_slip(word, values[0]) or self._is_foreign(word, values[0])):
            values = None  # Spanish "sean" is not the brand "Span", Turkish "ama" is not "Alma".
        if values and len(values[0]) >= MIN_STEM and word.startswith(values[0]):
            return values[0]  # The inflected name of a brand, as in Polish "adidasa".
        if own and (not values or own[1] <= values[1]):
            return own[0]
        if values and (values[1] == 1 or len(word) >= LONG_NAME):
            return values[0]
        if titled:
            return word
        if corrected := corrected_compound(self._language, word):
            return corrected
        title = self._shop.title_spelling.nearest(word) if written.isascii() else None
        return title[0] if title else word


def _names_several(entries: Sequence[Entry]) -> bool:
    """Whether a word names a thing together with its looks, or several things: Chinese "羊毛衣" is a wool sweater,
    "小白鞋" is a white sneaker, "裙子" is a dress or a skirt."""
    named = {(entry.family, entry.value) for entry in entries if entry.role == "concept"}
    families = {family for family, _ in named}
    return len(named) > 1 and "kind" in families <= {"kind", "material", "colour", "pattern"}


def _commands(entries: Sequence[Entry]) -> bool:
    """Whether a word alone undoes, refuses or keeps something. Such words are not used as corrections: "bank" is not
    "back"."""
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
