"""The wishes of a search: parses its text, and turns the wishes into requirements on products."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple, cast

import numpy as np

from indexer.generations.generation import Generation
from indexer.stores.store import Mask, Rows
from models.bundle.style_search import Floats
from service.search.query import Query
from service.search.words.judging import SILENT, UNSATISFIED, Judge, Part
from service.search.words.precedence import without_stated
from service.search.words.vocabulary import GenerationWords, words_of_generation
from understanding import Grounding, Relative, Understood, Wish, english, fold, understand_turns
from understanding.grounding.compared import NUMBERS, SHADES, compared
from understanding.grounding.levels import Levels
from understanding.grounding.refused import refused

SOFTER = {"season": np.float32(0.2), "occasion": np.float32(0.03), "title": np.float32(0.4)}
"""Factor of a product that violates a wish, for families in which catalogues are less reliable."""
KEPT, KEPT_SILENT = np.float32(0.25), np.float32(0.6)
"""Factors for families that the text does not mention: of products that differ from the reference, and of products
without a value."""
KEPT_KIND, KEPT_KIND_SEEN = np.float32(0.015), np.float32(0.05)
"""The first of them for kinds, and the same if the kind is not in a column but recognised, which may be wrong. It is
below ``UNSATISFIED``: for a jacket and "in leather", jackets come before leather wallets, even if none is of leather.
It is not for the audience: for a man's shirt and "a sari", there are only saris for women."""
KEPT_LOOSELY = np.float32(0.4)
"""The same for kinds, if the text asks for another occasion."""
FINEST, COARSEST = 3, 0.5
"""Exponents of the share of columns that agree with the reference. Usually the narrow kind matters (flats); if the text
asks for another occasion, the broad kind does (shoes)."""
SURE = 0.5
"""Minimum total probability of a family's words in an upload for the family to be used, and of a refused word in the
picture of a product that counts as having it."""
POSSIBLE = 0.05
"""Minimum probability of a single word."""
SEEN_STRENGTH = np.float32(0.5)
"""Exponent of the model's probability of a word, for products without a value."""
_NONE = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Wishes:
    """The wishes in the text of one search."""

    understood: Understood
    words: GenerationWords
    alone: bool
    """Whether there is no reference."""

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
        parts = [*self._parts(generation, row, shown), *self._kept(row, shown)]
        return Judge(parts, self.words.bits) if parts else None

    def _kept(self, row: int | None, shown: Sequence[float] | None) -> list[Part]:
        """Requirements to agree with the reference in families that the text does not mention: the audience, and also
        the kind unless the text has words that only the model can read."""
        understood = self.understood
        said = {wish.family for wish in (*understood.wanted, *understood.unwanted)} | set(understood.different)
        kept = {"people"} if understood.rest else {"people", "kind"}
        parts = []
        for family in sorted(kept - said - set(understood.keep)):
            alike = self._as_reference(row, shown, family)
            if alike is not None:
                # Another occasion often requires another kind, such as sports shoes.
                loosely = family == "kind" and "occasion" in said
                known = row is not None and self.grounding.own_values(row, family)
                kind = KEPT_LOOSELY if loosely else KEPT_KIND if known else KEPT_KIND_SEEN
                floor = kind if family == "kind" else KEPT
                exponent = COARSEST if loosely else FINEST
                key = None if alike.key is None else ("kept", loosely, alike.key)
                parts.append(Part(key, _to_power(alike.levels, exponent), floor, lambda _: KEPT_SILENT, judged=False))
        return parts

    def _parts(self, generation: Generation, row: int | None, shown: Sequence[float] | None) -> list[Part]:
        understood, grounding = self.understood, self.grounding
        parts: list[Part] = []
        shaded = any(one.direction in SHADES for one in understood.relative)
        families: dict[str, list[Wish]] = {}
        for wish in understood.wanted:
            families.setdefault(wish.family, []).append(wish._replace(said=""))
        for family, wishes in families.items():
            if not (family == "colour" and shaded):
                seen = self._seen(generation, wishes, wanted=True)
                levels = partial(grounding.together, wishes)
                parts.append(Part(("wanted", *wishes), levels, SOFTER.get(family, UNSATISFIED), seen))
        for wish in (one._replace(said="") for one in understood.unwanted):
            seen = self._seen(generation, [wish], wanted=False)
            opposite, lacking = _opposite(partial(refused, grounding, wish)), self._lacking(generation, wish)
            parts.append(Part(("unwanted", wish), opposite, seen=seen, lacking=lacking))
        for bound in (one._replace(said="") for one in understood.constraints if one.column):
            parts.append(Part(bound, partial(grounding.within, bound)))
        asked = [wish.word for wish in families.get("colour", ())]
        for one in understood.relative:
            colours = [(1.0, asked[:1])] if asked else self._colours(row, shown)
            parts += self._comparison(one, row, colours, asked=bool(asked))
        for family in (*understood.keep, *understood.different):
            alike = self._as_reference(row, shown, family)
            if alike is not None:
                keep = family in understood.keep
                key = None if alike.key is None else (keep, alike.key)
                parts.append(Part(key, alike.levels if keep else _opposite(alike.levels)))
        return parts

    def _colours(self, row: int | None, shown: Sequence[float] | None) -> list[tuple[float, list[str]]]:
        """The colours that the reference may have, with their shares."""
        if row is not None and (own := self.grounding.concepts_of(row, "colour")):
            return [(1.0, own)]
        return [(share, [name]) for share, name in self._likely(shown, "colour")] or [(1.0, [])]

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
            return np.asarray((probability if wanted else 1 - probability) ** SEEN_STRENGTH, dtype=np.float32)

        return seen

    def _lacking(self, generation: Generation, wish: Wish) -> Callable[[Rows], Mask] | None:
        """Which products without a value lack what is refused: by their pictures, if the vocabulary has the word; else
        all if only titles could state it, and none if a column could."""
        position, attributes = self.words.position(wish.family, wish.word), generation.attributes
        if attributes is not None and position is not None:
            return lambda rows: attributes.probabilities([position], rows)[0] < SURE
        return None if self.grounding.shop.columns_of(wish.family) else lambda rows: np.ones(len(rows), np.bool_)

    def _shown(self, row: int | None, shown: Sequence[float] | None, family: str) -> list[str]:
        """Names of the concepts of a family in the reference, the most probable first."""
        if row is not None and (own := self.grounding.concepts_of(row, family)):
            return own
        if shown is None:
            return []
        positions = sorted(self.words.positions(family), key=lambda position: -shown[position])
        return [self.words.name(position, family) for position in positions[:1] if shown[position] >= SURE]

    def _as_reference(self, row: int | None, shown: Sequence[float] | None, family: str) -> _Alike | None:
        """How well products agree with the reference in a family; None if it is unknown for the reference."""
        if row is not None and family != "people" and (own := self.grounding.own_values(row, family)):
            return _Alike((family, own), partial(self.grounding.alike, row, family))
        if row is None and shown is not None:
            return self._as_upload(shown, family)
        names = self._shown(row, shown, family)
        if not names:
            return None
        wish = Wish(family, names[0], "")
        return _Alike(wish, partial(self.grounding.levels, wish))

    def _as_upload(self, shown: Sequence[float], family: str) -> _Alike | None:
        """How well products agree with an upload: the mean over the likely words of the family, weighted by their
        probabilities."""
        named = self._likely(shown, family)
        if not named:
            return None

        def levels(rows: Rows | None) -> Levels:
            parts = [share * self.grounding.levels(Wish(family, name, ""), rows) for share, name in named]
            return np.asarray(np.sum(parts, axis=0), dtype=np.float32)

        return _Alike(None, levels)

    def _likely(self, shown: Sequence[float] | None, family: str) -> list[tuple[float, str]]:
        """The likely words of a family, with their shares, which sum to about 1; empty if none is certain."""
        if shown is None:
            return []
        positions = [position for position in self.words.positions(family) if shown[position] >= POSSIBLE]
        total = sum(shown[position] for position in positions)
        if total < SURE:
            return []
        return [(round(float(shown[at] / total), 2), self.words.name(at, family)) for at in positions]


class _Alike(NamedTuple):
    """Agreement with the reference."""

    key: Hashable
    """As in ``Part``."""
    levels: Callable[[Rows | None], Levels]


def _opposite(levels: Callable[[Rows | None], Levels]) -> Callable[[Rows | None], Levels]:
    return lambda rows: 1 - levels(rows)


def _to_power(levels: Callable[[Rows | None], Levels], exponent: float) -> Callable[[Rows | None], Levels]:
    return lambda rows: levels(rows) ** exponent


def wishes_of(query: Query, generation: Generation) -> Wishes | None:
    """The wishes in the text and history of a query; None without a text.

    Explicit words and filters override the text: wishes of the same families are dropped, and so are those in
    ``ignore``.
    """
    if not query.text and not query.history:
        return None
    words = words_of_generation(generation)
    turns = understand_turns((*query.history, *([query.text] if query.text else [])), words.shop)
    understood = fold(turns) if len(turns) > 1 else turns[0]
    alone = query.picture is None and query.product_id is None
    return Wishes(without_stated(understood, query, words), words, alone)
