"""Queries of the style search: a product as the reference, and wanted and unwanted words of its catalogue.

The paper draws pictures with attributes to add, remove and replace, without stating how they are chosen. Here, a query
is drawn from two products of one type that differ in a column: the other product's value is wanted and the reference's
is unwanted. Every query can therefore be satisfied by a product of the reference's type.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from catalog import Product
from models.datasets.attributes.default_rules import type_column
from models.datasets.attributes.words import shown_words
from models.datasets.products import split_by_title_group
from models.datasets.wording import UNSEEN, attribute_phrase, family_of

Gains = npt.NDArray[np.float64]
Half = Literal["chosen on", "measured"]
"""Halves of the held-out products: one for choosing weights, and one for measuring."""

MIN_PRODUCTS = 10
"""Minimum number of products of the gallery that have a word of a query."""
KINDS = ("add", "remove", "replace", "replace two")


@dataclass(frozen=True, slots=True)
class StyleQuery:
    """One query.

    Attributes:
        reference: Row of the gallery, which is removed from it.
        wanted, unwanted: Words as returned by ``attribute_phrase``; not both empty.
        asked: The columns of the words.
        edit: One of ``KINDS``.
    """

    reference: int
    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]
    asked: frozenset[str]
    edit: str


def half_of(held: Sequence[Product], half: Half) -> list[int]:
    """The rows of one half of held-out products, in order. The split is deterministic.

    All products of one title group or photograph are in the same half (``split_by_title_group``). With too few products
    the result is empty.
    """
    if len(held) < 4 * MIN_PRODUCTS:  # A query needs two words, each with enough products in either half.
        return []
    chosen_on, _ = split_by_title_group(held, validation_share=0.5, seed=0)
    ids = {product.id for product in chosen_on}
    return [row for row, product in enumerate(held) if (product.id in ids) == (half == "chosen on")]


class StyleGallery:
    """The words of a gallery's products: queries over them, and gains of answers.

    Args:
        products: N products, in the gallery's order.
        words: The model's A words.
    """

    def __init__(self, products: Sequence[Product], words: Sequence[str]) -> None:
        self.products = products
        self.words = {word: place for place, word in enumerate(words)}
        self.shown = shown_words(products, words)
        columns = dict.fromkeys(column for product in products for column in product.attributes)
        self.columns = [column for column in columns if family_of(column) not in UNSEEN]
        self.phrases = {column: [_phrase(product, column) for product in products] for column in self.columns}
        codes: dict[str, int] = {"": -1}
        self._codes = np.array(
            [[codes.setdefault(phrase, len(codes)) for phrase in self.phrases[column]] for column in self.columns]
        ).reshape(len(self.columns), len(products))

    def queries(self, limit: int, seed: int) -> list[StyleQuery]:
        """At most ``limit`` queries of each kind; deterministic."""
        chance = random.Random(seed)
        askable = self._askable()
        peers: dict[str, list[int]] = defaultdict(list)
        main = type_column(self.products)
        for row in range(len(self.products)):
            peers[self.phrases[main][row] if main in self.phrases else ""].append(row)
        order = chance.sample(range(len(self.products)), len(self.products))
        made: dict[str, list[StyleQuery]] = {kind: [] for kind in KINDS}
        for kind in KINDS:
            for row in order:
                if len(made[kind]) == limit:
                    break
                kin = peers[self.phrases[main][row] if main in self.phrases else ""]
                query = self._query(kind, row, chance.choice(kin), askable, chance)
                if query is not None:
                    made[kind].append(query)
        return [query for queries in made.values() for query in queries]

    def visual_gain(self, query: StyleQuery) -> Gains:
        """Each product's share of values in common with the reference, over columns that should stay: ``[N]``, 0 to 1.

        The paper uses the similarity by a network trained on several photographs of each product. Such a network is not
        available, and the measured model cannot judge itself, so the gains come from the catalogue.
        """
        kept = [
            at
            for at, column in enumerate(self.columns)
            if column not in query.asked and self._codes[at, query.reference] >= 0
        ]
        if not kept:
            return np.ones(len(self.products))
        same: Gains = (self._codes[kept] == self._codes[kept, query.reference][:, None]).mean(axis=0)
        return same

    def textual_gain(self, query: StyleQuery) -> Gains:
        """The share of words that hold for each product by its metadata, as in the paper: ``[N]``, 0 to 1."""
        wanted = self.shown[:, [self.words[word] for word in query.wanted]]
        unwanted = self.shown[:, [self.words[word] for word in query.unwanted]]
        held: Gains = np.concatenate([wanted, ~unwanted], axis=1).mean(axis=1)
        return held

    def _askable(self) -> dict[str, frozenset[str]]:
        """The words for queries by column. Types are excluded, because the reference's type stays."""
        askable = {}
        for column in self.columns:
            counts = Counter(self.phrases[column])
            if family_of(column) != "type":
                askable[column] = frozenset(
                    word for word, count in counts.items() if count >= MIN_PRODUCTS and word in self.words
                )
        return {column: words for column, words in askable.items() if len(words) > 1}

    def _query(
        self, kind: str, row: int, other: int, askable: dict[str, frozenset[str]], chance: random.Random
    ) -> StyleQuery | None:
        differing = [
            column
            for column, words in askable.items()
            if (before := self.phrases[column][row]) != (after := self.phrases[column][other])
            and before in words
            and after in words
            # Titles count as well: a "black" shirt with white print has both words.
            and not self.shown[row, self.words[after]]
            and not self.shown[other, self.words[before]]
        ]
        count = 2 if kind == "replace two" else 1
        if len(differing) < count:
            return None
        asked = sorted(chance.sample(sorted(differing), count))
        wanted = () if kind == "remove" else tuple(self.phrases[column][other] for column in asked)
        unwanted = () if kind == "add" else tuple(self.phrases[column][row] for column in asked)
        return StyleQuery(row, wanted, unwanted, frozenset(asked), kind)


def _phrase(product: Product, column: str) -> str:
    value = product.attributes.get(column)
    return attribute_phrase(column, value) if isinstance(value, str | bool) else ""
