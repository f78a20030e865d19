"""Parses one text: ``understand``, the entry point of this package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from understanding.grounding.shop import Shop
from understanding.sentence.items import Item, Lexer
from understanding.sentence.reader import Reader
from understanding.wishes import Match, Understood
from understanding.words.detection import best_language, certain
from understanding.words.language import Language
from understanding.words.text import folded, normalised, words_of

_CHUNK = re.compile(r"[^\s,;:!?()\"“”«»]+")


def understand(text: str, shop: Shop, languages: Mapping[str, Language] | None = None) -> Understood:
    """What a shopper's text asks for, in terms of one shop.

    Only the first 2,000 characters are read. The time depends on the length of the text and not on the size of the
    shop, except for the correction of at most 16 misspelt words.

    Args:
        text: In any language.
        shop: The values and titles of the catalogue.
        languages: The languages to consider, the default first; those of the shop if None.

    Returns:
        The wishes, and the words that were not understood. No text raises an error.
    """
    spoken = shop.languages if languages is None else languages
    text = normalised(text)
    guess = best_language(text, spoken, shop)
    default = next(iter(spoken.values()))
    sure = guess is not None and certain(guess, default)
    language = guess.language if guess is not None and sure else default
    items = Lexer(language, spoken, shop).items(text)
    if not sure and any(item.unknown for item in items):
        # Another language is taken if it knows every word, or some, and the rest are misspelt words of its grammar.
        for other in spoken.values():
            tried = Lexer(other, spoken, shop).items(text)
            unknown = [item for item in tried if item.unknown]
            named = any(item.meanings for item in tried)
            if not unknown or (named and all(other.misspells(folded(item.said)) for item in unknown)):
                language, items, sure = other, tried, True
                break
    codes = _named(text, shop)
    code: str | None = language.code
    if not sure and guess is not None and any(item.unknown and not shop.titled(item.said.lower()) for item in items):
        code = None
        items = [_without_language(item) for item in items]
    understood = Reader(items, shop, code, codes, nouns_first=language.nouns_first).read()
    return _titled(text, understood, shop)


def _named(text: str, shop: Shop) -> dict[int, tuple[int, list[Match]]]:
    """The products whose ids or article numbers are in a text: by the start of each, its end and its matches."""
    named = {}
    for match in _CHUNK.finditer(text):
        said = match.group().strip(".'’`#")
        alone = said == text.strip()
        if said and (alone or (any(sign.isdigit() for sign in said) and len(said) > 2)) and (rows := shop.find(said)):
            start = match.start() + match.group().index(said)
            named[start] = start + len(said), [Match(row, by, said) for row, by in rows]
    return named


def _titled(text: str, understood: Understood, shop: Shop) -> Understood:
    """``understood`` with the products whose titles equal or nearly equal the text."""
    words = words_of(text)
    if not 2 <= len(words) <= 40:
        return understood
    rows = shop.titles.exactly(words)
    if not len(rows):
        rows = np.array([row for row in shop.titles.alike(words) if _has_looks(shop, int(row), understood)])
    found = tuple(Match(int(row), "title", text.strip()) for row in rows[:20])
    return replace(understood, matches=(*understood.matches, *found)) if found else understood


def _has_looks(shop: Shop, row: int, understood: Understood) -> bool:
    """Whether a title contains every wanted word of a text, so that "grey formal trousers" does not match all grey
    trousers. Kinds and people are not compared, because titles write them in many ways."""
    titled = set(shop.titles.words_of(row))
    wishes = (wish for wish in understood.wanted if wish.family not in ("kind", "people"))
    return all(titled.issuperset(words_of(wish.said)) or titled.issuperset(words_of(wish.word)) for wish in wishes)


def _without_language(item: Item) -> Item:
    """An item of a text in an unknown language: only the shop's own values keep their meaning."""
    entries = tuple(entry for entry in item.entries if entry.role == "value")
    if entries or item.number or item.mark:
        return replace(item, entries=entries, roles={"value": entries[0]} if entries else {})
    return replace(item, entries=(), roles={})
