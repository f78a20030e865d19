"""Finds what a column name means by its words, in the languages of ``words.toml``.

A name means something only if all of its words are known, so that *Stock number of the pattern* is no stock.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

from catalog.names.plain import CURRENCIES, MAX_COMPARED, ONE_LETTER, expanded, folded, group

Concepts = frozenset[str]

MAX_WORD = 60
"""Letters of a word that is split into others."""
_CJK = "\u2e80"
"""First letter of the scripts without spaces."""
_LINKS = ("", "s", "n", "en", "er", "e")
"""Letters between the words of a compound: ``Verkaufspreis``."""
_MIN_PART = 3
"""Minimum letters of a Latin word within a compound."""
_MAX_ENDING = 5
"""Maximum letters behind a stem."""
_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0903\u093a-\u094f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
"""Vowels and accents that are no letters of their own."""
_WORD = re.compile(rf"(?<![^\W_])[a-z]/[a-z]?(?![^\W_])|(?:[^\W\d_]|[{_MARKS}])+\.?|\d+", re.IGNORECASE)
"""A word, a number, or letters such as ``J/N`` and ``c/``."""
_INITIAL = re.compile(r"(?<![^\W\d_])([^\W\d_])\.(?=[^\W\d_])")
"""The point within ``Q.tà``."""
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe"})
_NONE: Concepts = frozenset()
_MONEY = frozenset({"price", "neutral"})
"""The concepts of codes of currencies: ``trade_gbp`` is a price."""
_NUMBER = frozenset({"number"})
_ALWAYS = frozenset({"neutral", "product"})
_CODES = group(CURRENCIES.replace("|", " ")) | group("zl kc kr rs tl eur usd")


class _Lexicon:
    """The words with their concepts: whole ones, and beginnings of inflected ones."""

    def __init__(self) -> None:
        self.whole: dict[str, Concepts] = {}
        self._stems: dict[str, Concepts] = {}
        text = (Path(__file__).parent / "words.toml").read_text(encoding="utf-8")
        for concept, words in tomllib.loads(text).items():
            for word in words.split():
                held = self._stems if word.endswith("*") else self.whole
                plain = _bare(word.rstrip("*"))
                held[plain] = held.get(plain, _NONE) | {concept}
        self._lengths = sorted({len(stem) for stem in self._stems}, reverse=True)

    def of(self, word: str) -> Concepts:
        """The concepts of a word; empty for an unknown one."""
        if word in self.whole:
            return self.whole[word]
        lengths = (n for n in self._lengths if n <= len(word) <= n + _MAX_ENDING)
        return next((found for n in lengths if (found := self._stems.get(word[:n]))), _NONE)

    def parts(self, word: str) -> list[Concepts]:
        """The concepts of a word, or of the words of which it consists; a list with an empty set if it is unknown."""
        if word.isdecimal():
            return [_NUMBER]
        if word in self.whole:  # Such as "best.", which is an abbreviation.
            return [self.whole[word]]
        word = word.rstrip(".")
        if word in self.whole:
            return [self.whole[word]]
        whole = self._split(word, 0, set()) if len(word) <= MAX_WORD else None
        return whole or [self.of(word)]

    def _split(self, word: str, start: int, dead: set[int]) -> list[Concepts] | None:
        """The words of a compound from ``start``; None, and ``start`` in ``dead``, if there are none."""
        if start in dead:
            return None
        shortest, links = (_MIN_PART, _LINKS) if word[0] < _CJK else (1, ("",))
        for end in range(len(word), start + shortest - 1, -1):
            part = word[start:end]
            found = self.whole.get(part, _NONE) or (self.of(part) if len(part) > _MIN_PART else _NONE)
            if not found or (end == len(word) and not start and part not in self.whole):
                continue
            if shortest > 1 and len(part) == shortest and found <= _ALWAYS:  # The end of *Sperrgrund* is no *und*.
                continue
            if end == len(word):
                return [found]
            for link in links:
                after = end + len(link)
                if word.startswith(link, end) and after < len(word) and (rest := self._split(word, after, dead)):
                    return [found, *rest]
        dead.add(start)
        return None


@cache
def _lexicon() -> _Lexicon:
    return _Lexicon()


def _bare(word: str) -> str:
    return folded(unicodedata.normalize("NFKC", word).casefold()).translate(_LETTERS)


@lru_cache(maxsize=10_000)
def concepts_of(column: str) -> tuple[Concepts, ...]:
    """The concepts of each word of a name; an empty set for an unknown word."""
    column = ONE_LETTER.sub("", column[:MAX_COMPARED])
    name = _HUMPS.sub(" ", unicodedata.normalize("NFKC", expanded(column)))
    words = [_bare(word) for word in _WORD.findall(_INITIAL.sub(r"\1", name))]
    parts = ([_MONEY] if word.rstrip(".") in _CODES else _lexicon().parts(word) for word in words)
    return tuple(part for word in parts for part in word)


def means(column: str, required: str, allowed: str = "") -> bool:
    """Whether a name has words for all ``required`` concepts, and otherwise only for those or ``allowed`` ones.

    Args:
        column: The name.
        required: Concepts, separated by spaces.
        allowed: Likewise.
    """
    needed = frozenset(required.split())
    words = concepts_of(column)
    permitted = needed | _ALWAYS | frozenset(allowed.split())
    return bool(words) and all(word & permitted for word in words) and needed <= frozenset().union(*words)


def mentions(column: str, concepts: str) -> bool:
    """Whether any word of a name has one of ``concepts``, which are separated by spaces."""
    wanted = frozenset(concepts.split())
    return any(word & wanted for word in concepts_of(column))


_STANDARD = (
    ("currency", "currency", "price"),
    ("salepricedatesfrom", "sale begin", "price date"),
    ("salepricedatesto", "sale end", "price date"),
    ("visiblefrom", "shown begin", "date shop retail"),
    ("visiblefrom", "retail begin", "date shop"),
    ("publishdate", "shown date", "shop"),
    ("visibleuntil", "shown end", "date shop retail"),
    ("visibleuntil", "retail end", "date shop"),
    ("saleprice", "price sale", "former retail tax vat shop number"),
    ("listprice", "price recommended", "former retail tax vat shop number"),
    ("wasprice", "price former", "retail tax vat shop number"),
    ("price", "price", "retail tax vat shop number"),
    ("backorders", "oversell", "allow stock available state retail"),
    ("backorders", "negation stock allow", "retail available purchase"),
    ("stock", "stock", "available count"),
    ("stock", "available count", ""),
    ("size", "size", "available stock"),
    ("category", "category", "shop retail"),
    ("tags", "tags", ""),
    ("colours", "colours", "available"),
)
"""Known names by what they mean: required concepts, and allowed ones."""
_INTERNAL = (
    ("abbreviation", "price tax vat retail former"),
    ("dealer price", "tax vat retail"),
    ("minimum stock", "available shop retail sale alarm"),
    ("alarm", "minimum stock available warning"),
    ("warning stock", "minimum available"),
    ("warning minimum", "available"),
    ("reserved", "stock available purchase count"),
    ("vendor code", ""),
    ("retail count", "stock"),
    ("off count", "retail stock"),
    ("off reason", ""),
    ("shipping", "price purchase"),
    ("note", "private shop state sale stock"),
    ("private", "stock price state shop"),
    ("vat", "tax retail sale code account category"),
    ("place", "stock"),
    ("traffic", "stock retail date"),
    ("customs", "code"),
    ("account", "retail stock purchase tax vat category code"),
    ("changed", "date state price stock"),
    ("created", "date"),
)
"""Concepts of names that shops do not publish, likewise."""
_ALWAYS_INTERNAL = "purchase supplier margin"


@lru_cache(maxsize=10_000)
def standard_meaning(column: str) -> str:
    """The known name that means the same as an unknown one, such as ``saleprice``; empty if there is none."""
    return next((name for name, required, allowed in _STANDARD if means(column, required, allowed)), "")


@lru_cache(maxsize=10_000)
def is_internal(column: str) -> bool:
    """Whether a name means something that shops do not publish, such as purchase prices and suppliers."""
    return mentions(column, _ALWAYS_INTERNAL) or any(
        means(column, required, f"{allowed} number") for required, allowed in _INTERNAL
    )


def may_be_status(column: str) -> bool:
    """Whether a name may mean what a shop shows: ``publish_status``, ``Dostępny w sklepie``."""
    return (
        means(column, "shown", "state shop retail") or means(column, "state", "shown shop retail stock available")
        or (means(column, "available shop", "retail shown") and not mentions(column, "premises"))
        or means(column, "available shown", "state shop")
    )  # fmt: skip


def may_be_outlet(column: str) -> bool:
    """Whether a name may be that of a shop in which a product is sold, if its cells are flags: ``Sell on web``."""
    return means(column, "shop", "retail state") and not mentions(column, "premises")


def may_be_off(column: str) -> bool:
    """Whether a name may be that of a flag of products that are not for sale: ``Sperrkz``, ``Vendido``."""
    if mentions(column, "premises") or (mentions(column, "sold") and mentions(column, "shop shown")):  # ``Sold online``
        return False
    return means(column, "off", "state shop retail shown begin") or means(column, "negation shop", "shown retail")


def states_no(text: str) -> bool:
    """Whether all words of a cell are known, and they mean that a product is not for sale: ``Снят с продажи``."""
    says_off = mentions(text, "off reserved")
    says_not = mentions(text, "negation")
    about = says_off or mentions(text, _FOR_SALE)
    return says_off != says_not and about and means(text, "", f"{_OF_STATES} off reserved negation")


def states_yes(text: str) -> bool:
    """Likewise, that it is for sale: ``В продаже``."""
    return means(text, "", _OF_STATES) and mentions(text, _FOR_SALE)


_FOR_SALE = "shown available stock retail"
_OF_STATES = f"{_FOR_SALE} shop state begin end minimum"
