"""Brands of ``brands.txt``: their names, and how other scripts write them."""

from __future__ import annotations

from functools import lru_cache

from understanding.words.concepts import FOLDER, lines_of
from understanding.words.text import words_of


@lru_cache(maxsize=1)
def brands() -> dict[str, tuple[str, ...]]:
    """How other scripts write brands, by their folded name without spaces."""
    written = {}
    for _, line in lines_of(FOLDER / "brands.txt"):
        name, _, listed = line.partition(":")
        written["".join(words_of(name))] = tuple(one.strip() for one in listed.split(","))
    return written


@lru_cache(maxsize=1)
def long_brands() -> dict[str, tuple[str, ...]]:
    """The tokens of each brand of ``brands.txt`` whose name has several words."""
    names = [line.partition(":")[0] for _, line in lines_of(FOLDER / "brands.txt")]
    return {name: words for name in names if len(words := words_of(name)) > 1}


@lru_cache(maxsize=1)
def brand_words() -> frozenset[str]:
    """The folded words of the brands of ``brands.txt``, which are no slips of other words: "Lauren" is no "laufen"."""
    return frozenset(
        word
        for _, line in lines_of(FOLDER / "brands.txt")
        for word in words_of(line.partition(":")[0])
        if len(word) > 3
    )
