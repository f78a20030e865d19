"""How texts write the values and brands of a shop."""

from __future__ import annotations

from collections.abc import Sequence

from understanding.words.brands import brands
from understanding.words.text import normalised, tokens_of, words_of

MIN_JOINED = 5
"""Minimum length of a brand of several words that is also found as one word."""

SYSTEM = 2
"""Length of the code of a system of sizes, such as EU or cm."""


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


def size_key(said: str) -> str:
    """A size as one word, in the same form however it is written: "26,0 cm" and "26cm" are "26cm"."""
    return "".join(_number(word) for word in words_of(said))


def _number(word: str) -> str:
    whole, point, decimals = word.replace(",", ".").partition(".")
    if not (point and whole.isdigit() and decimals.isdigit()):
        return word
    return f"{whole}.{decimals}".rstrip("0").rstrip(".")


def sizes_like(value: str) -> list[str]:
    """Other ways to write a size with a system: "UK 7.5" and "7.5" for "7.5 UK"."""
    words = words_of(value)
    numbers = [word for word in words if word[0].isdigit()]
    if len(words) != 2 or len(numbers) != 1 or {len(word) for word in words if word not in numbers} != {SYSTEM}:
        return []
    return [" ".join(reversed(words)), numbers[0]]


def brand_names(words: Sequence[str]) -> list[tuple[str, ...]]:
    """The tokens of a brand in other scripts, and as one word: "ナイキ", "redtape"."""
    joined = "".join(words)
    names = [words_of(name) for name in brands().get(joined, ())]
    return [*names, (joined,)] if len(words) > 1 and len(joined) >= MIN_JOINED else names
