"""Detects the language of a text by the words of the known languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from understanding.grounding.shop import Shop
from understanding.words.language import Language
from understanding.words.text import tokens_of

NAMING = frozenset({"concept", "relative", "shades", "adjectives"})
"""Roles of content words."""
CONTENT, GRAMMAR = 3.0, 2.0
"""Weights of a content word and of a function word."""
PHRASE = 1.5
"""Weight of each further word of a phrase, because phrases are rarely the same in two languages."""
SHORT = 3
"""Length of short words, which are ignored if another language has them, too: "or" is gold in French."""
LEAST_GRAMMAR = 0.4
"""Minimum share of known words in a text without content words."""


class Guess(NamedTuple):
    """A language and its score."""

    language: Language
    score: float
    content: int
    """Number of content words."""
    covered: int
    """Number of known words."""
    long: int
    """Number of known words that have more than ``SHORT`` letters or are part of a phrase."""
    words: int
    """Number of words, without names of the shop, which are the same in every language."""


def best_language(text: str, languages: Mapping[str, Language], shop: Shop) -> Guess | None:
    """The language with the highest score, the first of equals; None for a text without words."""
    tokens = tokens_of(text)
    words = [token.text for token in tokens]
    kinds = [token.kind for token in tokens]
    if "word" not in kinds:
        return None
    joining = {word for word in words if len(word) <= SHORT and _joins(word, languages)}
    guesses = [_guess(words, kinds, language, shop, joining) for language in languages.values()]
    return max(guesses, key=lambda guess: guess.score)


def certain(guess: Guess, default: Language) -> bool:
    """Whether a guess is reliable: the text has content words, or enough function words.

    Short function words count only for the default language, or if every word of the text is known: "i" and "tak" are
    both Polish and Danish.
    """
    if guess.content:
        return True
    spoken = guess.language is default or guess.long > 0 or guess.covered == guess.words
    return spoken and guess.covered > 0 and guess.covered >= LEAST_GRAMMAR * guess.words


def _joins(word: str, languages: Mapping[str, Language]) -> bool:
    """Whether a word is a function word of some language."""
    return any(
        entries and not any(entry.role in NAMING for entry in entries)
        for language in languages.values()
        if (entries := language.phrases.exactly((word,)))
    )


def _guess(words: list[str], kinds: Sequence[str], language: Language, shop: Shop, joining: set[str]) -> Guess:
    at, score, content, covered, long, names = 0, 0.0, 0, 0, 0, 0
    while at < len(words):
        length, entries = language.phrases.longest(words, at)
        taken, _ = shop.phrases.longest(words, at)
        if not length:
            names += kinds[at : at + taken].count("word")
            at += max(1, taken)
            continue
        letters = sum(len(word) for word in words[at : at + length])
        named = any(entry.role in NAMING for entry in entries)
        if kinds[at] == "word":
            # Short words occur in many languages.
            worth = CONTENT if named and not (length == 1 and words[at] in joining) else GRAMMAR
            score += worth * length * min(1.0, 0.25 + letters / length / 4)
            score += PHRASE * (length - 1)
            content += length if named else 0
            covered += length
            long += length if length > 1 or letters > SHORT else 0
        at += length
    return Guess(language, score, content, covered, long, kinds.count("word") - names)
