"""Ranks products by their cosine with the query, times how well they match stated words, expected words and wishes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from indexer.generations.generation import Generation
from indexer.ranking.candidates import Words
from indexer.stores.conditions import Condition
from indexer.stores.store import Mask, Rows, Scores, Vectors
from models.bundle.style_search import filtered_scores
from service.search.words.expected import Expected
from service.search.words.judging import Judge
from service.search.words.stated import Stated
from service.search.words.wishes import Wishes

MIN_DEPTH = 32
CANDIDATES = 1536
"""Number of candidates that are scored exactly for a query with words."""
AHEAD = 8
"""For long lists, the number of candidates for each wanted product."""


class Lookup(NamedTuple):
    """One search of the store."""

    generation: Generation
    vector: Vectors
    """Unit float32 ``[1, D]``."""
    wanted: int
    """Number of products to find."""
    allowed: Mask | None = None
    """bool ``[N]``, the same object for equal filters; None allows all."""
    stated: Stated | None = None
    """Words that filter; None if there are none."""
    expected: Expected | None = None
    wishes: Wishes | None = None
    reference: int | None = None
    """Row of the reference, where it is a product; ``wishes`` may compare with it."""
    shown: Vectors | None = None
    """Probabilities of the bundle's words in the reference ``[1, A]``."""
    conditions: Sequence[Condition] = ()
    """The same as ``allowed``, for stores with their own filters."""


class Ranked(NamedTuple):
    """Products, best first. Fewer than wanted where fewer are allowed."""

    scores: Scores
    rows: Rows
    tiers: npt.NDArray[np.int64]
    """As in ``indexer.ranking.candidates.Found``."""
    fitting: int | None = None
    """Number of products that satisfy all wishes that can be judged; None without such a wish."""


def rank(lookups: list[Lookup]) -> list[Ranked]:
    """The best products for each of B searches.

    Searches without words that share generation, depth and mask become one search of the store. The result of a search
    does not depend on the other searches of its batch.
    """
    ranked: list[Ranked | None] = [None] * len(lookups)
    alike: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for number, lookup in enumerate(lookups):
        judge = None
        if lookup.wishes is not None:
            shown = None if lookup.shown is None else lookup.shown[0]
            judge = lookup.wishes.judge(lookup.generation, lookup.reference, shown)
        if judge is None and lookup.stated is None and lookup.expected is None:
            alike[id(lookup.generation), depth_for(lookup.wanted), id(lookup.allowed)].append(number)
        else:
            ranked[number] = _by_words(lookup, judge)
    for (_, depth, _), numbers in alike.items():
        first = lookups[numbers[0]]
        vectors = np.concatenate([lookups[number].vector for number in numbers])
        found = first.generation.store.search(
            vectors, min(depth, first.generation.size), first.allowed, first.conditions
        )
        for number, scores, rows in zip(numbers, *found, strict=True):
            best = np.flatnonzero(rows >= 0)[: lookups[number].wanted]
            ranked[number] = Ranked(scores[best], rows[best], np.zeros(len(best), np.int64))
    return [one for one in ranked if one is not None]


def depth_for(wanted: int) -> int:
    """The number of rows to request from the store. Powers of two let more searches share a batch."""
    return max(MIN_DEPTH, 1 << (wanted - 1).bit_length())


def _by_words(lookup: Lookup, judge: Judge | None) -> Ranked:
    """Score a bounded number of candidates exactly: the nearest products, and those that match the words best.

    Products that satisfy the wishes of the text rank first, then near matches, then all others, each tier by score.
    The tiers are ranked separately, because multiplying a negative cosine by a small factor would improve it.

    For up to ``CANDIDATES`` allowed products the result equals that of scoring every product. Beyond that it may
    differ; ``tests.bench.ranking`` measures how often.
    """
    generation, vector, wanted = lookup.generation, lookup.vector, lookup.wanted
    likelihood = None
    if lookup.expected is not None and generation.profiles is not None:
        likelihood = generation.profiles.likelihood(lookup.expected.weights)
    preferred, avoided = (lookup.stated.preferred, lookup.stated.avoided) if lookup.stated else ((), ())
    words = Words(likelihood, preferred, avoided, judge)
    depth = min(depth_for(wanted), generation.size)
    near_scores, near = generation.store.near(vector, depth, lookup.allowed, lookup.conditions)
    found = generation.candidates.find(
        vector[0], words, max(CANDIDATES, AHEAD * wanted), lookup.allowed,
        near=near[near >= 0], nearest=float(near_scores[0, 0]),
    )  # fmt: skip
    scores = filtered_scores(generation.cosines(vector[0], found.rows), generation.candidates.fit(words, found))
    # Equal scores are ordered by row, so that pages never overlap.
    order = np.lexsort((found.rows, -scores, found.tiers))[:wanted]
    fitting = None
    if judge is not None:
        fitting = judge.fitting(generation.candidates.bits_of(lookup.allowed))
    return Ranked(scores[order], found.rows[order], found.tiers[order], fitting)
