"""Ranks products by their cosine with the query, times how well they match stated words, expected words and wishes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from indexer.generations.generation import Generation
from indexer.ranking.bits import count
from indexer.ranking.candidates import ALL_UP_TO, Words
from indexer.stores.conditions import Condition
from indexer.stores.store import Mask, Rows, Scores, Vectors
from models.bundle.style_search import filtered_scores
from service.search.words.expected import Expected
from service.search.words.judging import Judge
from service.search.words.stated import Stated
from service.search.words.wishes import Wishes

MIN_DEPTH = 128
CANDIDATES = 1536
"""Number of candidates that are scored exactly for a query with words."""
CANDIDATES_PER_RESULT = 8
"""For long lists, the number of candidates for each wanted product."""
FAR = 0.3
"""A query with a lower cosine with every cell is far from all products, and cells say little about the nearest ones. Of
400 composed queries, 150 photographs and some texts on 33,617 products, none is below 0.36."""


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
    excluded: Collection[int] = ()
    """Rows that are found, but not counted as fitting."""


class Ranked(NamedTuple):
    """Products, best first. Fewer than wanted where fewer are allowed."""

    scores: Scores
    rows: Rows
    tiers: npt.NDArray[np.int64]
    """As in ``indexer.ranking.candidates.Found``."""
    fitting: int | None = None
    """Number of products that satisfy all wishes that can be judged, without excluded ones; None without such a
    wish."""


def rank(lookups: list[Lookup]) -> list[Ranked]:
    """The best products for each of B searches.

    Searches without words that share generation, depth and mask become one search of the store. The result of a search
    does not depend on the other searches of its batch.

    A list begins with every shorter list of the same search, so that its pages never overlap, although an index and the
    choice of candidates may find more of the best products for a longer list: unless the search is exact, lists of
    ``MIN_DEPTH`` products, of twice as many and so on are made, and each adds what those before it lack.
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
        for number, one in zip(numbers, _nearest([lookups[number] for number in numbers], depth), strict=True):
            ranked[number] = one
    return [one for one in ranked if one is not None]


def depth_for(wanted: int) -> int:
    """The number of rows to search for. Powers of two let more searches share a batch."""
    return max(MIN_DEPTH, 1 << (wanted - 1).bit_length())


def _depths(deepest: int, size: int) -> list[int]:
    """The depths of the lists that are joined for a long one; the first that is not less than ``size`` is the last."""
    depths = [MIN_DEPTH]
    while depths[-1] < min(deepest, size):
        depths.append(2 * depths[-1])
    return depths


def _nearest(lookups: list[Lookup], depth: int) -> list[Ranked]:
    """Searches without words, which share generation and mask."""
    generation, _, _, allowed, *_ = lookups[0]
    store, vectors = generation.store, np.concatenate([lookup.vector for lookup in lookups])
    depths = [depth] if store.exact else _depths(depth, store.size)
    found = [store.search(vectors, min(one, store.size), allowed, lookups[0].conditions) for one in depths]
    scores, rows = (np.concatenate(parts, axis=1) for parts in zip(*found, strict=True))
    tiers = np.zeros(rows.shape[1], np.int64)
    return [_joined(scores[at], rows[at], tiers, lookup.wanted) for at, lookup in enumerate(lookups)]


def _joined(scores: Scores, rows: Rows, tiers: npt.NDArray[np.int64], wanted: int) -> Ranked:
    """Lists one after another, each product where it is first; without the padding of -1."""
    unique, places = np.unique(rows, return_index=True)
    best = np.sort(places[unique >= 0])[:wanted]
    return Ranked(scores[best], rows[best], tiers[best])


def _by_words(lookup: Lookup, judge: Judge | None) -> Ranked:
    """Score a bounded number of candidates exactly: the nearest products, and those that match the words best.

    Products that satisfy the wishes of the text rank first, then near matches, then all others, each tier by score.
    The tiers are ranked separately, because multiplying a negative cosine by a small factor would improve it.

    For up to twice ``CANDIDATES`` allowed products the result equals that of scoring every product. Beyond that it may
    differ; ``tests.bench.ranking`` measures how often.
    """
    generation = lookup.generation
    likelihood = None
    if lookup.expected is not None and generation.profiles is not None:
        likelihood = generation.profiles.likelihood(lookup.expected.weights)
    preferred, avoided = (lookup.stated.preferred, lookup.stated.avoided) if lookup.stated else ((), ())
    words = Words(likelihood, preferred, avoided, judge)
    allowed = generation.candidates.bits_of(lookup.allowed)
    available = generation.size if allowed is None else count(allowed)
    depth = depth_for(lookup.wanted)
    generation.store.checked(lookup.vector, depth, lookup.allowed)
    depths = [depth] if available <= ALL_UP_TO * CANDIDATES else _depths(depth, available)
    parts = [_scored(lookup, words, one) for one in depths]
    scores, rows, tiers = (np.concatenate(part) for part in zip(*parts, strict=True))
    ranked = _joined(scores, rows, tiers, lookup.wanted)
    if judge is None:
        return ranked
    excluded = [row for row in lookup.excluded if lookup.allowed is None or lookup.allowed[row]]
    return ranked._replace(fitting=judge.fitting(allowed, np.array(excluded, dtype=np.int64)))


def _scored(lookup: Lookup, words: Words, depth: int) -> tuple[Scores, Rows, npt.NDArray[np.int64]]:
    """Scores, rows and tiers of the ``depth`` best of the candidates for a list of this length."""
    generation, vector = lookup.generation, lookup.vector

    def near(nearest: float) -> Rows:
        # The cells of products are those of their main pictures; other pictures may be nearer.
        if nearest >= FAR and not generation.has_views:
            return np.zeros(0, dtype=np.int64)
        wanted = min(depth, generation.size)
        rows: Rows = generation.store.search(vector, wanted, lookup.allowed, lookup.conditions)[1][0]
        return np.delete(rows, rows < 0)

    found = generation.candidates.find(
        vector[0], words, max(CANDIDATES, CANDIDATES_PER_RESULT * depth), depth, lookup.allowed, near
    )
    scores = filtered_scores(generation.cosines(vector[0], found.rows), generation.candidates.fit(words, found))
    # Equal scores are ordered by row, so that pages never overlap.
    order = np.lexsort((found.rows, -scores, found.tiers))[:depth]
    return scores[order], found.rows[order], found.tiers[order]
