"""The store's part of a query with words: products by cosine, times how well they show what is wanted and expected."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from indexer.store import Mask, Store, Vectors
from models.bundle.style_search import Floats, filtered_scores
from service.search.expected import Expectation
from service.search.nearest import Neighbours, depth_for

AHEAD = 4
"""How many times as many products as are wanted the first look takes in."""
FURTHER = 8
"""How much deeper each further look goes."""
ROUNDING = 1.002
"""Cosines of vectors in half precision may exceed 1 by less than this."""


class FittingLookup(NamedTuple):
    """What one query asks."""

    store: Store
    vector: Vectors
    """Unit float32 ``[1, D]``."""
    satisfied: Floats | None
    """How well the wanted and unwanted words hold of each product, ``style_search.satisfaction`` ``[N]``; None where
    they do not filter."""
    expectation: Expectation | None
    """What the answer should show; not None if ``satisfied`` is."""
    wanted: int
    """How many products to find."""
    allowed: Mask | None
    """bool ``[N]``; None allows all."""


def find_fitting(lookups: list[FittingLookup]) -> list[Neighbours]:
    """The best of all N products for each query, by ``filtered_scores`` (``stages.Work``)."""
    return [_best_fitting(one.store, one.vector, _fit(one), one.wanted, one.allowed) for one in lookups]


def _fit(lookup: FittingLookup) -> Floats:
    """How well each product fits what is wanted and what is expected: ``[N]``, 0 to 1."""
    fits = [] if lookup.satisfied is None else [lookup.satisfied]
    if lookup.expectation is not None:
        fits.append(lookup.expectation.agreement())
    return fits[0] if len(fits) == 1 else np.multiply(*fits)


def _best_fitting(store: Store, vector: Vectors, fit: Floats, wanted: int, allowed: Mask | None) -> Neighbours:
    """Look at the nearest products, deeper and deeper, until none further away can come before those found.

    No score is above its cosine times the best fit, so products beyond the last cosine seen need no look once enough
    score higher; nor is one above its fit, so those that hardly fit are left out of the next look.
    With an exact store the outcome is thus that of scoring all N; with an approximate one, that of scoring the longest
    list which it had to give.
    """
    best = float(fit.max() if allowed is None else fit.max(where=allowed, initial=0)) * ROUNDING
    depth = depth_for(AHEAD * wanted)
    while True:
        depth = min(depth, store.size)
        near, found = store.search(vector, depth, allowed)
        seen = found[0] >= 0
        cosines, rows = near[0][seen], found[0][seen]
        scores = filtered_scores(cosines, fit[rows])
        # Equal scores in the order of their rows, so that pages never overlap.
        order = np.lexsort((rows, -scores))[:wanted]
        reached = float(scores[order[-1]]) if len(order) == wanted else -np.inf
        if len(rows) < depth or depth == store.size or reached > cosines[-1] * (best if cosines[-1] > 0 else 1):
            return Neighbours(scores[order], rows[order])
        if reached > 0:
            possible = fit * np.float32(ROUNDING) >= reached
            allowed = possible if allowed is None else allowed & possible
        depth *= FURTHER
