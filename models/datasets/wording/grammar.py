"""Patterns with alternatives, such as ``"[can|could] you make it {state}"``."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from functools import lru_cache

Part = str | tuple["Pattern", ...]

TOKEN = re.compile(r"[\[\]|]|\{\w+\}|[^\[\]|{}]+")
SIGNS = re.compile(r"[\[\]|{}\s]+")


class Pattern:
    """A compiled pattern.

    ``[a|b|]`` is one of its branches (one may be empty), drawn uniformly; branches may be nested. ``{slot}`` is filled
    in when the pattern is rendered. Compiling is slow and rendering is fast, so compile once.
    """

    __slots__ = ("parts",)

    def __init__(self, text: str) -> None:
        self.parts, rest = _parse(TOKEN.findall(text))
        if rest:
            raise ValueError(f"Unbalanced bracket in the pattern {text!r}.")

    def render(self, rng: random.Random, fill: Callable[[str], str] = str) -> str:
        """Render the pattern; ``fill`` returns the text of a slot by its name. The result may have double spaces
        (``tidy``)."""
        rendered: list[str] = []
        for part in self.parts:
            if isinstance(part, tuple):
                rendered.append(part[int(rng.random() * len(part))].render(rng, fill))
            elif part.startswith("{"):
                rendered.append(fill(part[1:-1]))
            else:
                rendered.append(part)
        return "".join(rendered)


def _parse(tokens: list[str]) -> tuple[list[Part], list[str]]:
    """Consume ``tokens`` up to the end of the branch; return its parts and the remaining tokens."""
    parts: list[Part] = []
    while tokens:
        token = tokens[0]
        if token in ("|", "]"):
            return parts, tokens
        tokens = tokens[1:]
        if token != "[":
            parts.append(token)
            continue
        branches: list[Pattern] = []
        while True:
            branch = Pattern.__new__(Pattern)
            branch.parts, tokens = _parse(tokens)
            branches.append(branch)
            if not tokens:
                raise ValueError("A bracket is never closed.")
            closing, tokens = tokens[0], tokens[1:]
            if closing == "]":
                break
        parts.append(tuple(branches))
    return parts, tokens


@lru_cache(maxsize=16384)
def pattern(text: str) -> Pattern:
    """The compiled pattern of ``text``, cached."""
    return Pattern(text)


def given(texts: Iterable[str]) -> tuple[str, ...]:
    """The non-empty texts. Repeated ones are drawn more often."""
    return tuple(text for text in texts if text)


def word_set(text: str) -> frozenset[str]:
    """Split a list of words written as one string."""
    return frozenset(text.split())


def literal(text: str) -> str:
    """``text`` without the special characters of patterns, for values from a catalogue."""
    return SIGNS.sub(" ", text).strip()


def one_of(texts: Iterable[str]) -> str:
    """A pattern with the alternatives ``texts``."""
    choices = list(texts)
    return choices[0] if len(choices) == 1 else f"[{'|'.join(choices)}]"


def tidy(text: str) -> str:
    """Remove double spaces of empty branches, and replace "a" by "an" before vowels."""
    text = re.sub(r"\s+", " ", text).strip(" ,;")
    text = re.sub(r" (?=[,.?!;])", "", text)
    return re.sub(r"\b([aA]) (?=(?!one|once|uni|eu)[aeiou])", r"\1n ", text)
