"""The store's part of a query with words: products by cosine, times how well they show what is wanted and expected."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from indexer.store import Mask, Store, Vectors
from models.bundle.style_search import Floats, filtered_scores
from service.expectation import Expectation
from service.nearest import Neighbours, depth_for

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
    """How well the wanted and unwanted words hold of each product, ``style_search.satisfaction`` ``[N]``."""
    expectation: Expectation | None
    """What the answer should show."""
    wanted: int
    """How many products to find."""
    allowed: Mask | None
    """bool ``[N]``; None allows all."""


def find_fitting(lookups: list[FittingLookup]) -> list[Neighbours]:
    """The best of all N products for each query, by ``filtered_scores`` (``stages.Work``)."""
    return [_best_fitting(*lookup) for lookup in lookups]


def _best_fitting(
    store: Store, vector: Vectors, satisfied: Floats | None, expectation: Expectation | None, wanted: int,
    allowed: Mask | None,
) -> Neighbours:  # fmt: skip
    """Look at the nearest products, deeper and deeper, until none further away can come before those found.

    No score is above its cosine, so products beyond the last cosine seen need no look once enough score higher; nor
    is one above its satisfaction, so those of which the words hardly hold are left out of the next look.
    With an exact store the outcome is thus that of scoring all N; with an approximate one, that of scoring the longest
    list which it had to give.
    """
    depth = depth_for(AHEAD * wanted)
    while True:
        depth = min(depth, store.size)
        near, found = store.search(vector, depth, allowed)
        seen = found[0] >= 0
        cosines, rows = near[0][seen], found[0][seen]
        fit = np.ones(len(rows), np.float32) if satisfied is None else satisfied[rows]
        if expectation is not None:  # Of those seen alone: of all N it would cost more than the search.
            fit = fit * expectation.agreement(rows)
        scores = filtered_scores(cosines, fit)
        # Equal scores in the order of their rows, so that pages never overlap.
        order = np.lexsort((rows, -scores))[:wanted]
        reached = float(scores[order[-1]]) if len(order) == wanted else -np.inf
        if len(rows) < depth or depth == store.size or reached > cosines[-1]:
            return Neighbours(scores[order], rows[order])
        if reached > 0 and satisfied is not None:
            possible = satisfied * np.float32(ROUNDING) >= reached
            allowed = possible if allowed is None else allowed & possible
        depth *= FURTHER
