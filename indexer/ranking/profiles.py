"""How well products agree with the expected words: computed for given products, and used to find the best of all.

A query has weights for many expected words. Most of these words are values of columns, and many products share the same
values: 33,617 products have about four thousand different combinations. Such a combination is a profile, and the
likelihood of the words is computed once for each profile. Three kinds of words are not part of profiles and are looked
up for each product: words of titles, words of columns that many products leave empty, and, for the few products that
leave another column empty, the words of that column.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from indexer.ranking.attributes import PROBABILITIES, AttributeColumns, quantised
from indexer.stores.cells import RowList, ranges
from indexer.stores.store import Rows
from models.bundle.expected_words import Flags, Weights
from models.bundle.style_search import Floats
from models.datasets.attributes.words import EXCLUDED, STATED

PRESENT, ABSENT = np.log(PROBABILITIES), np.log1p(-PROBABILITIES)
"""``log p`` and ``log(1 - p)`` of each byte of an attribute column."""
MAX_OPEN = 1 / 16
"""A word is part of profiles if the catalogue neither states nor excludes it for at most this share of products."""
AGREED = 0.9
"""Products agree in a word if at least this share of them has it, or lacks it."""
AGREED_SAMPLE = 4096
"""Maximum number of products that are compared for ``AGREED``."""
_EXCLUDED, _STATED = quantised(np.array([EXCLUDED, STATED])).tolist()
_BYTES = len(PROBABILITIES)
MIN_WEIGHT = 0.1
"""Minimum weight of a word for which products are looked for. Most words of a query weigh next to nothing."""
SHOWN = _BYTES // 2
"""Minimum byte of a product that has a word: a probability of about one half."""


class Profiles:
    """The profiles of N products. Thread-safe.

    Args:
        attributes: The attribute probabilities of the products.
        exclusive: bool ``[A]``: the words that are values of a column.
    """

    def __init__(self, attributes: AttributeColumns, exclusive: Flags) -> None:
        self.attributes = attributes
        self.settled: list[int] = []
        columns: list[Flags] = []
        rows, codes = [_NONE], [_NONE]
        for place in np.flatnonzero(exclusive).tolist():
            column = attributes.column(place)
            left_open = np.flatnonzero((column != _EXCLUDED) & (column != _STATED))
            if len(left_open) > MAX_OPEN * attributes.size:
                continue
            rows.append(left_open)
            codes.append(len(self.settled) * _BYTES + column[left_open].astype(np.int64))
            columns.append(column == _STATED)
            self.settled.append(place)
        columns.append(np.zeros(attributes.size, dtype=np.bool_))  # ``_positions`` pads with this column.
        packed = np.packbits(np.stack(columns, axis=1), axis=1)
        _, first, of = np.unique(packed.view(f"V{packed.shape[1]}").ravel(), return_index=True, return_inverse=True)
        self.of = of.ravel().astype(np.int32)
        self.stated = _positions(np.stack([column[first] for column in columns], axis=1))
        """The positions in ``settled`` of the words of each profile ``[K, P]``; all have K, because one more position
        stands for no word."""
        self.by_profile = np.argsort(self.of, kind="stable").astype(np.int32)
        self.ends = np.cumsum(np.bincount(self.of, minlength=len(first)))
        # The words of profiles that the catalogue leaves open for single products, as codes sorted by row. A code is
        # the place in ``settled`` times ``_BYTES``, plus the byte.
        open_rows, open_codes = np.concatenate(rows), np.concatenate(codes)
        order = np.argsort(open_rows, kind="stable")
        self.open, starts = np.unique(open_rows[order], return_index=True)
        self.open_codes, self.open_starts = open_codes[order], np.append(starts, len(open_codes))
        self._agreed: dict[int, Flags] = {}

    @property
    def count(self) -> int:
        """The number of profiles."""
        return len(self.ends)

    def likelihood(self, weights: Weights) -> Likelihood:
        """The likelihood of the expected words of one query, with ``weights`` ``[A]``."""
        return Likelihood(self, weights)

    def agreed(self, place: int) -> Flags:
        """The words in which the products with the word at ``place`` agree, because nearly all or hardly any of them
        have these words: bool ``[A]``. The word itself is included; without such products, it is the only one."""
        if place not in self._agreed:
            agreed = np.zeros(len(self.attributes.words), dtype=np.bool_)
            rows = np.flatnonzero(self.attributes.column(place) >= SHOWN)
            rows = rows[:: -(-len(rows) // AGREED_SAMPLE) or 1]
            if len(rows):
                share = (self.attributes.log_odds(rows) >= SHOWN).mean(axis=0)
                agreed = (share <= 1 - AGREED) | (share >= AGREED)
            agreed[place] = True
            self._agreed[place] = agreed
        return self._agreed[place]


class Likelihood:
    """``sum_w a_w log p_w + b_w log(1 - p_w)`` of products, with the weights ``a`` (present) and ``b`` (absent) of one
    query, from which ``models.bundle.expected_words.agreement`` is computed. See ``Profiles.likelihood``."""

    def __init__(self, profiles: Profiles, weights: Weights) -> None:
        self._profiles, self._weights = profiles, weights
        self._present, self._absent = weights.present[profiles.settled], weights.absent[profiles.settled]
        self._excluded = self._present * PRESENT[_EXCLUDED] + self._absent * ABSENT[_EXCLUDED]
        stated = self._present * PRESENT[_STATED] + self._absent * ABSENT[_STATED]
        gains = np.append(stated - self._excluded, np.float32(0))
        self._of_profiles: Floats = gains.take(profiles.stated).sum(axis=0) + self._excluded.sum()
        counted = (weights.present > 0) | (weights.absent > 0)
        counted[profiles.settled] = False
        self._others = np.flatnonzero(counted).tolist()

    @property
    def others(self) -> list[int]:
        """The words that are not part of profiles and weigh enough to be looked for."""
        return [place for place in self._others if self._weights.present[place] >= MIN_WEIGHT]

    def best_rows(self, count: int) -> RowList:
        """Rows of the profiles with the highest likelihood: ``count``, the best profiles first."""
        ends = self._profiles.ends
        order = np.argsort(-self._of_profiles)
        last = ends[order]
        first = np.where(order > 0, ends[order - 1], 0)
        enough = int(np.searchsorted(np.cumsum(last - first), count)) + 1
        return self._profiles.by_profile[ranges(first[:enough], last[:enough])[:count]]

    def estimate(self, rows: npt.NDArray[np.integer]) -> Floats:
        """A faster approximation of ``exact``; equal for products with a value in every column of the profiles."""
        total: Floats = self._of_profiles.take(self._profiles.of.take(rows))
        for place in self._others:
            logs = self._weights.present[place] * PRESENT + self._weights.absent[place] * ABSENT
            total += logs.take(self._profiles.attributes.column(place).take(rows))
        return total

    def exact(self, rows: Rows) -> Floats:
        """The likelihood of some products: float32 ``[len(rows)]``."""
        total, profiles = self.estimate(rows), self._profiles
        if not len(profiles.open):
            return total
        at = np.minimum(np.searchsorted(profiles.open, rows), len(profiles.open) - 1)
        left_open = np.flatnonzero(profiles.open[at] == rows)
        first, last = profiles.open_starts[at[left_open]], profiles.open_starts[at[left_open] + 1]
        codes = profiles.open_codes[ranges(first, last)]
        words, odds = codes // _BYTES, codes % _BYTES
        # Profiles treat open words as excluded.
        gained = self._present[words] * PRESENT[odds] + self._absent[words] * ABSENT[odds] - self._excluded[words]
        owners = np.repeat(left_open, last - first)
        total += np.bincount(owners, gained, len(rows)).astype(np.float32)
        return total


_NONE = np.zeros(0, dtype=np.int64)


def _positions(stated: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """The positions where each row of ``[P, S + 1]`` is true, padded with S to the same length: ``[K, P]``."""
    rows, places = np.nonzero(stated)
    lengths = stated.sum(axis=1)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    filled = np.full((int(lengths.max(initial=0)), len(stated)), stated.shape[1] - 1, dtype=np.int32)
    filled[within, rows] = places
    return filled
