"""Spelling correction by the distance of optimal string alignment (Boytsov 2011, section 2.1)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby

from rapidfuzz import process
from rapidfuzz.distance import OSA

MAX_LETTERS = 24
"""Maximum length of a corrected word."""
KEPT = 4_096
"""Maximum number of cached corrections."""


class Spelling:
    """Corrects words to known ones. A lookup compares the word with known words of similar length.

    Args:
        known: Folded words, the most common first. The first of equally near words is used.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._by_length: dict[int, list[str]] = {}
        self.known = frozenset(word for word in known if 3 <= len(word) <= MAX_LETTERS and word.isalpha())
        for word in dict.fromkeys(word for word in known if word in self.known):
            self._by_length.setdefault(len(word), []).append(word)
        self._plain: dict[str, str] = {}
        for words in self._by_length.values():
            for word in words:
                self._plain.setdefault(_without_doubles(word), word)
        self.nearest = lru_cache(maxsize=KEPT)(self._nearest)

    def _nearest(self, word: str) -> tuple[str, int] | None:
        """The nearest known word and its distance; None if none is near enough."""
        most = _tolerance(word)
        if most == 0 or word in self.known:
            return None
        best: tuple[tuple[int, bool, bool, bool], str] | None = None
        for length in range(len(word) - most, len(word) + most + 1):
            for known, distance, _ in process.extract(
                word, self._by_length.get(length, ()), scorer=OSA.distance, score_cutoff=most, limit=8
            ):
                swapped = sorted(known) == sorted(word)
                if len(word) == 3 and not is_slip(word, known):
                    continue
                if known[0] != word[0] and not swapped and (distance > 1 or len(word) < 7 or len(known) == len(word)):
                    continue
                # Distances over a third of the shorter word indicate a different word.
                if 3 * distance > min(len(known), len(word)) and not swapped:
                    continue
                rank = (int(distance), not swapped, not _letters_left_out(word, known), known[-1] != word[-1])
                if best is None or rank < best[0]:
                    best = rank, known
        if best is None:
            # Doubled letters are the most common error.
            doubled = self._doubled(_without_doubles(word)) if len(word) > 3 else None
            return (doubled, 1) if doubled and doubled[0] == word[0] else None
        return best[1], best[0][0]

    def _doubled(self, plain: str) -> str | None:
        """The known word that is ``plain`` but for doubled letters, and at most one letter that is left out."""
        if plain in self._plain:
            return self._plain[plain]
        longer = [one for one in self._plain if len(one) == len(plain) + 1 and one[0] == plain[0]]
        return next((self._plain[one] for one in longer if _letters_left_out(plain, one)), None)


def is_slip(word: str, known: str) -> bool:
    """Whether a word is a known one with swapped letters, or with missing letters between the first and the last
    one."""
    left_out = _letters_left_out(word, known) and (word[0], word[-1]) == (known[0], known[-1])
    return left_out or sorted(word) == sorted(known)


def _letters_left_out(word: str, known: str) -> bool:
    letters = iter(known)
    return all(letter in letters for letter in word)


def _without_doubles(word: str) -> str:
    return "".join(letter for letter, _ in groupby(word))


def _tolerance(word: str) -> int:
    if not word.isalpha() or not 3 <= len(word) <= MAX_LETTERS:
        return 0
    return 1 if len(word) < 8 else 2
