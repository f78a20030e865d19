"""Candidates: the products that may be the best answers to a query with words, found without scoring all N products.

A product ranks high if its vector is near, if its words fit, or both. So candidates are the products in the cells next
to the query, those of the profiles that fit best, those with a stated or expected word, and those that satisfy the
wishes of the text. Of each of these sources the products in the nearest cells are taken, and of all of them those with
the best estimated scores. If enough products satisfy the wishes, there are no other candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from indexer.ranking.attributes import AttributeColumns
from indexer.ranking.bits import BitLayout, Bits, Walk
from indexer.ranking.bits import count as count_of
from indexer.ranking.profiles import SHOWN, Likelihood
from indexer.stores.cells import Cells, RowList
from indexer.stores.masks import MaskCache
from indexer.stores.store import Mask, Rows, Vectors
from models.bundle.expected_words import tempered
from models.bundle.style_search import Floats, filtered_scores, satisfaction

POOL_PER_CANDIDATE, POOL_PREFERRED = 4, 8
"""Number of products whose score is estimated, for each candidate; the sources share it equally. The second applies to
queries with preferred words, because their best products may have these words with a lower probability."""
ALL_UP_TO = 2
"""Number of products, for each candidate, up to which all are scored, because that takes less time than a choice."""
FARTHER = 8
"""Factor by which a filter may at most increase the number of rows that are read of the best profiles."""
MIN_SHARE = 0.2
"""Minimum estimate of a cosine, as a share of that of the nearest cell. A lower estimate would hide how well the words
of a product fit."""
WHOLLY, NEARLY = np.float32(0.92), np.float32(0.5)
"""Minimum fits, as shares of the best one, of products that satisfy the wishes of the text, and that nearly do."""
_NONE = np.zeros(0, dtype=np.int64)


class Judge(Protocol):
    """Judges how well products satisfy the wishes of a text."""

    def fit(self, rows: Rows) -> Floats:
        """How well products satisfy the wishes: ``[len(rows)]``, 0 to 1."""

    def best(self, allowed: Bits | None, wanted: int) -> Bits | None:
        """A set of ``wanted`` or more allowed products that fit better than all others; None if none is known."""

    def sets(self, allowed: Bits | None) -> Iterator[Bits]:
        """Sets of allowed products, in descending order of fit. They may overlap."""


class Words(NamedTuple):
    """The words of a query."""

    likelihood: Likelihood | None
    """The likelihood of the expected words; None without any."""
    preferred: tuple[int, ...]
    """Positions of the words that products should have."""
    avoided: tuple[int, ...]
    judge: Judge | None = None


class Found(NamedTuple):
    """C candidates, each once, in any order."""

    rows: Rows
    wished: Floats
    """How well each satisfies the wishes ``[C]``; 1 without wishes."""
    tiers: npt.NDArray[np.int64]
    """0 for products that satisfy the wishes, 1 for those that nearly do, 2 for all others ``[C]``."""


class Candidates:
    """Finds candidates in one generation. Thread-safe.

    Args:
        cells: The cells of the products.
        attributes: The attribute probabilities of the products; None if the bundle has none.
    """

    def __init__(self, cells: Cells, attributes: AttributeColumns | None) -> None:
        self._cells, self._attributes = cells, attributes
        self.layout = BitLayout(cells)
        """The layout of sets of products."""
        self._showing: dict[int, Bits] = {}
        self._bits_of = MaskCache(self.layout.bits_of)

    def bits_of(self, allowed: Mask | None) -> Bits | None:
        """The set of the products that a filter allows; cached if the mask is read-only."""
        return None if allowed is None else self._bits_of(allowed)

    def find(
        self,
        vector: Vectors,
        words: Words,
        count: int,
        depth: int,
        allowed: Mask | None = None,
        near: Callable[[float], Rows] = lambda _: _NONE,
    ) -> Found:
        """About ``count`` candidates for a query.

        Args:
            vector: Unit float32 ``[D]``.
            words: The words of the query.
            count: Number of candidates; all products if at most ``ALL_UP_TO`` times as many are allowed.
            depth: Length of the list of results.
            allowed: bool ``[N]``; None allows all.
            near: Finds allowed rows that are candidates whatever words they have, given the cosine of the nearest
                cell; not called if all candidates satisfy the wishes.
        """
        bits, judge, size = self.bits_of(allowed), words.judge, len(self._cells.of)
        best_wished = None if judge is None else judge.best(bits, depth)
        if best_wished is not None:
            bits, judge, near = best_wished, None, lambda _: _NONE
        available = size if bits is None else count_of(bits)
        if available <= ALL_UP_TO * count:
            return _judged(words, np.arange(size) if bits is None else self.layout.rows_of(bits))
        cosines = self._cells.cosines(vector)
        walk, nearest = self.layout.walk(np.argsort(-cosines)), float(cosines.max())
        always = near(nearest)
        rows = distinct(np.concatenate([always, *self._sources(words, judge, count, walk, bits, available)]))
        found = _judged(words, rows)
        if len(rows) <= count:
            return found
        if nearest > 0:
            np.maximum(cosines, MIN_SHARE * nearest, out=cosines)
        # Estimates are between -1 and 1, so that each tier is above the next.
        estimates = self._estimate(cosines, words, found) - 4 * found.tiers
        estimates[np.searchsorted(rows, always)] = np.inf
        best = np.argpartition(-estimates, count)[:count]
        return Found(found.rows[best], found.wished[best], found.tiers[best])

    def fit(self, words: Words, found: Found) -> Floats:
        """How well candidates fit the words: ``[C]``, 0 to 1.

        The likelihood of the expected words is divided by that of the best of them: a product of a hundred
        probabilities is tiny however well they fit, and scores would be unreadable.
        """
        fit = found.wished * self._satisfaction(words, found.rows)
        if words.likelihood is not None and len(found.rows):
            likelihood = words.likelihood.exact(found.rows)
            fit = fit * tempered(likelihood - likelihood.max())
        return fit

    def _sources(
        self, words: Words, judge: Judge | None, count: int, walk: Walk, bits: Bits | None, available: int
    ) -> Iterator[Rows | RowList]:
        """Rows that may be candidates, by source; a row may be in several sources."""
        shown = set(words.preferred) | set(words.likelihood.others if words.likelihood is not None else ())
        number = 1 + (words.likelihood is not None) + len(shown) + (judge is not None)
        share = POOL_PREFERRED if words.preferred else POOL_PER_CANDIDATE
        pool = max(count, share * count // number)
        nearest = self.layout.nearest
        yield nearest(self.layout.everything if bits is None else bits, walk, pool)
        if judge is not None:
            taken = 0
            for some in judge.sets(bits):
                rows = nearest(some, walk, pool)
                yield rows
                taken += len(rows)
                if taken >= count:
                    break
        for place in shown:
            showing = self._rows_showing(place)
            yield nearest(showing if bits is None else showing & bits, walk, pool)
        if words.likelihood is not None:
            best = words.likelihood.best_rows(pool * min(FARTHER, -(-len(self._cells.of) // available)))
            yield best if bits is None else best[self.layout.held(bits, best)]

    def _estimate(self, cosines: Floats, words: Words, found: Found) -> Floats:
        """The score with the cosine of the cell in place of the product's own, up to a factor."""
        fit = found.wished * self._satisfaction(words, found.rows)
        if words.likelihood is not None:
            likelihood = words.likelihood.estimate(found.rows)
            fit = fit * tempered(likelihood - likelihood.max())
        return filtered_scores(cosines[self._cells.of[found.rows]], fit)

    def _satisfaction(self, words: Words, rows: Rows) -> Floats | np.float32:
        if not (words.preferred or words.avoided):
            return np.float32(1)
        assert self._attributes is not None, "without attributes no words can be stated"
        of = self._attributes.probabilities
        return satisfaction(of(words.preferred, rows), of(words.avoided, rows))

    def _rows_showing(self, place: int) -> Bits:
        """The products that have the word at ``place``; cached."""
        if place not in self._showing:
            assert self._attributes is not None, "without attributes there are no words"
            self._showing[place] = self.layout.bits_of(self._attributes.column(place) >= SHOWN)
        return self._showing[place]


def _judged(words: Words, rows: Rows) -> Found:
    """Products, with how well they satisfy the wishes."""
    if words.judge is None or not len(rows):
        return Found(rows, np.ones(len(rows), np.float32), np.zeros(len(rows), np.int64))
    wished = words.judge.fit(rows)
    best = wished.max()
    return Found(rows, wished, (wished < WHOLLY * best).astype(np.int64) + (wished < NEARLY * best))


def distinct(rows: Rows) -> Rows:
    """Each row once, in ascending order. Faster than ``np.unique``, which hashes integers."""
    ordered = np.sort(rows)
    first = np.ones(len(ordered), dtype=np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]
