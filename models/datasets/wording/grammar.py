"""Patterns with alternatives: ``"[can|could] you make it {state}"`` stands for every way of reading it."""

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

    ``[a|b|]`` takes one of its branches by equal chance (an empty one too) and may be nested; ``{slot}`` is filled in
    when the pattern is said. Compiling is slow and saying is fast, so compile once.
    """

    __slots__ = ("parts",)

    def __init__(self, text: str) -> None:
        self.parts, rest = _parse(TOKEN.findall(text))
        if rest:
            raise ValueError(f"Unbalanced bracket in the pattern {text!r}.")

    def say(self, rng: random.Random, fill: Callable[[str], str] = str) -> str:
        """One reading; ``fill`` gives the text of a slot by its name. Spaces may be doubled: see ``tidy``."""
        said: list[str] = []
        for part in self.parts:
            if isinstance(part, tuple):
                said.append(part[int(rng.random() * len(part))].say(rng, fill))
            elif part.startswith("{"):
                said.append(fill(part[1:-1]))
            else:
                said.append(part)
        return "".join(said)


def _parse(tokens: list[str]) -> tuple[list[Part], list[str]]:
    """Consume ``tokens`` up to the end of the branch; return its parts and what is left of the tokens."""
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
    """The compiled pattern of ``text``; the texts in use are kept, since each comes up again."""
    return Pattern(text)


def given(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts that are not empty. Repeating one makes it more likely."""
    return tuple(text for text in texts if text)


def word_set(text: str) -> frozenset[str]:
    """The words of a long list of words, written without a quote around each."""
    return frozenset(text.split())


def literal(text: str) -> str:
    """``text`` with the signs of a pattern taken out, so that a value from a catalogue can stand in one."""
    return SIGNS.sub(" ", text).strip()


def one_of(texts: Iterable[str]) -> str:
    """A pattern that reads as any of ``texts``."""
    choices = list(texts)
    return choices[0] if len(choices) == 1 else f"[{'|'.join(choices)}]"


def tidy(text: str) -> str:
    """Mend the spaces that empty branches leave, and say "an" where "a" comes before a vowel."""
    text = re.sub(r"\s+", " ", text).strip(" ,;")
    text = re.sub(r" (?=[,.?!;])", "", text)
    return re.sub(r"\b([aA]) (?=(?!one|once|uni|eu)[aeiou])", r"\1n ", text)
