"""How well products satisfy a wish, by the columns and titles of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

import numpy as np

from understanding.grounding.column import Column, Levels
from understanding.grounding.shop import Shop
from understanding.grounding.title_levels import TitleLevels
from understanding.grounding.titles import Rows
from understanding.grounding.value_levels import (
    ASIDE,
    NEAR,
    known_broad,
    near_concepts,
    settled,
    values_named,
    worth_of,
)
from understanding.wishes import Bound, Wish
from understanding.words.concepts import ONE_OF, Concept, concepts
from understanding.words.text import words_of

__all__ = ["Grounding", "Levels"]

MIN_NEAR = 0.4
"""Minimum level of a satisfied wish."""
OTHER_WEARER = np.float32(0.5)
"""Factor of products similar to a kind that the shop lacks, for other people than those who usually wear it."""
KEPT = 256
"""Number of wishes with cached levels of column values."""


class Grounding:
    """Looks up wishes in one shop, for all products or for some of them. Thread-safe.

    Args:
        shop: The catalogue.
    """

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._titles = TitleLevels(shop)
        self._kept_worths = lru_cache(maxsize=KEPT)(self._worths)
        self._kept_values = lru_cache(maxsize=KEPT)(self._values)
        self.lacks = lru_cache(maxsize=KEPT)(self._lacks)
        self.highest = lru_cache(maxsize=KEPT)(self._highest)

    def levels(self, wish: Wish, rows: Rows | None = None) -> Levels:
        """How well products satisfy one wish, ``[N]`` or ``[len(rows)]``. Columns take precedence over titles."""
        if wish.family == "title":
            return self._titles.levels(((wish.word, 1.0),), "", rows)
        levels = self._silent(rows)
        for column, worth in self._kept_worths(wish._replace(said="")):
            np.fmax(levels, column.best(worth, rows), out=levels)
        settled(levels)
        if not wish.column:
            concept = Concept(wish.family, wish.word)
            worths = near_concepts(concept) | dict.fromkeys((concept, *concepts().narrower(concept)), 1.0)
            said = concept.family if concept.family in ONE_OF else ""
            self._fill_silent(levels, tuple(worths.items()), said, rows)
            wearer = concepts().wearers.get(concept)
            if wearer is not None and self.lacks(wish._replace(said="")):
                levels[self.levels(Wish(*wearer, ""), rows) == 0] *= OTHER_WEARER
        return levels

    def _lacks(self, wish: Wish) -> bool:
        """Whether no product has the concept of a wish, so that only similar products satisfy it."""
        known = concepts()
        concept = Concept(wish.family, wish.word)
        named = not wish.column and concept in known.names
        return named and not any(map(self.shop.names, (concept, *known.narrower(concept))))

    def _raise_titled(self, levels: Levels, wish: Wish, rows: Rows | None) -> None:
        """Raise the levels of products whose titles have a kind and whose columns another one of the same broad kind:
        sandals that a catalogue lists as flats or heels."""
        concept = Concept(wish.family, wish.word)
        broad = None if wish.column else known_broad(concept)
        if broad is None:
            return
        named = dict.fromkeys((concept, *concepts().narrower(concept)), 1.0)
        titled = self._titles.levels(tuple(named.items()), "", rows) == 1
        places = np.flatnonzero(titled & (levels < NEAR))
        if len(places):
            alike = self.levels(Wish(*broad, ""), places if rows is None else rows[places]) >= NEAR
            levels[places[alike]] = NEAR

    def values(self, wish: Wish) -> dict[str, list[str]]:
        """The values of each column that satisfy a wish fully, or nearly if none does. They can be used as a filter."""
        return self._kept_values(wish._replace(said=""))

    def by_worth(self, worth: Mapping[Concept, float], family: str, rows: Rows | None = None) -> Levels:
        """Levels of products by the concepts in their columns of a family, or in their titles, ``[N]`` or
        ``[len(rows)]``: 0 for concepts that are not in ``worth``, NaN without a concept."""
        levels = self._silent(rows)
        for column in self.shop.columns_of(family):
            each = [max((worth.get(one, 0.0) for one in meant), default=np.nan) for meant in column.concepts]
            np.fmax(levels, column.best(np.array(each, np.float32), rows), out=levels)
        self._fill_silent(levels, tuple(worth.items()), family, rows)
        return levels

    def _highest(self, worth: tuple[tuple[Concept, float], ...], family: str) -> float:
        """The highest of ``by_worth`` of all products, at least 0."""
        return float(np.nanmax(self.by_worth(dict(worth), family), initial=0))

    def alike(self, row: int, family: str, rows: Rows | None = None) -> Levels:
        """The share of the columns of a family in which products agree with the product in ``row``, ``[N]`` or
        ``[len(rows)]``; NaN for products without a value."""
        agreed, compared = np.zeros((2, len(self._silent(rows))), np.float32)
        for column in self._distinguishing(family):
            own = column.like(row)
            if len(own):
                same = np.zeros(len(column.values), np.float32)
                same[own] = 1
                levels = column.best(same, rows)
                said = ~np.isnan(levels)
                compared += said
                agreed[said] += levels[said]
        return np.divide(agreed, compared, out=self._silent(rows), where=compared > 0)

    def own_values(self, row: int, family: str) -> tuple[tuple[int, ...], ...]:
        """The values of a product in each column of a family, which ``alike`` compares; empty without any."""
        own = tuple(tuple(column.like(row).tolist()) for column in self._distinguishing(family))
        return own if any(own) else ()

    def _distinguishing(self, family: str) -> list[Column]:
        """The columns of a family without those that have one value, if there are others: products do not agree in a
        category that all products of a shop have."""
        columns = self.shop.columns_of(family)
        return [column for column in columns if np.count_nonzero(column.counts) > 1] or columns

    def concepts_of(self, row: int, family: str) -> list[str]:
        """Names of the concepts of a family in the columns, or else in the title, of the product in ``row``."""
        for columns in (self._distinguishing(family), self.shop.columns):  # A category may tell for whom a product is.
            found = dict.fromkeys(one.name for column in columns for one in column.meant(row, family))
            if found:
                return list(found)
        return self._titled(row, family)

    def _titled(self, row: int, family: str) -> list[str]:
        """Names of the concepts of a family in a product's title, without its brand."""
        words = self.shop.titles.words_of(row)
        branded = {
            word
            for column in self.shop.columns_of("brand")
            for code in column.codes_of(row).tolist()
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
            named = [column for column in self.shop.columns if column.name == wish.column]
            return {
                column.name: [
                    value for value, same in zip(column.values, values_named(column, wish.word), strict=True) if same
                ]
                for column in named
            }
        found: dict[str, list[str]] = {}
        for least in (1.0, MIN_NEAR):
            for column in self.shop.columns:
                worth = self._worth(column, wish)
                found_codes = np.flatnonzero((worth >= least) & (column.counts > 0))
                listed = [column.values[code] for code in found_codes.tolist()]
                if listed:
                    found[column.name] = listed
            if found:
                break
        return found

    def within(self, bound: Bound, rows: Rows | None = None) -> Levels:
        """Which products are within a bound, ``[N]`` or ``[len(rows)]``: 1 or 0, NaN without a number."""
        if bound.family not in self.shop.numbers:
            return self._silent(rows)
        _, numbers = self.shop.numbers[bound.family]
        if rows is not None:
            numbers = numbers[rows]
        low = -np.inf if bound.min is None else bound.min
        high = np.inf if bound.max is None else bound.max
        levels = ((numbers >= low) & (numbers <= high)).astype(np.float32)
        levels[np.isnan(numbers)] = np.nan
        return levels

    def together(self, wishes: Iterable[Wish], rows: Rows | None = None) -> Levels:
        """How well products satisfy wishes of one family: one of them if a product has only one value (``ONE_OF``),
        else all of them. ``[N]`` or ``[len(rows)]``."""
        total: Levels | None = None
        for wish in wishes:
            levels = self.levels(wish, rows)
            self._raise_titled(levels, wish, rows)
            if total is None:
                total = levels
            elif wish.family in ONE_OF:
                total = np.fmax(total, levels)
            else:
                total = np.fmin(total, levels)
        return self._silent(rows) if total is None else total

    def _worths(self, wish: Wish) -> list[tuple[Column, Levels]]:
        """The columns that are relevant to a wish, and the level of each of their values."""
        worths = [(column, self._worth(column, wish)) for column in self.shop.columns]
        return [(column, worth) for column, worth in worths if not np.isnan(worth).all()]

    def _worth(self, column: Column, wish: Wish) -> Levels:
        """The level of each value of a column for a wish, ``[V]``; NaN for irrelevant values."""
        if wish.column:
            if wish.column != column.name:
                return np.full(len(column.values), np.nan, np.float32)
            return np.array(values_named(column, wish.word), dtype=np.float32)
        own = column.family == wish.family
        aside = not own and self.shop.columns_of(wish.family)
        worth = worth_of(column.concepts, Concept(wish.family, wish.word), own) * np.float32(ASIDE if aside else 1)
        if own and column.listed:  # A category such as *Sale* says nothing about the kind.
            stated = [any(one.family == wish.family for one in meant) for meant in column.concepts]
            worth[~np.array(stated, np.bool_)] = np.nan
        return worth

    def _fill_silent(
        self, levels: Levels, worths: tuple[tuple[Concept, float], ...], said: str, rows: Rows | None
    ) -> None:
        """Fill in levels by titles for products without a value in any column; see ``TitleLevels.levels``."""
        silent = np.flatnonzero(np.isnan(levels))
        if len(silent):
            levels[silent] = self._titles.levels(worths, said, silent if rows is None else rows[silent])

    def _silent(self, rows: Rows | None = None) -> Levels:
        return np.full(self.shop.size if rows is None else len(rows), np.nan, dtype=np.float32)
