"""Candidates: the products that may be the best answers to a query with words, without a look at all N of them.

A product ranks high if its vector is near, if its words fit, or both. So candidates are the products in the cells next
to the query, the products of the profiles that fit best, and the products that show a word that is stated or expected.
From each of these, those in the nearest cells are taken, and of all of them those with the best estimate of the score.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from indexer.ranking.attributes import AttributeColumns
from indexer.ranking.cells import Cells, Posting, RowList, nearest_rows
from indexer.ranking.profiles import SHOWN, Likelihood
from indexer.stores.store import Mask, Rows, Vectors
from models.bundle.expected_words import tempered
from models.bundle.style_search import Floats, filtered_scores, satisfaction

POOL_PER_CANDIDATE = 12
"""Products whose score is estimated, for each candidate; the sources share them equally."""


LEAST_SHARE = 0.2
"""Of the nearest product's cosine: the least that is expected of any product, so that its words can still count."""


class Words(NamedTuple):
    """The words of a query."""

    likelihood: Likelihood | None
    """Of the expected words; None without any."""
    preferred: tuple[int, ...]
    """Positions of the words that products should show."""
    avoided: tuple[int, ...]
    levels: Floats | None = None
    """How well every product satisfies the rest of what is asked ``[N]``, 0 to 1."""


class Candidates:
    """Finds candidates in one generation. Safe to use from several threads at once.

    Args:
        cells: Of the products.
        attributes: How probably they show the bundle's words; None if the bundle has none.
    """

    def __init__(self, cells: Cells, attributes: AttributeColumns | None) -> None:
        self._cells, self._attributes = cells, attributes
        self._postings: dict[int, Posting] = {}

    def find(
        self, vector: Vectors, words: Words, count: int, allowed: Mask | None = None, *, nearest: float = 1.0
    ) -> Rows:
        """About ``count`` rows for a query, each once, in any order.

        Args:
            vector: Unit float32 ``[D]``.
            words: What products should show.
            count: How many; where fewer are allowed, all that are.
            allowed: bool ``[N]``; None allows all.
            nearest: The cosine of the nearest product.
        """
        size = len(self._cells.of)
        available = size if allowed is None else int(np.count_nonzero(allowed))
        if available <= count:
            return np.arange(size) if allowed is None else np.flatnonzero(allowed)
        cosines = self._cells.cosines(vector)
        order = np.argsort(-cosines, kind="stable")
        # A product may be much nearer than its cell: composed queries are far from all centroids.
        cosines = np.maximum(cosines + max(0.0, nearest - float(cosines.max())), LEAST_SHARE * nearest)
        shown = set(words.preferred) | set(words.likelihood.others if words.likelihood is not None else ())
        number = 1 + (words.likelihood is not None) + len(shown)
        pool = min(size, max(count, POOL_PER_CANDIDATE * count // number) * size // available)
        sources = [nearest_rows(self._cells.all, order, pool)]
        if words.likelihood is not None:
            sources.append(words.likelihood.best_rows(pool))
        sources += [nearest_rows(self._posting(place), order, pool) for place in shown]
        rows = np.concatenate(sources)
        if allowed is not None:
            rows = rows[allowed[rows]]
        estimates = self._estimate(cosines, words, rows)
        most = len(sources) * count  # A row may come from every source.
        if len(rows) > most:
            best = np.argpartition(-estimates, most)[:most]
            rows, estimates = rows[best], estimates[best]
        by_row = np.argsort(rows, kind="stable")
        rows, estimates = rows[by_row], estimates[by_row]
        once = _first(rows)
        rows, estimates = rows[once], estimates[once]
        if len(rows) > count:
            rows = rows[np.argpartition(-estimates, count)[:count]]
        found: Rows = rows.astype(np.int64)
        return found

    def fit(self, words: Words, rows: Rows) -> Floats:
        """How well products fit the words: ``[len(rows)]``, 0 to 1.

        The likelihood of the expected words is divided by that of the best of ``rows``: a product of a hundred
        probabilities is tiny however well they fit, and scores would be unreadable.
        """
        fit = self._satisfaction(words, rows)
        if words.likelihood is not None and len(rows):
            likelihood = words.likelihood.exact(rows)
            fit = fit * tempered(likelihood - likelihood.max())
        return fit

    def _estimate(self, cosines: Floats, words: Words, rows: RowList) -> Floats:
        """The score with the cosine of the cell in place of the product's own, up to a factor."""
        fit = self._satisfaction(words, rows)
        if words.likelihood is not None and len(rows):
            likelihood = words.likelihood.estimate(rows)
            fit = fit * tempered(likelihood - likelihood.max())
        return filtered_scores(cosines[self._cells.of[rows]], fit)

    def _satisfaction(self, words: Words, rows: Rows | RowList) -> Floats:
        fit = np.ones(len(rows), np.float32) if words.levels is None else words.levels[rows]
        if words.preferred or words.avoided:
            assert self._attributes is not None, "without attributes no words can be stated"
            of = self._attributes.probabilities
            fit = fit * satisfaction(of(words.preferred, rows), of(words.avoided, rows))
        return fit

    def _posting(self, place: int) -> Posting:
        """The rows that show the word at ``place``, kept once they were found."""
        if place not in self._postings:
            assert self._attributes is not None, "without attributes there are no words"
            self._postings[place] = self._cells.posting(np.flatnonzero(self._attributes.column(place) >= SHOWN))
        return self._postings[place]


def distinct(rows: Rows) -> Rows:
    """Each row once, in ascending order. Faster than ``np.unique``, which hashes integers."""
    ordered = np.sort(rows)
    return ordered[_first(ordered)]


def _first(ordered: Rows | RowList) -> Mask:
    """Which of some sorted rows differ from the one before."""
    first = np.ones(len(ordered), dtype=np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return first
