"""The words that a bundle can tell of a picture, found under any of their spellings."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from models.bundle.text import normalise_text


class Vocabulary:
    """The attribute words of a bundle.

    Args:
        words: In the order of the vision graph's output.
        spellings: Other ways to write some of them. A spelling that is a word of its own stays that word, and one that
            two words share belongs to the word that comes first.
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

    def find(self, said: str) -> int | None:
        """The place of the word that ``said`` spells, in whatever case and with or without hyphens; None for none."""
        return self._places.get(_key(said))

    def nearest(self, said: str, count: int = 3) -> list[str]:
        """Known words that look like ``said``, the most alike first; fewer or none where nothing does."""
        alike = difflib.get_close_matches(_key(said), self._places, n=4 * count, cutoff=0.6)
        return list(dict.fromkeys(self.words[self._places[spelling]] for spelling in alike))[:count]


def _key(said: str) -> str:
    return " ".join(normalise_text(said).lower().replace("-", " ").replace("’", "'").split())
