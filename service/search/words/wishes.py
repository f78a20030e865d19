"""The wishes of a search: parses its text, and turns the wishes into requirements on products."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import cast

import numpy as np

from indexer.generations.generation import Generation
from indexer.stores.store import Mask, Rows
from models.bundle.style_search import Floats
from service.search.arrangement import can_sort
from service.search.query import Query
from service.search.words.judging import SILENT, UNSATISFIED, Judge, Part
from service.search.words.precedence import without_stated
from service.search.words.reference import SURE, Reference, opposite_of
from service.search.words.vocabulary import GenerationWords, words_of_generation
from understanding import Grounding, Relative, Understood, Wish, english, fold, understand_turns
from understanding.grounding.compared import NUMBERS, SHADES, column_of, compared
from understanding.grounding.grounding import Levels
from understanding.grounding.refused import refused

VIOLATED = {
    "kind": UNSATISFIED**3, "season": np.float32(0.2), "occasion": np.float32(0.03), "title": np.float32(0.4),
}  # fmt: skip
"""Factor of a product that violates a wish, for families for which it is not ``UNSATISFIED``. For "a long navy dress",
dresses in other colours come before navy socks. Catalogues are less reliable in seasons, occasions and titles."""
SEEN_STRENGTH = np.float32(0.5)
"""Exponent of the model's probability of a word, for products without a value."""
SEEN_AT_MOST = np.float32(0.9)
"""Maximum factor of a product for which only the model has a value: less than ``WHOLLY``, so that products which have
what is wanted by the catalogue come first."""
_NONE = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Wishes:
    """The wishes in the text of one search."""

    understood: Understood
    words: GenerationWords
    alone: bool
    """Whether there is no reference."""
    sort: str = ""
    """The order that a text such as "the cheapest" asks for, as in ``Query.sort``; empty if there is none."""

    @property
    def grounding(self) -> Grounding:
        """Looks up which products satisfy a wish."""
        return self.words.grounding

    @cached_property
    def text(self) -> str:
        """The English text for the model, without refused words."""
        return english(self.understood)

    @cached_property
    def named(self) -> list[int]:
        """Distinct rows of the products that the text mentions."""
        return list(dict.fromkeys(match.row for match in self.understood.matches if self.alone or match.by != "title"))

    @property
    def asks_nothing(self) -> bool:
        """Whether the text asks for nothing; beside a reference, whether it has words without a known meaning, too."""
        return self.understood.empty and (self.alone or bool(self.understood.not_understood))

    @cached_property
    def replaced(self) -> list[int]:
        """The bundle's words in families that the text mentions, which override the expected words."""
        understood = self.understood
        families = {wish.family for wish in (*understood.wanted, *understood.unwanted)} | set(understood.different)
        if any(one.direction in SHADES for one in understood.relative):
            families.add("colour")
        return sorted({position for family in families for position in self.words.positions(family)})

    @cached_property
    def asked(self) -> list[int]:
        """The bundle's words that are wanted."""
        found = (self.words.position(wish.family, wish.word) for wish in self.understood.wanted)
        return list(dict.fromkeys(position for position in found if position is not None))

    @cached_property
    def kinds(self) -> list[int]:
        """The bundle's words for the kinds that are wanted."""
        found = (self.words.position("kind", wish.word) for wish in self.understood.wanted if wish.family == "kind")
        named = [
            self.words.position("kind", concept.name)
            for wish in self.understood.wanted
            if wish.family == "kind"
            for values in self.grounding.values(wish).values()
            for value in values
            for concept in self.words.shop.meaning(value, "kind")
        ]
        return sorted({position for position in (*found, *named) if position is not None})

    def judge(self, generation: Generation, row: int | None, shown: Sequence[float] | None) -> Judge | None:
        """A judge of products by the wishes; None without any requirement.

        Args:
            generation: The current generation.
            row: The row of the reference, if it is a product.
            shown: Probabilities of the bundle's words in the reference ``[A]``, if known.
        """
        reference = Reference(self.words, row, shown)
        parts = [*self._parts(generation, reference), *reference.kept(self.understood)]
        return Judge(parts, self.words.bits) if parts else None

    def _parts(self, generation: Generation, reference: Reference) -> list[Part]:
        understood, grounding = self.understood, self.grounding
        parts: list[Part] = []
        shaded = any(one.direction in SHADES for one in understood.relative)
        families: dict[str, list[Wish]] = {}
        for wish in reference.meant(understood.wanted):
            families.setdefault(wish.family, []).append(wish._replace(said=""))
        for family, wishes in families.items():
            if not (family == "colour" and shaded):
                seen = self._seen(generation, wishes, wanted=True)
                levels = partial(grounding.together, wishes)
                parts.append(Part(("wanted", *wishes), levels, VIOLATED.get(family, UNSATISFIED), seen))
        for wish in (one._replace(said="") for one in understood.unwanted):
            seen = self._seen(generation, [wish], wanted=False)
            opposite, lacking = opposite_of(partial(refused, grounding, wish)), self._lacking(generation, wish)
            parts.append(Part(("unwanted", wish), opposite, seen=seen, lacking=lacking))
        for bound in (one._replace(said="") for one in understood.constraints if one.column):
            parts.append(Part(bound, partial(grounding.within, bound)))
        asked = [wish.word for wish in families.get("colour", ())]
        for one in understood.relative:
            if self.sort and _order(one, grounding):
                continue  # Sorting shows more than the products of a cheap third.
            colours = [(1.0, asked[:1])] if asked else reference.colours()
            parts += self._comparison(one, reference.row, colours, asked=bool(asked))
        for family in (*understood.keep, *understood.different):
            alike = reference.alike(family)
            if alike is not None:
                keep = family in understood.keep
                key = None if alike.key is None else (keep, alike.key)
                parts.append(Part(key, alike.levels if keep else opposite_of(alike.levels)))
        return parts

    def _comparison(
        self, one: Relative, row: int | None, colours: Sequence[tuple[float, list[str]]], *, asked: bool
    ) -> Iterator[Part]:
        """A comparison with the reference, in the mean over the colours that it may have."""
        compare = [(share, partial(compared, one, self.grounding, row, names, asked=asked)) for share, names in colours]
        known = [(share, of_colour) for share, of_colour in compare if of_colour(_NONE) is not None]
        if not known:
            return
        total = sum(share for share, _ in known)

        def levels(rows: Rows | None) -> Levels:
            parts = [share / total * cast(Levels, of_colour(rows)) for share, of_colour in known]
            return np.asarray(np.sum(parts, axis=0), dtype=np.float32)

        in_colours = () if one.direction in NUMBERS else tuple((share, *names) for share, names in colours)
        yield Part((one.direction, row if one.direction in NUMBERS else None, asked, in_colours), levels)

    def _seen(
        self, generation: Generation, wishes: Sequence[Wish], *, wanted: bool
    ) -> Callable[[Rows], Floats | np.float32]:
        """The model's probabilities of the wishes in the pictures of products, as factors ``[len(rows)]``; a constant
        if the vocabulary has no such word."""
        positions = [self.words.position(wish.family, wish.word) for wish in wishes]
        known = [position for position in positions if position is not None]
        attributes = generation.attributes
        if attributes is None or not known:
            return lambda _: SILENT if wanted else np.float32(1)

        def seen(rows: Rows) -> Floats:
            probability = attributes.probabilities(known, rows).max(axis=0)
            factor = np.asarray((probability if wanted else 1 - probability) ** SEEN_STRENGTH, dtype=np.float32)
            return np.minimum(factor, SEEN_AT_MOST) if wanted else factor

        return seen

    def _lacking(self, generation: Generation, wish: Wish) -> Callable[[Rows], Mask] | None:
        """Which products without a value lack what is refused: by their pictures, if the vocabulary has the word; else
        all if only titles could state it, and none if a column could."""
        position, attributes = self.words.position(wish.family, wish.word), generation.attributes
        if attributes is not None and position is not None:
            return lambda rows: attributes.probabilities([position], rows)[0] < SURE
        return None if self.grounding.shop.columns_of(wish.family) else lambda rows: np.ones(len(rows), np.bool_)


def wishes_of(query: Query, generation: Generation) -> Wishes | None:
    """The wishes in the text and history of a query; None without a text.

    Explicit words and filters override the text: wishes of the same families are dropped, and so are those in
    ``ignore``.
    """
    if not query.text and not query.history:
        return None
    words = words_of_generation(generation)
    turns = understand_turns((*query.history, *([query.text] if query.text else [])), words.shop)
    understood = fold(turns)
    alone = query.picture is None and query.product_id is None
    understood = without_stated(understood, query, words)
    orders = [order for one in understood.relative if (order := _order(one, words.grounding))]
    sort = orders[0] if orders and can_sort(generation, orders[0], query.filters) else ""
    return Wishes(understood, words, alone, sort)


def _order(one: Relative, grounding: Grounding) -> str:
    """The order of a superlative of numbers, as in ``Query.sort``; empty for other comparisons."""
    column = column_of(one, grounding.shop) if one.most and one.direction in NUMBERS else ""
    return f"-{column}" if column and NUMBERS[one.direction][1] > 0 else column
