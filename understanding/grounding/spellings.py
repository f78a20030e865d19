"""How texts write the values and brands of a shop."""

from __future__ import annotations

from collections.abc import Sequence

from understanding.words.brands import brands
from understanding.words.text import normalised, tokens_of, words_of

MIN_JOINED = 5
"""Minimum length of a brand of several words that is also found as one word."""


def as_titled(name: str, title: str) -> str:
    """The name of a brand of titles with its ampersand: "reid & taylor"."""
    words = [token.text for token in tokens_of(normalised(title)) if token.kind != "mark" or token.text == "&"]
    kept = name.split()
    for end in range(len(kept) + 1, len(words) + 1):
        if [word for word in words[:end] if word != "&"] == kept:
            return " ".join(words[:end]).removesuffix(" &")
    return name


_ALSO_SPELT = {"and": "&", "color": "colour", "colors": "colours", "gray": "grey", "jewelry": "jewellery"}


def spellings_of(value: str) -> list[tuple[str, ...]]:
    """The tokens of a value, and of its common spellings: "H and M", "United Colours"."""
    marked = tuple(token.text for token in tokens_of(normalised(value)))
    back = {later: first for first, later in _ALSO_SPELT.items()}
    return list(
        dict.fromkeys(
            tuple(spelt.get(word, word) for word in words)
            for words in (words_of(value), marked)
            for spelt in ({}, _ALSO_SPELT, back)
        )
    )


def brand_names(words: Sequence[str]) -> list[tuple[str, ...]]:
    """The tokens of a brand in other scripts, and as one word: "ナイキ", "redtape"."""
    joined = "".join(words)
    names = [words_of(name) for name in brands().get(joined, ())]
    return [*names, (joined,)] if len(words) > 1 and len(joined) >= MIN_JOINED else names
