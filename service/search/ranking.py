"""Ranking: the products of the store by cosine, times how well they fit the stated and the expected words."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from indexer.generation import Generation
from indexer.store import Mask, Rows, Scores, Vectors
from models.bundle.expected_words import tempered
from models.bundle.style_search import Floats, filtered_scores, satisfaction
from service.search.expected import Expected
from service.search.stated import Stated
from service.search.wishes import Wishes

MIN_DEPTH = 32
AHEAD = 4
"""The first search of the store asks for so many times the products that are wanted."""
DEEPER = 8
"""How much deeper each further search goes."""
SATISFIED = np.array([0.5, 0.92], np.float32)
"""Fit to the wishes of a text, as a share of the best one, from which on a product nearly and wholly satisfies them."""
ROUNDING = 1.002
"""Cosines of half-precision vectors exceed 1 by less than this."""


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
        if wished is not None:
            ranked[number] = _by_wishes(lookup, wished.levels, wished.fitting)
        elif lookup.stated is None and lookup.expected is None:
            alike[id(lookup.generation), depth_for(lookup.wanted), id(lookup.allowed)].append(number)
        else:
            ranked[number] = _by_words(lookup, _fit(lookup))
    for (_, depth, _), numbers in alike.items():
        first = lookups[numbers[0]]
        vectors = np.concatenate([lookups[number].vector for number in numbers])
        found = first.generation.store.search(vectors, min(depth, first.generation.size), first.allowed)
        for number, scores, rows in zip(numbers, *found, strict=True):
            ranked[number] = Ranked(
                scores[rows >= 0][: lookups[number].wanted], rows[rows >= 0][: lookups[number].wanted]
            )
    return [one for one in ranked if one is not None]


def depth_for(wanted: int) -> int:
    """How many rows to ask the store for. Powers of two make searches alike, so that they form batches."""
    return max(MIN_DEPTH, 1 << (wanted - 1).bit_length())


def _fit(lookup: Lookup) -> Floats:
    """How well each product fits the stated and the expected words: ``[N]``, 0 to 1.

    The likelihood of the expected words is divided by that of the best product: a product of a hundred probabilities is
    tiny however well they fit, and scores would be unreadable.
    """
    generation, fits = lookup.generation, []
    if lookup.stated is not None:
        attributes = generation.attributes
        assert attributes is not None, "checked when the words were looked up"
        preferred, avoided = (attributes.probabilities(at) for at in (lookup.stated.preferred, lookup.stated.avoided))
        fits.append(satisfaction(preferred, avoided))
    if lookup.expected is not None:
        assert generation.profiles is not None
        likelihood = generation.profiles.log_likelihood(lookup.expected.weights)
        fits.append(tempered(likelihood - likelihood.max()))
    return fits[0] if len(fits) == 1 else np.multiply(*fits)


def _by_wishes(lookup: Lookup, wished: Floats, fitting: int | None) -> Ranked:
    """Products that satisfy the wishes of the text come first, then those that nearly do, then all others; each in the
    order of their scores.

    A cosine may be negative, and no factor makes such a score the better one. So the three are ranked apart.
    """
    fit = wished if lookup.stated is None and lookup.expected is None else wished * _fit(lookup)
    tiers = np.digitize(wished, SATISFIED * wished.max())
    parts = [Ranked(np.zeros(0, np.float32), np.zeros(0, np.int64))]
    for tier in range(len(SATISFIED), -1, -1):
        missing = lookup.wanted - sum(len(part.rows) for part in parts)
        allowed = tiers == tier
        if lookup.allowed is not None:
            allowed &= lookup.allowed
        if missing > 0 and allowed.any():
            parts.append(_by_words(lookup._replace(allowed=allowed, wanted=missing), fit))
    return Ranked(np.concatenate([one.scores for one in parts]), np.concatenate([one.rows for one in parts]), fitting)


def _by_words(lookup: Lookup, fit: Floats) -> Ranked:
    """Search the store deeper and deeper, until no product further away can rank before those found.

    A score is at most its cosine times the best fit, so the products beyond the last cosine are out as soon as enough
    score higher. A score is also at most its fit, so the next search leaves out products that fit too little. With an
    exact store the result is that of scoring all N products.
    """
    store, vector, wanted, allowed = lookup.generation.store, lookup.vector, lookup.wanted, lookup.allowed
    best = float(fit.max() if allowed is None else fit.max(where=allowed, initial=0)) * ROUNDING
    depth = depth_for(AHEAD * wanted)
    while True:
        depth = min(depth, store.size)
        near, found = store.search(vector, depth, allowed)
        cosines, rows = near[0][found[0] >= 0], found[0][found[0] >= 0]
        scores = filtered_scores(cosines, fit[rows])
        # Equal scores in the order of their rows, so that pages never overlap.
        order = np.lexsort((rows, -scores))[:wanted]
        reached = float(scores[order[-1]]) if len(order) == wanted else -np.inf
        if len(rows) < depth or depth == store.size or reached > cosines[-1] * (best if cosines[-1] > 0 else 1):
            return Ranked(scores[order], rows[order])
        if reached > 0:
            possible = fit * np.float32(ROUNDING) >= reached
            allowed = possible if allowed is None else allowed & possible
        depth *= DEEPER
