"""Phrases by their tokens, with longest-match lookup."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

MAX_TOKENS = 12
"""Maximum number of tokens of a phrase."""


class Entry(NamedTuple):
    """A meaning of a phrase."""

    role: str
    """``concept``, ``value`` of a shop's column, ``unsold`` for a known brand that a shop does not sell, or its
    grammatical role (``language.ROLES``)."""
    value: str
    family: str = ""
    column: str = ""
    refused: bool = False
    """Whether the phrase itself is a refusal: "logo-free"."""


class Phrases:
    """A trie over tokens. A lookup of the longest phrase takes ``MAX_TOKENS`` steps at most."""

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}

    def add(self, words: Sequence[str], entry: Entry) -> None:
        """Add a meaning of a phrase. Phrases of more than ``MAX_TOKENS`` tokens are ignored."""
        if not words or len(words) > MAX_TOKENS:
            return
        node = self._root
        for word in words:
            node = node.setdefault(word, {})
        entries = node.setdefault("", [])
        if entry not in entries:
            entries.append(entry)

    def longest(self, words: Sequence[str], start: int) -> tuple[int, list[Entry]]:
        """Number of tokens of the longest phrase at ``start``, 0 for none, and its meanings."""
        node, best, found = self._root, 0, []
        for at in range(start, min(len(words), start + MAX_TOKENS)):
            following = node.get(words[at])
            if following is None:
                break
            node = following
            if "" in node:
                best, found = at + 1 - start, node[""]
        return best, found

    def exactly(self, words: Sequence[str]) -> list[Entry]:
        """The meanings of a whole phrase."""
        length, found = self.longest(words, 0)
        return found if length == len(words) else []

    def beginnings(self) -> Collection[str]:
        """The words with which phrases begin."""
        return self._root.keys()

    def first_words(self, roles: Collection[str]) -> list[str]:
        """The distinct words in phrases of these roles."""
        return list(dict.fromkeys(_words(self._root, roles, ())))


def _words(node: dict[str, Any], roles: Collection[str], path: tuple[str, ...]) -> Iterator[str]:
    for word, following in node.items():
        if not word:
            if any(entry.role in roles for entry in following):
                yield from path
        else:
            yield from _words(following, roles, (*path, word))
