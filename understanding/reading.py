"""Parses one text, or the turns of a conversation: the entry points of this package."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from understanding.grounding.shop import Shop
from understanding.sentence.items import MAX_CORRECTIONS, MAX_MIXED, Item, Lexer
from understanding.sentence.reader import Reader
from understanding.wishes import Match, Understood, Wish
from understanding.words.detection import certain, likely_languages
from understanding.words.language import Language
from understanding.words.text import folded, is_cjk, normalised, words_of

CLOSE_SCORE = 0.6
"""Minimum score of another language that a short text with unknown words may be in, relative to the best one."""
_CHUNK = re.compile(r"[^\s,;:!?()\"“”«»]+")


def understand_turns(texts: Iterable[str], shop: Shop) -> list[Understood]:
    """The wishes of each turn of a conversation, the oldest first. The language of the turns before decides what a
    turn does not tell: "max 50" is in the language of the conversation."""
    turns: list[Understood] = []
    expected: str | None = None
    for text in texts:
        refused = [wish for turn in turns for wish in turn.unwanted]
        turns.append(understand(text, shop, expected=expected, refused=refused))
        expected = turns[-1].language or expected
    return turns


def understand(
    text: str,
    shop: Shop,
    languages: Mapping[str, Language] | None = None,
    *,
    expected: str | None = None,
    refused: Sequence[Wish] = (),
) -> Understood:
    """What a shopper's text asks for, in terms of one shop.

    Only the first 2,000 characters are read. The time depends on the length of the text and not on the size of the
    shop, except for the correction of at most 16 misspelt words.

    Args:
        text: In any language.
        shop: The values and titles of the catalogue.
        languages: The languages to consider, the default first; those of the shop if None.
        expected: The code of the language that the text is in unless its words tell another one.
        refused: Wishes that earlier turns refused; "but looks like it" refers to them.

    Returns:
        The wishes, and the words that were not understood. No text raises an error.
    """
    spoken = shop.languages if languages is None else languages
    text = normalised(text)
    guesses = likely_languages(text, spoken, shop, expected)
    guess = guesses[0] if guesses else None
    default = spoken.get(expected or "", next(iter(spoken.values())))
    sure = guess is not None and certain(guess, default)
    language = guess.language if guess is not None and sure else default
    items = Lexer(language, spoken, shop).items(text)
    if sure and language is not default and not language.unspaced and _mostly_unknown(items, shop, default):
        sure = False  # Danish "sort kjole uden ærmer" has no shorts, although Turkish has "şort".
        language, items = default, Lexer(default, spoken, shop).items(text)
    if not sure and 0 < len(_unknown(items, shop)) <= MAX_CORRECTIONS:
        # Another language is taken if it knows every word, or some, and the rest are misspelt words of its grammar. A
        # text with more unknown words would be recognised, and reading it in all languages takes ten times as long.
        for other in (default, *(one for one in spoken.values() if one is not default)):
            tried = Lexer(other, spoken, shop).items(text)
            unknown = _unknown(tried, shop)
            named = any(item.meanings for item in tried)
            if not unknown or (named and all(other.misspells(folded(item.said)) for item in unknown)):
                language, items, sure = other, tried, True
                break
    if sure and len(items) <= MAX_MIXED and any(item.unknown for item in items):
        # Misspelt words hide the language: "blak tshrt" has more known words in English than "tshirt wit" in Dutch.
        near = [one.language for one in guesses[1:] if one.content and one.score >= CLOSE_SCORE * guesses[0].score]
        for other in dict.fromkeys((*near, default)):
            tried = Lexer(other, spoken, shop).items(text)
            if _fit(tried, shop) > _fit(items, shop):
                language, items = other, tried
    codes = _named(text, shop)
    code: str | None = language.code
    unknown = _unknown(items, shop)
    if not sure and guess is not None and any(not shop.titled(item.said.lower()) for item in unknown):
        code = None
        items = [_without_language(item) for item in items]
    understood = Reader(items, shop, code, codes, nouns_first=language.nouns_first, refused=refused).read()
    return _titled(text, understood, shop)


def _unknown(items: list[Item], shop: Shop) -> list[Item]:
    """The words without a meaning, unless they are sizes."""
    return [item for item in items if item.unknown and item.said.casefold() not in shop.sizes]


def _mostly_unknown(items: list[Item], shop: Shop, default: Language) -> bool:
    """Whether words have no meaning, and all others are words of the default language as well, or two or more have
    none, and at most half as many have one."""
    unknown = len(_unknown(items, shop))
    known = [item for item in items if any(entry.role != "value" for entry in item.entries)]
    own = any(not default.phrases.exactly(words_of(item.said)) for item in known)
    return (unknown > 0 and not own) or (unknown > 1 and unknown >= 2 * len(known))


def _fit(items: list[Item], shop: Shop) -> tuple[int, int]:
    """How well the language of items suits a text: few words that it does not know, unless they are sizes, then many
    meanings."""
    strange = (item for item in items if item.unknown or item.foreign)
    unknown = [item.said for item in strange if item.said.casefold() not in shop.sizes]
    return -sum(len(said) if is_cjk(said) else 1 for said in unknown), sum(bool(item.meanings) for item in items)


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
    # Words that are refused name no product: "unisex backpack not black" is no "Unisex Black Backpack".
    if not len(rows) and not (understood.unwanted or understood.relative or understood.constraints):
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
