"""The words by which a catalogue describes its products: labels of the attribute head, and words for shoppers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from catalog import Product
from models.datasets.attributes.edit_rules import WORDS_WITHOUT_MEANING
from models.datasets.wording import UNSEEN, attribute_phrase, family_of, kinds_in, spellings, title_word

Shown = npt.NDArray[np.bool_]
Probabilities = npt.NDArray[np.float32]

STATED, EXCLUDED = np.float32(0.97), np.float32(0.03)
"""Probabilities of a word that the catalogue states, and of one that it excludes; catalogues have errors."""


def words_of(product: Product) -> frozenset[str]:
    """All words of a product's title and values, in one spelling each.

    A value is one word even if it is written as several ("casual shoe"). A value that is ambiguous alone includes its
    attribute ("long sleeve"). Of lists and paths, only categories have words: *Clothing > Hoodies* is a hoodie.
    """
    titled = map(_titled, product.title.lower().split())
    values = chain.from_iterable(_values_of(product).values())
    return frozenset({*values, *titled} - {""})


@lru_cache(maxsize=16_384)
def _titled(text: str) -> str:
    """A word of a title in one spelling; empty for numbers, signs and words without meaning."""
    plain = text.strip("-'&.,()")
    if plain.replace("-", "").replace("'", "").isalpha() and plain not in WORDS_WITHOUT_MEANING and len(plain) > 1:
        return title_word(plain)
    return ""


def common_words(products: Sequence[Product], minimum: int) -> list[str]:
    """The words of at least ``minimum`` products, the most frequent first (Sadeh et al. 2019)."""
    counts = Counter(word for product in products for word in words_of(product))
    return [word for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if count >= minimum]


def shown_words(products: Sequence[Product], words: Sequence[str]) -> Shown:
    """Which of ``words`` each product has: bool ``[len(products), len(words)]``."""
    column = {word: at for at, word in enumerate(words)}
    places = [[column[word] for word in words_of(product) if word in column] for product in products]
    shown = np.zeros((len(products), len(words)), dtype=np.bool_)
    rows = np.repeat(np.arange(len(places)), np.fromiter(map(len, places), np.intp, len(places)))
    shown[rows, list(chain.from_iterable(places))] = True
    return shown


class StatedWords(NamedTuple):
    """The words that a catalogue states of its products."""

    stated: Shown
    """bool ``[N, A]``: the words of each product's title and values."""
    excluded: Shown
    """bool ``[N, A]``: words excluded because the product has another value in their column. Words missing from a title
    are not excluded."""

    @property
    def used(self) -> npt.NDArray[np.bool_]:
        """bool ``[A]``: words that the catalogue states of any product."""
        return np.asarray((self.stated | self.excluded).any(axis=0))

    @property
    def exclusive(self) -> npt.NDArray[np.bool_]:
        """bool ``[A]``: words that are values of a column and so exclude each other."""
        return np.asarray(self.excluded.any(axis=0))


class Statements:
    """Finds the words that a catalogue states of its products. A product that has another value in the column of a word
    excludes that word, so all products are read first.

    Args:
        products: All products of the catalogue.
        words: The A words.
    """

    def __init__(self, products: Iterable[Product], words: Sequence[str]) -> None:
        self._words = words
        place = {word: at for at, word in enumerate(words)}
        columns: dict[str, set[int]] = {}
        for product in products:
            for name, values in _values_of(product).items():
                columns.setdefault(name, set()).update(place[word] for word in values if word in place)
        self._of_column = {name: sorted(places) for name, places in columns.items()}

    def of(self, products: Sequence[Product]) -> StatedWords:
        """The words of some of the products ``[len(products), A]``."""
        stated = shown_words(products, self._words)
        excluded = np.zeros_like(stated)
        columns = [_values_of(product).keys() for product in products]
        for name, places in self._of_column.items():
            has_value = np.fromiter((name in names for names in columns), np.bool_, len(columns))
            excluded[np.ix_(has_value, np.asarray(places, np.intp))] = True
        return StatedWords(stated, excluded & ~stated)


def _values_of(product: Product) -> dict[str, tuple[str, ...]]:
    """The words that are values of a product's columns, by column."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in product.attributes.items():
        family = family_of(name)
        if isinstance(value, list):
            if family == "type" and (kinds := kinds_in(value)):
                found[name] = kinds
        elif isinstance(value, str | bool) and family not in UNSEEN:
            found[name] = (attribute_phrase(name, value),)
    return found


def stated_words(products: Sequence[Product], words: Sequence[str]) -> StatedWords:
    """Which of ``words`` the catalogue states of each product, and which it excludes."""
    return Statements(products, words).of(products)


def corrected_probabilities(seen: Probabilities, stated: StatedWords) -> Probabilities:
    """Probabilities of words in pictures, float32 ``[N, A]``, replaced where the catalogue states or excludes a
    word."""
    return np.where(stated.stated, STATED, np.where(stated.excluded, EXCLUDED, seen)).astype(np.float32)


def spellings_of(words: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Other spellings of ``words``: "tees" for "t-shirt", "gray" for "grey", "ladies" for "women".

    Spellings that are words themselves, or belong to an earlier word, are left out.
    """
    taken = set(words)
    others: dict[str, tuple[str, ...]] = {}
    for word in words:
        new = tuple(spelling for spelling in spellings(word) if spelling not in taken)
        taken.update(new)
        if new:
            others[word] = new
    return others
