"""Ranking: the products of the store by cosine, times how well they fit the stated and the expected words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from indexer.generations.generation import Generation
from indexer.ranking.candidates import Words, distinct
from indexer.stores.conditions import Condition
from indexer.stores.store import Mask, Rows, Scores, Vectors
from models.bundle.style_search import filtered_scores
from service.search.words.expected import Expected
from service.search.words.stated import Stated
from service.search.words.wishes import Fit, Wishes

MIN_DEPTH = 32
CANDIDATES = 2048
"""Products that are scored exactly for a query with words."""
AHEAD = 8
"""For a long list it is so many times the products that are wanted."""
SATISFIED = np.array([0.5, 0.92], np.float32)
"""Fit to the wishes of a text, as a share of the best one, from which on a product nearly and wholly satisfies them."""


class Lookup(NamedTuple):
    """What one search asks of the store."""

    generation: Generation
    vector: Vectors
    """Unit float32 ``[1, D]``."""
    wanted: int
    """How many products to find."""
    allowed: Mask | None = None
    """bool ``[N]``, the same object for equal filters; None allows all."""
    stated: Stated | None = None
    """Words that filter; None if there are none."""
    expected: Expected | None = None
    wishes: Wishes | None = None
    reference: int | None = None
    """Row of the reference, where it is a product; ``wishes`` may compare with it."""
    shown: Vectors | None = None
    """How probably the reference shows the bundle's words ``[1, A]``."""
    conditions: Sequence[Condition] = ()
    """The same as ``allowed``, for a store that filters by itself."""


class Ranked(NamedTuple):
    """Products, best first. Fewer than wanted where fewer are allowed."""

    scores: Scores
    rows: Rows
    fitting: int | None = None
    """How many products satisfy all wishes that can be judged; None without such a wish."""


def rank(lookups: list[Lookup]) -> list[Ranked]:
    """The best products for each of B searches.

    Searches without words that share generation, depth and mask are one search of the store. The result of a search
    does not depend on the others of its batch.
    """
    ranked: list[Ranked | None] = [None] * len(lookups)
    alike: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for number, lookup in enumerate(lookups):
        wished = None
        if lookup.wishes is not None:
            shown = None if lookup.shown is None else lookup.shown[0]
            wished = lookup.wishes.fit(lookup.generation, lookup.reference, shown)
        if wished is None and lookup.stated is None and lookup.expected is None:
            alike[id(lookup.generation), depth_for(lookup.wanted), id(lookup.allowed)].append(number)
        else:
            ranked[number] = _by_words(lookup, wished)
    for (_, depth, _), numbers in alike.items():
        first = lookups[numbers[0]]
        vectors = np.concatenate([lookups[number].vector for number in numbers])
        found = first.generation.store.search(
            vectors, min(depth, first.generation.size), first.allowed, first.conditions
        )
        for number, scores, rows in zip(numbers, *found, strict=True):
            ranked[number] = Ranked(
                scores[rows >= 0][: lookups[number].wanted], rows[rows >= 0][: lookups[number].wanted]
            )
    return [one for one in ranked if one is not None]


def depth_for(wanted: int) -> int:
    """How many rows to ask the store for. Powers of two make searches alike, so that they form batches."""
    return max(MIN_DEPTH, 1 << (wanted - 1).bit_length())


def _by_words(lookup: Lookup, wished: Fit | None) -> Ranked:
    """Score a bounded number of candidates exactly: the nearest products, and those that fit the words best.

    Products that satisfy the wishes of the text come first, then those that nearly do, then all others; each in the
    order of their scores. A cosine may be negative, and no factor makes such a score the better one, so the three are
    ranked apart.

    For up to ``CANDIDATES`` allowed products the result is that of scoring every product. Beyond, it may differ;
    ``tests.bench.ranking`` measures how often.
    """
    generation, vector, wanted = lookup.generation, lookup.vector, lookup.wanted
    likelihood = None
    if lookup.expected is not None and generation.profiles is not None:
        likelihood = generation.profiles.likelihood(lookup.expected.weights)
    preferred, avoided = (lookup.stated.preferred, lookup.stated.avoided) if lookup.stated else ((), ())
    words = Words(likelihood, preferred, avoided, None if wished is None else wished.levels)
    rows, tiers = [_NONE], [_NONE]
    for tier, allowed in _tiers(lookup.allowed, wished):
        conditions = lookup.conditions if allowed is lookup.allowed else ()
        depth = min(depth_for(wanted), generation.size)
        near_scores, near = generation.store.search(vector, depth, allowed, conditions)
        count = max(CANDIDATES, AHEAD * wanted)
        found = generation.candidates.find(vector[0], words, count, allowed, nearest=float(near_scores[0, 0]))
        rows.append(distinct(np.concatenate([near[near >= 0], found])))
        tiers.append(np.full(len(rows[-1]), tier))
        if sum(map(len, rows)) >= wanted:
            break
    scored, tier_of = np.concatenate(rows), np.concatenate(tiers)
    scores = filtered_scores(generation.cosines(vector[0], scored), generation.candidates.fit(words, scored))
    # Equal scores in the order of their rows, so that pages never overlap.
    order = np.lexsort((scored, -scores, tier_of))[:wanted]
    return Ranked(scores[order], scored[order], None if wished is None else wished.fitting)


def _tiers(allowed: Mask | None, wished: Fit | None) -> Iterator[tuple[int, Mask | None]]:
    """The products that satisfy the wishes, those that nearly do, and all others: the number and the mask of each."""
    if wished is None:
        yield 0, allowed
        return
    tiers = np.digitize(wished.levels, SATISFIED * wished.levels.max())
    for tier in range(len(SATISFIED), -1, -1):
        mask = tiers == tier if allowed is None else (tiers == tier) & allowed
        if mask.any():
            yield len(SATISFIED) - tier, mask


_NONE = np.zeros(0, dtype=np.int64)
