"""Detects the language of a text by the words of the known languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from understanding.grounding.shop import Shop
from understanding.words.language import NAMING, Language
from understanding.words.text import is_cjk, tokens_of

CONTENT, GRAMMAR = 3.0, 2.0
"""Weights of a content word and of a function word."""
PHRASE = 1.5
"""Weight of each further word of a phrase, because phrases are rarely the same in two languages."""
SHORT = 3
"""Length of short words, which are ignored if another language has them, too: "or" is gold in French."""
STRANGE = 0.5
"""Factor of a word with letters that the language does not have: Portuguese "até" is hardly English "ate"."""
EXPECTED = 0.9
"""Minimum score of the language of a conversation for it to be that of a further turn, relative to the best one."""
MIN_GRAMMAR = 0.4
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


def likely_languages(
    text: str, languages: Mapping[str, Language], shop: Shop, expected: str | None = None
) -> list[Guess]:
    """The languages by their score, the highest first; none for a text without words.

    Args:
        text: In the form of ``text.normalised``.
        languages: The languages to consider.
        shop: The values and titles of the catalogue.
        expected: The code of the language that precedes others of nearly the same score.
    """
    tokens = tokens_of(text)
    words = [token.text for token in tokens]
    kinds = [token.kind for token in tokens]
    if "word" not in kinds:
        return []
    joining = {word for word in words if len(word) <= SHORT and _joins(word, languages)}
    letters = [frozenset(text[token.start : token.end].lower()) for token in tokens]
    guesses = [_guess(words, kinds, letters, language, shop, joining) for language in languages.values()]
    telling = any(len(word) > 1 or is_cjk(word) for word in words)  # "M" is in any language.
    best = max(guess.score for guess in guesses) if telling else 0.0
    return sorted(
        guesses,
        key=lambda guess: (guess.language.code != expected or guess.score < EXPECTED * best, -guess.score),
    )


def certain(guess: Guess, default: Language) -> bool:
    """Whether a guess is reliable: the text has content words, or enough function words.

    Short function words count only for the default language, or if every word of the text is known: "i" and "tak" are
    both Polish and Danish.
    """
    if guess.content:
        return True
    spoken = guess.language is default or guess.long > 0 or guess.covered == guess.words
    return spoken and guess.covered > 0 and guess.covered >= MIN_GRAMMAR * guess.words


def _joins(word: str, languages: Mapping[str, Language]) -> bool:
    """Whether a word is a function word of some language."""
    return any(
        entries and not any(entry.role in NAMING for entry in entries)
        for language in languages.values()
        if (entries := language.phrases.exactly((word,)))
    )


def _guess(
    words: list[str],
    kinds: Sequence[str],
    letters: Sequence[frozenset[str]],
    language: Language,
    shop: Shop,
    joining: set[str],
) -> Guess:
    at, score, content, covered, long, names = 0, 0.0, 0, 0, 0, 0
    while at < len(words):
        length, entries = language.phrases.longest(words, at)
        taken, _ = shop.phrases.longest(words, at)
        if not length and len(stem := language.stem(words[at])) > SHORT:
            length, entries = 1, language.phrases.exactly((stem,))
        if not length:
            names += kinds[at : at + taken].count("word")
            at += max(1, taken)
            continue
        count, written = sum(len(word) for word in words[at : at + length]), letters[at : at + length]
        named = any(entry.role in NAMING for entry in entries)
        if kinds[at] == "word":
            # Short words occur in many languages.
            worth = CONTENT if named and not (length == 1 and words[at] in joining) else GRAMMAR
            strange = any(not one.isascii() for one in frozenset().union(*written) - language.letters)
            score += worth * length * min(1.0, 0.25 + count / length / 4) * (STRANGE if strange else 1)
            score += PHRASE * (length - 1)
            content += length if named else 0
            covered += length
            long += length if length > 1 or count > SHORT else 0
        at += length
    return Guess(language, score, content, covered, long, kinds.count("word") - names)
