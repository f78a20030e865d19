"""How well products satisfy a wish by their titles."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from understanding.grounding.column import Levels
from understanding.grounding.shop import Shop
from understanding.grounding.titles import Rows
from understanding.words.concepts import Concept, concepts

KEPT_TITLES, MIN_TITLES, TITLE_BYTES = 64, 4, 64 * 2**20
"""Maximum and minimum number of wishes with cached levels of titles, and the memory of these."""


class Titled(NamedTuple):
    """The levels of a wish by the titles of N products."""

    places: npt.NDArray[np.uint8]
    """``[N]``: the index of a product's level in ``levels``."""
    levels: Levels


class TitleLevels:
    """Looks up concepts and words in the titles of one shop. Thread-safe.

    Args:
        shop: The catalogue.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        kept = max(MIN_TITLES, min(KEPT_TITLES, TITLE_BYTES // max(1, shop.size)))
        self._kept = lru_cache(maxsize=kept)(self._levels)
        self._said = lru_cache(maxsize=None)(self._titles_saying)

    def levels(self, worths: tuple[tuple[Concept | str, float], ...], said: str, rows: Rows | None = None) -> Levels:
        """The highest level of the concepts or words in titles, ``[N]`` or ``[len(rows)]``; 0 for titles with another
        concept of the family ``said``, NaN for others."""
        titled = self._kept(worths, said)
        return titled.levels[titled.places if rows is None else titled.places[rows]]

    def _levels(self, worths: tuple[tuple[Concept | str, float], ...], said: str) -> Titled:
        levels = [np.nan, 0.0]
        places = np.zeros(self._shop.size, dtype=np.uint8)
        if said:
            places[self._said(said)] = 1
            for wider in self._wider(worths):
                places[self._rows_titled(wider)] = 0
        for one, worth in sorted(worths, key=lambda pair: pair[1]):
            if worth != levels[-1]:
                levels.append(worth)
            rows = self._shop.titles.rows_with([one]) if isinstance(one, str) else self._rows_titled(one)
            places[rows] = len(levels) - 1
        return Titled(places, np.array(levels, dtype=np.float32))

    @staticmethod
    def _wider(worths: tuple[tuple[Concept | str, float], ...]) -> set[Concept]:
        """The kinds that those with the highest level are, but for a material: a "jacket" may be a leather jacket, so
        that a title with it does not exclude that. But a "top" is no shirt."""
        known = concepts()
        made = [one for one, worth in worths if worth == 1 and isinstance(one, Concept) and one in known.wider]
        return {known.wider[one] for one in made if Concept("material", one.name.partition(" ")[0]) in known.names}

    def _titles_saying(self, family: str) -> npt.NDArray[np.bool_]:
        """Whether each product's title has any concept of a family, ``[N]``."""
        said = np.zeros(self._shop.size, dtype=np.bool_)
        for concept in concepts().names:
            if concept.family == family:
                said[self._rows_titled(concept)] = True
        return said

    def _rows_titled(self, concept: Concept) -> Rows:
        """The products whose titles have a concept, not as a part of a longer name of another concept or of a brand."""
        found = [np.zeros(0, np.int64)]
        for language in self._shop.spoken:
            for words in language.spellings.get(concept, ()):
                rows = self._shop.titles.rows_with(words)
                if len(rows):
                    longer = [self._shop.titles.rows_with(other) for other in language.longer(concept, words)]
                    rows = np.setdiff1d(rows, np.concatenate([*longer, self._branded(words)]))
                    found.append(rows)
        return np.unique(np.concatenate(found))

    def _branded(self, words: Sequence[str]) -> Rows:
        """The products whose brand contains one of the words."""
        rows = [np.zeros(0, np.int64)]
        for column in self._shop.columns_of("brand"):
            with_word = [code for code, value in enumerate(column.values) if set(words) & set(value.casefold().split())]
            if with_word:
                rows.append(column.rows_with(with_word))
        return np.concatenate(rows)
