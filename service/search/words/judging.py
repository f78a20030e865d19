"""How well products satisfy the wishes of a text, computed only for the candidates of a search.

A text has parts, such as a colour and a price. The fit of a product is the product of its factors for the parts. Which
products satisfy a part is cached as bits, so that a search finds and counts the products that satisfy all parts without
computing their fit. If there are none, it finds those that violate as little as possible.
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

from indexer.ranking.bits import BitLayout, Bits, count
from indexer.ranking.candidates import NEARLY, WHOLLY
from indexer.stores.store import Mask, Rows
from models.bundle.style_search import Floats
from understanding.grounding.grounding import MIN_NEAR, Levels

UNSATISFIED = np.float32(0.02)
"""Factor of a product that violates a part: smaller than all other differences of scores."""
SILENT = np.float32(0.45)
"""Factor of a product for which neither the catalogue nor the model has a value."""
MAX_CACHED, MIN_CACHED, CACHE_BYTES = 256, 8, 64 * 2**20
"""Maximum and minimum number of parts with cached bits, and the memory of these bits."""
MAX_DROPPED = 6
"""Number of parts of which some may be dropped if no product satisfies all; further parts only affect the fit."""


class PartBits(NamedTuple):
    """The products that satisfy a part, as bits."""

    wholly: Bits
    """Their factor is close to the best one."""
    nearly: Bits
    """Their factor is at least half of the best one."""
    satisfied: Bits
    """Products that are counted as satisfying the part."""


@dataclass(frozen=True)
class Part:
    """One requirement on products.

    Attributes:
        key: Equal for equal requirements; None if it is specific to one search.
        levels: How well products satisfy it, NaN if the catalogue has no value; None as rows means all products.
        floor: Factor of products that violate it.
        seen: Factor of products without a value.
        lacking: Which products without a value are counted as satisfying it, bool ``[len(rows)]``; None: none of them.
        judged: Whether the text asks for it.
    """

    key: Hashable
    levels: Callable[[Rows | None], Levels]
    floor: np.float32 = UNSATISFIED
    seen: Callable[[Rows], Floats | np.float32] = lambda _: SILENT
    lacking: Callable[[Rows], Mask] | None = None
    judged: bool = True

    def factors(self, rows: Rows | None) -> Floats:
        """The factors of products ``[N]`` or ``[len(rows)]``, 0 to 1."""
        return self._factors(self.levels(rows), rows)

    def bits(self, layout: BitLayout) -> PartBits:
        """The products that satisfy it, as bits."""
        levels = self.levels(None)
        factors = self._factors(levels, None)
        best = factors.max()
        masks = (factors >= WHOLLY * best, factors >= NEARLY * best, self._satisfied(levels, None))
        return PartBits(*map(layout.bits_of, masks))

    def satisfied(self, rows: Rows) -> Mask:
        """Which products are counted as satisfying it: bool ``[len(rows)]``."""
        return self._satisfied(self.levels(rows), rows)

    def _satisfied(self, levels: Levels, rows: Rows | None) -> Mask:
        satisfied: Mask = levels >= MIN_NEAR
        silent = np.flatnonzero(np.isnan(levels))
        if self.lacking is not None and len(silent):
            satisfied[silent] = self.lacking(silent if rows is None else rows[silent])
        return satisfied

    def _factors(self, levels: Levels, rows: Rows | None) -> Floats:
        factors: Floats = self.floor + (1 - self.floor) * levels
        silent = np.flatnonzero(np.isnan(levels))
        if len(silent):
            # A picture is less reliable than the catalogue, so it counts as no worse than a violation.
            factors[silent] = np.maximum(self.floor, self.seen(silent if rows is None else rows[silent]))
        return factors


class BitsCache:
    """The bits of parts of one generation, computed on first use and cached. Thread-safe.

    Args:
        layout: The form of sets of its products.
    """

    def __init__(self, layout: BitLayout) -> None:
        self._layout = layout
        fitting = CACHE_BYTES // (3 * layout.everything.nbytes)
        self._cached: LRUCache[Hashable, PartBits] = LRUCache(max(MIN_CACHED, min(MAX_CACHED, fitting)))
        self._lock = threading.Lock()

    def of(self, part: Part) -> PartBits:
        """The bits of a part with a key."""
        with self._lock:
            bits = self._cached.get(part.key)
        if bits is None:
            bits = part.bits(self._layout)
            with self._lock:
                self._cached[part.key] = bits
        return bits


class Judge:
    """How well products satisfy the parts of one search; see ``indexer.ranking.candidates.Judge``.

    Args:
        parts: At least one.
        bits: The bits of the current generation.
    """

    def __init__(self, parts: Sequence[Part], bits: BitsCache) -> None:
        self._parts, self._bits = parts, bits

    def fit(self, rows: Rows) -> Floats:
        """How well products satisfy the parts: ``[len(rows)]``, 0 to 1."""
        fit = np.ones(len(rows), dtype=np.float32)
        for part in self._parts:
            fit *= part.factors(rows)
        return fit

    def best(self, allowed: Bits | None, wanted: int) -> Bits | None:
        """The allowed products that satisfy all parts, if they are at least ``wanted``; None if they are fewer, or if a
        part is specific to this search."""
        if any(part.key is None for part in self._parts):
            return None
        satisfying = _all([self._bits.of(part).wholly for part in self._parts], allowed)
        return satisfying if count(satisfying) >= wanted else None

    def sets(self, allowed: Bits | None) -> Iterator[Bits]:
        """Sets of allowed products: those that satisfy all parts, near matches, and then near matches of some of the
        parts, in descending order of fit."""
        parts = sorted((part for part in self._parts if part.key is not None), key=lambda part: part.floor)
        parts = parts[:MAX_DROPPED]
        if not parts:
            return
        bits = [self._bits.of(part) for part in parts]
        yield _all([one.wholly for one in bits], allowed)
        places = range(len(parts))
        dropped = [some for number in places for some in combinations(places, number)]
        dropped.sort(key=lambda some: -float(np.prod([parts[place].floor for place in some])))
        for some in dropped:
            yield _all([bits[place].nearly for place in places if place not in some], allowed)

    def fitting(self, allowed: Bits | None, excluded: Rows | None = None) -> int | None:
        """Number of allowed products that satisfy all parts with a key that the text asks for; None without such
        parts.

        Args:
            allowed: The allowed products.
            excluded: Some of them, each once, which are not counted.
        """
        asked = [part for part in self._parts if part.judged and part.key is not None]
        if not asked:
            return None
        found = count(_all([self._bits.of(part).satisfied for part in asked], allowed))
        if excluded is None or not len(excluded):
            return found
        return found - int(np.logical_and.reduce([part.satisfied(excluded) for part in asked]).sum())


def _all(sets: Sequence[Bits], allowed: Bits | None) -> Bits:
    return reduce(np.bitwise_and, sets if allowed is None else [*sets, allowed])
