"""Queries of the style search: a product as the reference, and words of its catalogue that are wanted or unwanted.

The paper draws pictures and, for each, attributes to add, to remove and to replace; which ones it leaves open. Here a
query is drawn from two products of one type that differ in a column: what the other one has is wanted, what the
reference has is unwanted, so every query can be satisfied, and by a product of the reference's own type.
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
"""Of the products that a source holds out: those on which weights are chosen, and those that figures are told of."""

LEAST = 10
"""A word that fewer products of the gallery have is not asked for."""
KINDS = ("add", "remove", "replace", "replace two")


@dataclass(frozen=True, slots=True)
class StyleQuery:
    """One query.

    Attributes:
        reference: Row of the gallery; it is taken out of it.
        wanted, unwanted: Words, as ``attribute_phrase`` gives them; not both empty.
        asked: The columns that the words are about.
        edit: One of ``KINDS``.
    """

    reference: int
    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]
    asked: frozenset[str]
    edit: str


def half_of(held: Sequence[Product], half: Half) -> list[int]:
    """The rows of one half of held-out products, the same for the same products, and in their order.

    All products of one title group or photograph fall on the same side, as when they were held out
    (``split_by_title_group``), so no query of one half has a near twin in the other. Products too few for a query in
    either half give none.
    """
    if len(held) < 4 * LEAST:  # A query takes two words, and each half its own products of them.
        return []
    chosen_on, _ = split_by_title_group(held, validation_share=0.5, seed=0)
    ids = {product.id for product in chosen_on}
    return [row for row, product in enumerate(held) if (product.id in ids) == (half == "chosen on")]


class StyleGallery:
    """What a catalogue says of the products of a gallery: the words that can be asked for, and the gains of answers.

    Args:
        products: N products, in the gallery's order.
        words: A words that the model knows.
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
        """At most ``limit`` queries of each kind; the same for equal arguments."""
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
        """Of what was not to change, the share that each product has in common with the reference: ``[N]``, 0 to 1.

        The paper takes the similarity that a network of its own sees, trained on several photographs of each product.
        No such network is at hand, and the model that is measured cannot be its own judge, so the catalogue is asked.
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
        """The share of the words that hold of each product by its metadata, as in the paper: ``[N]``, 0 to 1."""
        wanted = self.shown[:, [self.words[word] for word in query.wanted]]
        unwanted = self.shown[:, [self.words[word] for word in query.unwanted]]
        held: Gains = np.concatenate([wanted, ~unwanted], axis=1).mean(axis=1)
        return held

    def _askable(self) -> dict[str, frozenset[str]]:
        """By column the words that may be asked for; a type is what the reference keeps."""
        askable = {}
        for column in self.columns:
            counts = Counter(self.phrases[column])
            if family_of(column) != "type":
                askable[column] = frozenset(
                    word for word, count in counts.items() if count >= LEAST and word in self.words
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
            # Titles say things too: a "black" shirt with white print has both.
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
