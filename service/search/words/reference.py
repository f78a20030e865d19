"""The reference of a search, and how well products agree with it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from indexer.ranking.bits import count
from indexer.stores.store import Rows
from service.search.words.judging import Part
from service.search.words.vocabulary import GenerationWords
from understanding import Understood, Wish
from understanding.grounding.grounding import MIN_NEAR, Levels
from understanding.sentence.comparison import OF_COLOUR
from understanding.words.concepts import Concept, concepts

KEPT, KEPT_SEEN, KEPT_SILENT = np.float32(0.05), np.float32(0.25), np.float32(0.6)
"""Factors for families that the text does not mention: of products that differ from the reference, of those that differ
from what is recognised in it or said in its title, which may be wrong, and of products without a value, relative to
products that agree."""
KEPT_KIND, KEPT_KIND_SEEN = np.float32(0.015), np.float32(0.05)
"""The first of them for kinds, and the same if the kind is not in a column but recognised, which may be wrong. It is
below ``UNSATISFIED``: for a jacket and "in leather", jackets come before leather wallets, even if none is of leather.
It is not for the audience: for a man's shirt and "a sari", there are only saris for women."""
OTHER_KIND = np.float32(0.05)
"""A further factor of products whose kind has neither the meaning of that of the reference nor a similar one, although
they agree in a broad category. It keeps them below products that violate a wish: for a sweater and "for winter",
sweaters of another season come before T-shirts of this one."""
KEPT_LOOSELY = np.float32(0.4)
"""The same for kinds, if the text asks for another occasion, and for colours, if it asks for something similar."""
FINEST, COARSEST = 3, 0.5
"""Exponents of the share of columns that agree with the reference. Usually the narrow kind matters (flats); if the text
asks for another occasion, the broad kind does (shoes)."""
FAIR, ENOUGH = 0.05, 10
"""Minimum share, and number, of the products of a kind that are for an occasion if the kind is for it."""
SURE = 0.5
"""Minimum total probability of a family's words in an upload for the family to be used, and of a refused word in the
picture of a product that counts as having it."""
POSSIBLE = 0.05
"""Minimum probability of a single word."""


class Alike(NamedTuple):
    """Agreement with the reference in one family."""

    key: Hashable
    """As in ``Part``."""
    levels: Callable[[Rows | None], Levels]
    likely: float = 1.0
    """Level of a product with only the most likely word of the family."""


class Reference:
    """The reference of one search.

    Args:
        words: The words of the generation.
        row: The row of the reference, if it is a product.
        shown: Probabilities of the bundle's words in the reference ``[A]``, if known.
    """

    def __init__(self, words: GenerationWords, row: int | None, shown: Sequence[float] | None) -> None:
        self.row, self._shown = row, shown
        self._words, self._grounding = words, words.grounding

    def kept(self, understood: Understood) -> list[Part]:
        """Requirements to agree with the reference in families that the text does not mention: the audience, the kind
        unless the text has words that only the model can read, and the colour if it asks for something similar."""
        said = {wish.family for wish in (*understood.wanted, *understood.unwanted)} | set(understood.different)
        kept = {"people"} if understood.rest else {"people", "kind"}
        stated = self.row is None or bool(self._grounding.own_values(self.row, "colour"))
        if understood.similar and stated and not any(one.direction in OF_COLOUR for one in understood.relative):
            kept.add("colour")  # "The same but cheaper"
        parts = []
        for family in sorted(kept - said - set(understood.keep)):
            alike = self.alike(family)
            if alike is not None:
                # Another occasion often requires another kind, such as sports shoes.
                loosely = family == "kind" and "occasion" in said and not self._serves(understood)
                known = self.row is not None and self._grounding.own_values(self.row, family)
                kind = KEPT_LOOSELY if loosely else KEPT_KIND if known else KEPT_KIND_SEEN
                floor = {"kind": kind, "colour": KEPT_LOOSELY}.get(family, KEPT if known else KEPT_SEEN)
                exponent = COARSEST if loosely else FINEST
                key = None if alike.key is None else ("kept", loosely, alike.key)
                # Relative to what an uncertain upload can reach, or products without a value would rank first.
                silent = KEPT_SILENT * np.float32(alike.likely**exponent)
                seen = partial(_constant, silent)
                parts.append(Part(key, _to_power(alike.levels, exponent), floor, seen, judged=False))
                if self.row is not None and known and family == "kind" and not loosely:
                    parts += self._same_kind(self.row)
        return parts

    def _serves(self, understood: Understood) -> bool:
        """Whether a fair share of the products of the reference's kind are for the occasions that are asked for: for a
        dress and "for a wedding", there are dresses, but for casual shoes and "for running", there are sports shoes."""
        wishes = [wish._replace(said="") for wish in understood.wanted if wish.family == "occasion"]
        kinds = [] if self.row is None else list(self._same_kind(self.row))
        if not (wishes and kinds):
            return False
        served = Part(("served", *wishes), partial(self._grounding.together, wishes))
        of_kind, fitting = (self._words.bits.of(part).satisfied for part in (kinds[0], served))
        return count(of_kind & fitting) >= max(ENOUGH, FAIR * count(of_kind))

    def _same_kind(self, row: int) -> Iterator[Part]:
        """A requirement to mean the same or a similar kind as the reference; none if its kind has no known meaning."""
        known = concepts()
        kinds = [Concept("kind", name) for name in self._grounding.concepts_of(row, "kind")]
        wishes = [Wish(*one, "") for one in kinds if not {*known.narrower(one)} & {*kinds}]
        if not wishes:
            return

        def levels(rows: Rows | None) -> Levels:
            found = np.fmax.reduce([self._grounding.levels(wish, rows) for wish in wishes])
            return np.asarray(np.where(np.isnan(found), found, found >= MIN_NEAR), np.float32)

        yield Part(("same kind", *wishes), levels, OTHER_KIND, lambda _: KEPT_SILENT, judged=False)

    def meant(self, wanted: Sequence[Wish]) -> list[Wish]:
        """Of the kinds that one word names, only that of the reference, if it is one of them: beside a dress, Chinese
        "裙子" is a dress, otherwise a dress or a skirt."""
        said: dict[str, set[str]] = {}
        for wish in wanted:
            if wish.family == "kind":
                said.setdefault(wish.said, set()).add(wish.word)
        own = {*self._names("kind")} if any(len(kinds) > 1 for kinds in said.values()) else set()
        return [wish for wish in wanted if wish.family != "kind" or wish.word in own or not own & said[wish.said]]

    def colours(self) -> list[tuple[float, list[str]]]:
        """The colours that the reference may have, with their shares."""
        if self.row is not None and (own := self._grounding.concepts_of(self.row, "colour")):
            return [(1.0, own)]
        return [(share, [name]) for share, name in self._likely("colour")] or [(1.0, [])]

    def _names(self, family: str) -> list[str]:
        """Names of the concepts of a family in the reference, the most probable first."""
        if self.row is not None and (own := self._grounding.concepts_of(self.row, family)):
            return own
        shown = self._shown
        if shown is None:
            return []
        positions = sorted(self._words.positions(family), key=lambda position: -shown[position])
        return [self._words.name(position, family) for position in positions[:1] if shown[position] >= SURE]

    def alike(self, family: str) -> Alike | None:
        """How well products agree with the reference in a family; None if it is unknown for the reference."""
        if self.row is not None and family != "people" and (own := self._grounding.own_values(self.row, family)):
            return Alike((family, own), partial(self._grounding.alike, self.row, family))
        if self.row is None and self._shown is not None:
            return self._as_upload(family)
        names = self._names(family)
        if not names:
            return None
        wish = Wish(family, names[0], "")
        return Alike(wish, partial(self._grounding.levels, wish))

    def _as_upload(self, family: str) -> Alike | None:
        """How well products agree with an upload: the mean over the likely words of the family, weighted by their
        probabilities."""
        named = self._likely(family)
        if not named:
            return None

        def levels(rows: Rows | None) -> Levels:
            parts = [share * self._grounding.levels(Wish(family, name, ""), rows) for share, name in named]
            return np.asarray(np.sum(parts, axis=0), dtype=np.float32)

        return Alike(None, levels, max(share for share, _ in named))

    def _likely(self, family: str) -> list[tuple[float, str]]:
        """The likely words of a family, with their shares, which sum to about 1; empty if none is certain."""
        if self._shown is None:
            return []
        positions = [position for position in self._words.positions(family) if self._shown[position] >= POSSIBLE]
        total = sum(self._shown[position] for position in positions)
        if total < SURE:
            return []
        return [(round(float(self._shown[at] / total), 2), self._words.name(at, family)) for at in positions]


def opposite_of(levels: Callable[[Rows | None], Levels]) -> Callable[[Rows | None], Levels]:
    """The levels of products that should not have a property."""
    return lambda rows: 1 - levels(rows)


def _constant(factor: np.float32, _: Rows) -> np.float32:
    return factor


def _to_power(levels: Callable[[Rows | None], Levels], exponent: float) -> Callable[[Rows | None], Levels]:
    return lambda rows: levels(rows) ** exponent
