"""How well products satisfy what a text asks for: judged for the products that a search looks at, not for all.

What is asked for has parts, such as a colour and a price, and the fit of a product is the product of its factors for
the parts. Which products satisfy a part is kept as bits, so that a search finds and counts those that satisfy all parts
without judging the others. Where there are none, it looks for those that fail as little as possible.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache

from indexer.ranking.bits import Bits, bits_of, count
from indexer.ranking.candidates import NEARLY, WHOLLY
from indexer.stores.store import Rows
from models.bundle.style_search import Floats
from understanding.grounding.levels import LEAST_NEAR, Levels

UNSATISFIED = np.float32(0.02)
"""What a product that fails a part keeps of its score: less than products differ by in everything else."""
SILENT = np.float32(0.45)
"""What a product counts for a part of which neither catalogue nor model says anything."""
KEPT, LEAST_KEPT, KEPT_BYTES = 256, 8, 64 * 2**20
"""Parts whose bits are kept, at most and at least, and the memory that these may take."""
MOST_DROPPED = 6
"""Parts of which some may be dropped where no product satisfies all; further ones are only judged."""


class PartBits(NamedTuple):
    """Which of all products satisfy a part."""

    wholly: Bits
    """Whose factor is nearly the best one."""
    nearly: Bits
    """Whose factor is at least half of the best one."""
    satisfied: Bits
    """Of which it is said in answers that they satisfy it."""


@dataclass(frozen=True)
class Part:
    """One thing that is asked of products.

    Attributes:
        key: Equal for parts that all products satisfy equally well; None if no other search has the same.
        levels: How well products satisfy it, NaN where the catalogue is silent; of all for None.
        least: What is left to those that do not.
        seen: What is left to those of which the catalogue says nothing.
        refused: Whether silence satisfies it.
        judged: Whether it was asked for.
    """

    key: Hashable
    levels: Callable[[Rows | None], Levels]
    least: np.float32 = UNSATISFIED
    seen: Callable[[Rows], Floats | np.float32] = lambda _: SILENT
    refused: bool = False
    judged: bool = True

    def factors(self, rows: Rows | None) -> Floats:
        """What the part leaves to products ``[N]`` or ``[len(rows)]``, 0 to 1."""
        return self._factors(self.levels(rows), rows)

    def bits(self) -> PartBits:
        """Which of all products satisfy it."""
        levels = self.levels(None)
        satisfied = levels >= LEAST_NEAR
        if self.refused:
            satisfied |= np.isnan(levels)
        factors = self._factors(levels, None)
        best = factors.max()
        return PartBits(bits_of(factors >= WHOLLY * best), bits_of(factors >= NEARLY * best), bits_of(satisfied))

    def _factors(self, levels: Levels, rows: Rows | None) -> Floats:
        factors: Floats = self.least + (1 - self.least) * levels
        silent = np.flatnonzero(np.isnan(levels))
        if len(silent):
            factors[silent] = self.seen(silent if rows is None else rows[silent])
        return factors


class KeptBits:
    """The bits of parts of one generation, made when they are first needed. Safe to use from several threads at once.

    Args:
        size: N, the number of products.
    """

    def __init__(self, size: int) -> None:
        self._kept: LRUCache[Hashable, PartBits] = LRUCache(max(LEAST_KEPT, min(KEPT, KEPT_BYTES * 8 // (3 * size))))
        self._lock = threading.Lock()

    def of(self, part: Part) -> PartBits:
        """The bits of a part with a key."""
        with self._lock:
            bits = self._kept.get(part.key)
        if bits is None:
            bits = part.bits()
            with self._lock:
                self._kept[part.key] = bits
        return bits


class Judge:
    """How well products satisfy the parts of one search; see ``indexer.ranking.candidates.Judge``.

    Args:
        parts: One or more.
        kept: Of the generation that is searched.
    """

    def __init__(self, parts: Sequence[Part], kept: KeptBits) -> None:
        self._parts, self._kept = parts, kept

    def fit(self, rows: Rows) -> Floats:
        """How well products satisfy the parts: ``[len(rows)]``, 0 to 1."""
        fit = np.ones(len(rows), dtype=np.float32)
        for part in self._parts:
            fit *= part.factors(rows)
        return fit

    def sets(self, allowed: Bits | None) -> Iterator[Bits]:
        """Sets of allowed products: those that wholly satisfy all parts, those that nearly do, and then those that do
        so without some parts, the sets with the best fit first."""
        parts = sorted((part for part in self._parts if part.key is not None), key=lambda part: part.least)
        parts = parts[:MOST_DROPPED]
        if not parts:
            return
        bits = [self._kept.of(part) for part in parts]
        yield _all([one.wholly for one in bits], allowed)
        places = range(len(parts))
        dropped = [some for number in places for some in combinations(places, number)]
        dropped.sort(key=lambda some: -float(np.prod([parts[place].least for place in some])))
        for some in dropped:
            yield _all([bits[place].nearly for place in places if place not in some], allowed)

    def fitting(self, allowed: Bits | None) -> int | None:
        """How many allowed products satisfy all that was asked for and that has a key; None if nothing was."""
        asked = [self._kept.of(part).satisfied for part in self._parts if part.judged and part.key is not None]
        return count(_all(asked, allowed)) if asked else None


def _all(sets: Sequence[Bits], allowed: Bits | None) -> Bits:
    return reduce(np.bitwise_and, sets if allowed is None else [*sets, allowed])
