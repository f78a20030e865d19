"""Which products of a shop satisfy a wish, as far as its columns and titles say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from understanding.grounding.shop import Column, Shop
from understanding.grounding.titles import Rows
from understanding.wishes import Bound, Wish
from understanding.words.concepts import ONE_OF, Concept, concepts
from understanding.words.text import words_of

Levels = npt.NDArray[np.float32]
"""How well each of N products satisfies a wish: 1 as asked, ``NEAR`` nearly, 0 not, NaN where nothing is said of it."""

NEAR = np.float32(0.6)
"""What comes close to a concept: maroon for crimson."""
NARROWER = np.float32(0.75)
"""What a narrower kind is worth in a column that has the wanted one, too: T-shirts beside tops."""
FURTHER = 0.9
"""What each further one of them is worth beside the one before."""
LEAST_NEAR = 0.4
"""Level from which on a wish is satisfied, if not wholly."""
ASIDE = 0.75
"""What a value of a column about something else is worth: of a second colour beside the first."""
KEPT, LEAST_KEPT, KEPT_BYTES = 64, 4, 64 * 2**20
"""Wishes whose levels a shop remembers, at most and at least, and the memory that these may take."""


class Grounding:
    """Looks wishes up in one shop. A look-up reads each column of the wish's family once; it is safe to use from
    several threads.

    Args:
        shop: The catalogue.
    """

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        kept = max(LEAST_KEPT, min(KEPT, KEPT_BYTES // (4 * max(1, shop.size))))
        self._kept_levels = lru_cache(maxsize=kept)(self._levels)
        self._kept_values = lru_cache(maxsize=KEPT)(self._values)
        self._said = lru_cache(maxsize=None)(self._titles_saying)

    def levels(self, wish: Wish) -> Levels:
        """How well each product satisfies one wish, ``[N]``, not to be written to. A column overrules words of the
        title."""
        return self._kept_levels(wish._replace(said=""))

    def values(self, wish: Wish) -> dict[str, list[str]]:
        """The values of each column that satisfy a wish as asked, or nearly where none does; a filter for one of these
        columns is what the wish means in this shop."""
        return self._kept_values(wish._replace(said=""))

    def by_worth(self, worth: Mapping[Concept, float], family: str) -> Levels:
        """What each product is worth by the concepts of its columns of a family, or of its title, ``[N]``: 0 for those
        that are not in ``worth``, NaN where nothing is said."""
        levels = self._silent()
        for column in self.shop.columns_of(family):
            each = np.array(
                [max((worth.get(one, 0.0) for one in meant), default=np.nan) for meant in column.concepts], np.float32
            )
            if len(each):
                np.fmax.at(levels, column.rows, each[column.codes])
        silent = np.isnan(levels)
        if silent.any():
            levels[silent & self._said(family)] = 0
            for concept, value in worth.items():
                rows = self._rows_titled(concept)
                rows = rows[silent[rows]]
                levels[rows] = np.fmax(levels[rows], np.float32(value))
        return levels

    def alike(self, row: int, family: str) -> Levels:
        """The share of the columns of a family in which products agree with the one in ``row``, ``[N]``; NaN for those
        without a value."""
        agreed, compared = np.zeros((2, self.shop.size), np.float32)
        for column in self.shop.columns_of(family):
            own = column.codes[column.rows == row]
            if len(own):
                same, some = np.zeros((2, self.shop.size), np.bool_)
                same[column.rows[np.isin(column.codes, own)]] = True
                some[column.rows] = True
                agreed += same
                compared += some
        return np.divide(agreed, compared, out=self._silent(), where=compared > 0)

    def concepts_of(self, row: int, family: str) -> list[str]:
        """Names of the concepts of a family that the columns, or else the title, say of the product in ``row``."""
        found: dict[str, None] = {}
        for column in self.shop.columns_of(family):
            for code in column.codes[column.rows == row].tolist():
                found |= dict.fromkeys(one.name for one in column.concepts[code] if one.family == family)
        return list(found) or self._titled(row, family)

    def _titled(self, row: int, family: str) -> list[str]:
        """Names of the concepts of a family that a product's title says beside its brand."""
        words = self.shop.titles.words_of(row)
        branded = {
            word
            for column in self.shop.columns_of("brand")
            for code in column.codes[column.rows == row].tolist()
            for word in words_of(column.values[code])
        }
        found: dict[str, None] = {}
        at = 0
        while at < len(words):
            length, entries = max(
                (language.phrases.longest(words, at) for language in self.shop.spoken), key=lambda match: match[0]
            )
            if words[at] not in branded:
                found |= dict.fromkeys(one.value for one in entries if (one.role, one.family) == ("concept", family))
            at += max(1, length)
        return list(found)

    def _values(self, wish: Wish) -> dict[str, list[str]]:
        if wish.column:
            known = any(column.name == wish.column for column in self.shop.columns)
            return {wish.column: [wish.word]} if known else {}
        found: dict[str, list[str]] = {}
        for least in (1.0, LEAST_NEAR):
            for column in self.shop.columns:
                counts = np.bincount(column.codes, minlength=len(column.values))
                worth = self._worth(column, wish)
                listed = [column.values[code] for code in np.flatnonzero((worth >= least) & (counts > 0)).tolist()]
                if listed:
                    found[column.name] = listed
            if found:
                break
        return found

    def within(self, bound: Bound) -> Levels:
        """Which products a bound allows, ``[N]``: 1 or 0, NaN for those without a number."""
        if bound.family not in self.shop.numbers:
            return self._silent()
        _, numbers = self.shop.numbers[bound.family]
        low = -np.inf if bound.min is None else bound.min
        high = np.inf if bound.max is None else bound.max
        levels = ((numbers >= low) & (numbers <= high)).astype(np.float32)
        levels[np.isnan(numbers)] = np.nan
        return levels

    def together(self, wishes: Iterable[Wish]) -> Levels:
        """How well each product satisfies wishes of one family: one of them where a product has one value
        (``ONE_OF``), else all of them. ``[N]``."""
        total: Levels | None = None
        for wish in wishes:
            levels = self.levels(wish)
            if total is None:
                total = levels
            elif wish.family in ONE_OF:
                total = np.fmax(total, levels)
            else:
                total = np.fmin(total, levels)
        return self._silent() if total is None else total

    def _levels(self, wish: Wish) -> Levels:
        if wish.family == "title":
            levels = self._silent()
            levels[self.shop.titles.rows_with([wish.word])] = 1
            return levels
        levels = self._silent()
        for column in self.shop.columns:
            worth = self._worth(column, wish)
            if np.nanmax(worth, initial=0) > 0 or (worth == 0).any():
                np.fmax.at(levels, column.rows, worth[column.codes])
        if not wish.column:
            self._by_titles(levels, Concept(wish.family, wish.word))
        levels.flags.writeable = False
        return levels

    def _worth(self, column: Column, wish: Wish) -> Levels:
        """What each value of a column is worth to a wish, ``[V]``; NaN for what it says nothing of."""
        if wish.column:
            if wish.column != column.name:
                return np.full(len(column.values), np.nan, np.float32)
            wanted = wish.word.casefold()
            return np.array([value.casefold() == wanted for value in column.values], dtype=np.float32)
        own = column.family == wish.family
        return _worth_of(column.concepts, Concept(wish.family, wish.word), own) * np.float32(1 if own else ASIDE)

    def _by_titles(self, levels: Levels, concept: Concept) -> None:
        """Fill in what titles say of the products of which no column does."""
        silent = np.isnan(levels)
        if not silent.any():
            return
        if concept.family in ONE_OF:
            other = self._said(concept.family) & silent
            levels[other] = 0
        known = concepts()
        parts = [
            (np.float32(NEAR * FURTHER**place), [near, *known.narrower(near)])
            for place, near in enumerate(known.near.get(concept, ()))
        ]
        for worth, ones in (*parts, (np.float32(1), [concept, *known.narrower(concept)])):
            for one in ones:
                rows = self._rows_titled(one)
                rows = rows[silent[rows]]
                levels[rows] = np.fmax(levels[rows], worth)

    def _titles_saying(self, family: str) -> npt.NDArray[np.bool_]:
        """Whether each product's title says any concept of a family, ``[N]``."""
        said = np.zeros(self.shop.size, dtype=np.bool_)
        for concept in concepts().names:
            if concept.family == family:
                said[self._rows_titled(concept)] = True
        return said

    def _rows_titled(self, concept: Concept) -> Rows:
        """The products whose titles say a concept: not as a part of a longer name of another one, nor of a brand."""
        found = [np.zeros(0, np.int64)]
        for language in self.shop.spoken:
            for words in language.spellings.get(concept, ()):
                rows = self.shop.titles.rows_with(words)
                if len(rows):
                    longer = [self.shop.titles.rows_with(other) for other in language.longer(concept, words)]
                    rows = np.setdiff1d(rows, np.concatenate([*longer, self._branded(words)]))
                    found.append(rows)
        return np.unique(np.concatenate(found))

    def _branded(self, words: Sequence[str]) -> Rows:
        """The products whose brand has one of the words."""
        rows = [np.zeros(0, np.int64)]
        for column in self.shop.columns_of("brand"):
            with_word = [code for code, value in enumerate(column.values) if set(words) & set(value.casefold().split())]
            if with_word:
                rows.append(column.rows[np.isin(column.codes, with_word)])
        return np.concatenate(rows)

    def _silent(self) -> Levels:
        return np.full(self.shop.size, np.nan, dtype=np.float32)


def _worth_of(values: Sequence[tuple[Concept, ...]], wanted: Concept, own: bool) -> Levels:
    """What values with these concepts are worth; only a column of the concept's own family says that it is not."""
    known = concepts()
    exact = {wanted, *known.narrower(wanted)}
    near = {
        two: NEAR * FURTHER**place
        for place, one in reversed(list(enumerate(known.near.get(wanted, ()))))
        for two in (one, *known.narrower(one))
    }
    wider = set()
    above = known.wider.get(wanted)
    while above is not None:
        wider.add(above)
        above = known.wider.get(above)
    worth = np.full(len(values), 0 if own else np.nan, dtype=np.float32)
    said = any(wanted in meanings for meanings in values)
    for code, meanings in enumerate(values):
        if wanted in meanings:
            worth[code] = 1
        elif exact & set(meanings):
            worth[code] = NARROWER if said else 1
        elif near.keys() & set(meanings):
            worth[code] = max(near[meaning] for meaning in meanings if meaning in near)
        elif wider & set(meanings):
            worth[code] = np.nan  # "Shoes" may be of any kind.
    return worth
