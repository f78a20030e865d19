"""Phrases by their tokens, found by the longest match."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

LONGEST = 12
"""Tokens of the longest phrase that is looked for."""


class Entry(NamedTuple):
    """What a phrase stands for."""

    role: str
    """``concept``, ``value`` of a shop's column, or what it does in a sentence (``language.ROLES``)."""
    value: str
    family: str = ""
    column: str = ""
    refused: bool = False
    """Whether the phrase itself refuses: "logo-free"."""


class Phrases:
    """A trie over tokens. Looking for the longest phrase at a place takes ``LONGEST`` steps at most."""

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}

    def add(self, words: Sequence[str], entry: Entry) -> None:
        """Add a meaning of a phrase; phrases of more than ``LONGEST`` tokens are left out."""
        if not words or len(words) > LONGEST:
            return
        node = self._root
        for word in words:
            node = node.setdefault(word, {})
        entries = node.setdefault("", [])
        if entry not in entries:
            entries.append(entry)

    def longest(self, words: Sequence[str], start: int) -> tuple[int, list[Entry]]:
        """How many tokens the longest phrase at ``start`` has, 0 for none, and what it stands for."""
        node, best, found = self._root, 0, []
        for at in range(start, min(len(words), start + LONGEST)):
            following = node.get(words[at])
            if following is None:
                break
            node = following
            if "" in node:
                best, found = at + 1 - start, node[""]
        return best, found

    def exactly(self, words: Sequence[str]) -> list[Entry]:
        """What the whole phrase stands for."""
        length, found = self.longest(words, 0)
        return found if length == len(words) else []

    def first_words(self, roles: Collection[str]) -> list[str]:
        """The words in phrases of these roles, each once."""
        return list(dict.fromkeys(_words(self._root, roles, ())))


def _words(node: dict[str, Any], roles: Collection[str], path: tuple[str, ...]) -> Iterator[str]:
    for word, following in node.items():
        if not word:
            if any(entry.role in roles for entry in following):
                yield from path
        else:
            yield from _words(following, roles, (*path, word))
