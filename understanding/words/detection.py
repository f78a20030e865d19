"""Which language a text is in, by the words of the languages that are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from understanding.grounding.shop import Shop
from understanding.words.language import Language
from understanding.words.text import tokens_of

NAMING = frozenset({"concept", "relative", "shades", "adjectives"})
"""Roles of words that name something."""
CONTENT, GRAMMAR = 3.0, 2.0
"""What a word counts that names something, and one that only holds a sentence together."""
PHRASE = 1.5
"""What each further word of a phrase counts beside that: phrases are rarely the same in two languages."""
SHORT = 3
"""Letters of words that say little of the language where another one has them, too: "or" is gold in French."""
LEAST_GRAMMAR = 0.4
"""Share of a text's words that a language must know where none of them names anything."""


class Guess(NamedTuple):
    """A language and how much speaks for it."""

    language: Language
    score: float
    content: int
    """Words that name something."""
    covered: int
    """Words that are known at all."""
    words: int


def best_language(text: str, languages: Mapping[str, Language], shop: Shop) -> Guess | None:
    """The language that knows most of a text's words, the first of equals; None for a text without words."""
    tokens = tokens_of(text)
    words = [token.text for token in tokens]
    kinds = [token.kind for token in tokens]
    if "word" not in kinds:
        return None
    joining = {word for word in words if len(word) <= SHORT and _joins(word, languages)}
    guesses = [_guess(words, kinds, language, shop, joining) for language in languages.values()]
    return max(guesses, key=lambda guess: guess.score)


def certain(guess: Guess) -> bool:
    """Whether a guess is good enough to read the text by."""
    return guess.content > 0 or (guess.covered >= LEAST_GRAMMAR * guess.words and guess.covered > 0)


def _joins(word: str, languages: Mapping[str, Language]) -> bool:
    """Whether a word holds sentences together in some language."""
    return any(
        entries and not any(entry.role in NAMING for entry in entries)
        for language in languages.values()
        if (entries := language.phrases.exactly((word,)))
    )


def _guess(words: list[str], kinds: Sequence[str], language: Language, shop: Shop, joining: set[str]) -> Guess:
    at, score, content, covered = 0, 0.0, 0, 0
    while at < len(words):
        length, entries = language.phrases.longest(words, at)
        taken, _ = shop.phrases.longest(words, at)
        if not length:
            at += max(1, taken)
            continue
        letters = sum(len(word) for word in words[at : at + length])
        named = any(entry.role in NAMING for entry in entries)
        if kinds[at] == "word":
            # Short words are in many languages.
            worth = CONTENT if named and not (length == 1 and words[at] in joining) else GRAMMAR
            score += worth * length * min(1.0, 0.25 + letters / length / 4)
            score += PHRASE * (length - 1)
            content += length if named else 0
            covered += length
        at += length
    return Guess(language, score, content, covered, kinds.count("word"))
