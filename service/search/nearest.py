"""The store's part of a query: rows that filters allow, searched for many queries at once."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import orjson

from indexer.generation import Generation
from indexer.store import Mask, Rows, Scores, Vectors

MOST_MASKS = 16
SMALLEST_DEPTH = 32


class Lookup(NamedTuple):
    """What one query asks of the store."""

    generation: Generation
    vector: Vectors
    """Unit float32 ``[1, D]``."""
    depth: int
    """How many rows to find; see ``depth_for``."""
    allowed: Mask | None
    """bool ``[N]``, the same object for equal filters; None allows all."""


class Neighbours(NamedTuple):
    """The rows that are nearest, best first; fewer where fewer are allowed."""

    scores: Scores
    rows: Rows


def depth_for(wanted: int) -> int:
    """How deep to search for ``wanted`` rows. Few depths make queries alike, so that they can be searched for together;
    and what a query finds depends on its own depth alone, never on who was searched for beside it."""
    return max(SMALLEST_DEPTH, 1 << (wanted - 1).bit_length())


def find_nearest(lookups: list[Lookup]) -> list[Neighbours | Exception]:
    """Search for all, those together that have generation, depth and mask in common (``stages.Work``)."""
    alike: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for number, lookup in enumerate(lookups):
        alike[id(lookup.generation), lookup.depth, id(lookup.allowed)].append(number)
    outcomes: list[Neighbours | Exception] = [Neighbours(np.empty(0, np.float32), np.empty(0, np.int64))] * len(lookups)
    for numbers in alike.values():
        generation, _, depth, allowed = lookups[numbers[0]]
        vectors = [lookups[number].vector for number in numbers]
        stacked = vectors[0] if len(vectors) == 1 else np.concatenate(vectors)
        scores, rows = generation.store.search(stacked, min(depth, generation.size), allowed)
        for number, own_scores, own_rows in zip(numbers, scores, rows, strict=True):
            found = own_rows >= 0
            outcomes[number] = Neighbours(own_scores[found], own_rows[found])
    return outcomes


class Masks:
    """Which products satisfy filters, kept for those that were asked for last. Safe to call from threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: WeakKeyDictionary[Generation, OrderedDict[bytes, Mask]] = WeakKeyDictionary()

    def of(self, generation: Generation, filters: dict[str, Any]) -> Mask | None:
        """The mask, read-only: bool ``[N]``, the same object for equal filters; None where there are none.

        Raises:
            FilterError: The filters cannot be applied.
        """
        if not filters:
            return None
        key = orjson.dumps(filters, option=orjson.OPT_SORT_KEYS)
        with self._lock:
            kept = self._kept.setdefault(generation, OrderedDict())
            if key in kept:
                kept.move_to_end(key)
                return kept[key]
        mask = generation.mask(filters)
        if mask is None:
            return None
        with self._lock:
            mask = kept.setdefault(key, mask)
            if len(kept) > MOST_MASKS:
                kept.popitem(last=False)
        return mask
