"""The attribute words of a bundle, looked up by any of their spellings."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from models.bundle.text import normalise_text


class Vocabulary:
    """The attribute words of a bundle.

    Args:
        words: In the order of the vision graph's output.
        spellings: Other spellings of some words. A spelling that is itself a word means that word; one shared by two
            words means the first.
    """

    def __init__(self, words: Sequence[str], spellings: Mapping[str, Sequence[str]]) -> None:
        self.words = tuple(words)
        self._places: dict[str, int] = {}
        for place, word in enumerate(self.words):
            self._places.setdefault(_key(word), place)
        for place, word in enumerate(self.words):
            for spelling in spellings.get(word, ()):
                self._places.setdefault(_key(spelling), place)

    def __len__(self) -> int:
        return len(self.words)

    def find(self, text: str) -> int | None:
        """The place of the word that ``text`` spells, regardless of case and hyphens; None if there is none."""
        return self._places.get(_key(text))

    def nearest(self, text: str, count: int = 3) -> list[str]:
        """At most ``count`` words with a spelling similar to ``text``, the most similar first."""
        alike = difflib.get_close_matches(_key(text), self._places, n=4 * count, cutoff=0.6)
        return list(dict.fromkeys(self.words[self._places[spelling]] for spelling in alike))[:count]


def _key(text: str) -> str:
    return " ".join(normalise_text(text).lower().replace("-", " ").replace("’", "'").split())
