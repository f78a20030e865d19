"""The values of one catalogue that texts can mention: columns, titles, brands, ids and numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from understanding.grounding.column import Column
from understanding.grounding.identifiers import Identifiers
from understanding.grounding.meanings import Meanings, values_in_columns
from understanding.grounding.spellings import as_titled, brand_names, size_key, sizes_like, spellings_of
from understanding.grounding.titles import Codes, Titles
from understanding.words.brands import long_brands
from understanding.words.concepts import (
    FAMILIES,
    Concept,
    condition_of,
    conditions,
    families_of_columns,
    former_prices,
)
from understanding.words.language import Language, languages
from understanding.words.phrases import Entry, Phrases
from understanding.words.spelling import Spelling
from understanding.words.text import folded, words_of

CURRENCY = " currency"
"""Ends the name of a column with the currencies of a column of prices."""
MAX_VALUES = 50_000
"""Maximum number of values of a column that texts can mention, by frequency."""
MAX_VALUE_WORDS = 6
"""Maximum number of tokens of such a value."""
ARTICLE_SHARE = 0.5
"""Minimum share of products with unique values in a column of article numbers."""
SAID = 0.6
"""Minimum share of a column's products with values of a family for the column to belong to it."""
SPOKEN = 0.7
"""Minimum number of concepts that a language finds in titles, relative to the best language."""
MAX_TITLE_WORDS = 50_000
NOTHING = frozenset({"", "na", "n/a", "none", "null", "nan", "-", "other", "others", "unknown"})
MEANINGLESS = frozenset({"brand", "size"})
"""Families whose values have no other meaning: the brand "Red Tape" is not red."""
TITLE_BRAND = "title"
"""Name of the column with the brands at the beginning of titles."""


class Shop:
    """The values of a catalogue of N products that texts can mention. Takes seconds to build for a million products.
    Thread-safe.

    Args:
        ids: N ids.
        titles: N titles; empty or null if missing.
        columns: The attributes by name: a dictionary array of strings, a list array of these, numbers or booleans.
        known: The possible languages of values; by default those of the package.
        others: Further ids, such as those of variants, and the row of each.
        currencies: Columns of prices, with their currency. That of a single price is in a column such as
            ``price currency``.
    """

    def __init__(
        self,
        ids: pa.Array,
        titles: pa.Array,
        columns: Mapping[str, pa.Array],
        known: Mapping[str, Language] | None = None,
        others: Mapping[str, int] | None = None,
        currencies: Mapping[str, str] | None = None,
    ) -> None:
        self.size = len(ids)
        self.languages = languages() if known is None else known
        self.titles = Titles(titles)
        self.columns: list[Column] = []
        self.numbers: dict[str, tuple[str, npt.NDArray[np.float64]]] = {}
        """Numbers by their family, ``price``, ``discount``, ``year`` or ``rating``: the column that has most of them,
        and values ``[N]``, NaN for none. Of several prices, such as a regular one and that of a sale, the lowest
        counts, all in one currency. A discount is in percent of the highest one, of which former prices are others."""
        self.currency = ""
        """The currency of the prices among ``numbers``: that of the most prices; empty if none is stated."""
        self._prices: list[tuple[str, npt.NDArray[np.float64], npt.NDArray[np.object_]]] = []
        self.number_at = lru_cache(maxsize=None)(self._number_at)
        self._meanings = Meanings(self.languages)
        self._identifiers = Identifiers(ids, others)
        self.find = self._identifiers.find
        self.sizes: dict[str, tuple[str, str]] = {}
        """Folded size -> the column and the value."""
        self.phrases = Phrases()
        self._columns, self._currencies = columns, currencies or {}
        self._former = former_prices(columns)
        self.families = families_of_columns(columns)
        """What the values of each column are, by its name."""
        for name, values in columns.items():
            self._add(name, values)
        self._add_prices()
        if not any(column.family == "brand" for column in self.columns):
            names, codes = self.titles.brands(self._says_attribute)
            rows = np.flatnonzero(codes >= 0)
            for code, row in zip(*np.unique(codes, return_index=True), strict=True):
                if code >= 0:
                    names[code] = as_titled(names[code], titles[int(row)].as_py())
            if names:
                meanings: list[tuple[Concept, ...]] = [()] * len(names)
                brands = codes[rows].astype(np.int32)
                self.columns.append(Column.of(TITLE_BRAND, "brand", names, meanings, rows, brands, self.size))
        for column in self.columns:
            self._name(column)
        for name, words in long_brands().items():
            if not self.phrases.exactly(words):
                self.phrases.add(words, Entry("unsold", name))

    @cached_property
    def spoken(self) -> list[Language]:
        """The languages of the titles, by the share of known words; always includes English."""
        words = sorted(self.titles.words, key=lambda word: -self.titled(word))[:1000]
        known = {
            code: sum(any(e.role == "concept" for e in language.phrases.exactly((word,))) for word in words)
            for code, language in self.languages.items()
        }
        most = max(known.values(), default=0)
        return [
            language for code, language in self.languages.items() if code == "en" or known[code] > SPOKEN * max(most, 1)
        ]

    def columns_of(self, family: str) -> list[Column]:
        """The columns of a family."""
        return [column for column in self.columns if column.family == family]

    def titled(self, word: str) -> int:
        """Number of occurrences of a folded word in titles."""
        return self.titles.count(word)

    def names(self, concept: Concept) -> bool:
        """Whether any product has a concept, in a column or in its title."""
        if any(concept in column.concepts[code] for column in self.columns for code in np.flatnonzero(column.counts)):
            return True
        spellings = (words for language in self.spoken for words in language.spellings.get(concept, ()))
        return any(len(self.titles.rows_with(words)) for words in spellings)

    def _number_at(self, family: str, share: float) -> float:
        """A quantile of the numbers of a family, for ``share`` from 0 to 1; 0 without numbers."""
        numbers = self.numbers[family][1]
        known = numbers[~np.isnan(numbers)]
        return float(np.quantile(known, share)) if len(known) else 0.0

    @cached_property
    def spelling(self) -> Spelling:
        """Corrects words to those of the shop's values."""
        return Spelling(self.phrases.first_words({"value"})[:MAX_TITLE_WORDS])

    @cached_property
    def title_spelling(self) -> Spelling:
        """Corrects words to those of at least three titles."""
        words = sorted((word for word in self.titles.words if self.titled(word) > 2), key=lambda w: -self.titled(w))
        return Spelling(words[:MAX_TITLE_WORDS])

    def meaning(self, value: str, family: str = "", column: str = "") -> tuple[Concept, ...]:
        """The concepts of a value of a column; see ``Meanings.of``. Of a detail, the name of the column counts, too."""
        found = self._meanings.of(value, family)
        if family == "detail" and column:
            named = self._meanings.exactly((*words_of(value), *words_of(column)))
            return tuple(one for one in named if one.family == family) or named or found
        return found

    def _says_attribute(self, word: str) -> bool:
        return bool(self._meanings.exactly((word,))) or word.isdigit()

    def _add(self, name: str, values: pa.Array) -> None:
        family = self.families[name]
        if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
            self._add_numbers(name, family, values)
        elif pa.types.is_list(values.type) or pa.types.is_dictionary(values.type):
            listed = pa.types.is_list(values.type)
            flat = values.flatten() if listed else values
            rows = np.arange(self.size)
            if listed:
                rows = np.repeat(rows, np.diff(values.offsets.to_numpy()))
            codes = flat.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
            words = [str(value) for value in flat.dictionary.to_pylist()]
            if family == "article" or (self.size > 100 and len(words) > ARTICLE_SHARE * self.size):
                if not listed or family == "article":  # Merged variants have several article numbers.
                    self._identifiers.add(flat, rows if listed else None)
                return
            known = np.array([folded(word) not in NOTHING for word in words] or [True], dtype=np.bool_)
            kept = (codes >= 0) & known[codes]
            rows, codes = rows[kept], codes[kept]
            meanings: list[tuple[Concept, ...]] = [()] * len(words)
            if family == "condition":
                meanings = [condition_of(words_of(word)) for word in words]
            elif family not in MEANINGLESS:
                family = family or self._family_of(words, codes)
                meanings = [self.meaning(word, family, name) for word in words]
            self.columns.append(Column.of(name, family, words, meanings, rows, codes, self.size, listed=listed))

    def _add_numbers(self, name: str, family: str, values: pa.Array) -> None:
        numbers = np.asarray(values.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
        if family == "price" or name in self._former:
            stated = self._columns.get(name + CURRENCY)
            currencies = np.full(self.size, self._currencies.get(name, ""), np.object_)
            if stated is not None:
                currencies = np.array(stated.cast(pa.string()).fill_null(""), np.object_)
            self._prices.append((name, np.where(numbers > 0, numbers, np.nan), currencies))
        elif family in ("year", "rating"):
            self.numbers.setdefault(family, (name, numbers))
        elif family == "article":
            self._identifiers.add(values)

    def _add_prices(self) -> None:
        """The lowest price of each product in the currency of the most prices; prices in others are not compared."""
        counts: Counter[str] = Counter()
        for name, prices, currencies in self._prices:
            if self.families[name] == "price":
                counts.update(currencies[np.isfinite(prices)])
        counts.pop("", None)
        self.currency = max(counts, key=counts.__getitem__, default="")
        own = {
            name: np.where((currencies == self.currency) | (currencies == ""), prices, np.nan)
            for name, prices, currencies in self._prices
        }
        paid = {name: prices for name, prices in own.items() if self.families[name] == "price"}
        if paid:
            most = max(paid, key=lambda name: np.isfinite(paid[name]).sum())
            lowest = np.fmin.reduce(list(paid.values()))
            self.numbers["price"] = most, lowest
            discount = 100 * (1 - lowest / np.fmax.reduce(list(own.values())))
            if np.any(discount > 0):
                reduced = max(paid, key=lambda name: np.sum((discount > 0) & (paid[name] == lowest)))
                self.numbers["discount"] = reduced, discount
        self._prices.clear()

    def _family_of(self, words: Sequence[str], codes: Codes) -> str:
        """The family that most products of a column have a value of."""
        counts, named = np.bincount(codes, minlength=len(words)), values_in_columns()
        meant = [(words_of(word), {one.family for one in self._meanings.wholly(word)}) for word in words]
        for family in FAMILIES.values():
            said = [family in families or (family, spelt) in named for spelt, families in meant]
            if len(codes) and counts[said].sum() >= SAID * len(codes):
                return family
        return "value"

    def _name(self, column: Column) -> None:
        """Add the values of a column as phrases, except those that are concepts of a language."""
        counts = column.counts
        known = {one for code in np.flatnonzero(counts) for one in column.concepts[code] if one.family == "condition"}
        for spelling, concept in conditions().items() if len(known) > 1 else ():
            if concept in known:
                self.phrases.add(spelling, Entry("concept", concept.name, concept.family))
        like: dict[str, tuple[str, str]] = {}
        for code in np.argsort(-counts, kind="stable")[:MAX_VALUES].tolist():
            value = column.values[code]
            words = words_of(value)
            if not counts[code] or not words or len(words) > MAX_VALUE_WORDS:
                continue
            if column.family == "size":
                self.sizes.setdefault(size_key(value), (column.name, value))
                others = sizes_like(value)
                like |= {size_key(other): (column.name, value) for other in others if size_key(other) not in like}
                for other in others[:1]:
                    self.phrases.add(words_of(other), Entry("value", value, column.family, column.name))
                if len(words) == 1 and (len(words[0]) < 2 or words[0].isdigit()):
                    continue
            exact = (
                words in conditions()
                if column.family == "condition"
                else any(
                    entry.role == "concept"
                    for language in (self.languages.values() if column.concepts[code] else ())
                    for entry in language.phrases.exactly(words)
                )
            )
            if not exact:
                for spelling in (*spellings_of(value), *(brand_names(words) if column.family == "brand" else ())):
                    self.phrases.add(spelling, Entry("value", value, column.family, column.name))
        self.sizes = like | self.sizes
