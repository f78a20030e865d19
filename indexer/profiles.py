"""How well every product agrees with what a query expects, in a fraction of the time of its search.

A query weighs some hundred words of all N products. Most are values of columns, and products share them: 33,617 of them
say four thousand different things there. So what is said is weighed once a profile. Where a few products leave a column
empty, their words are weighed one by one, and word by word only what many leave open: words of titles, and of columns
that are often empty.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from indexer.attributes import PROBABILITIES, AttributeColumns, quantised
from models.bundle.expected_words import Flags, Weights
from models.bundle.style_search import Floats
from models.datasets.attributes.words import EXCLUDED, STATED

PRESENT, ABSENT = np.log(PROBABILITIES), np.log1p(-PROBABILITIES)
"""What a byte means for a word that is to be there, and for one that is not."""
MOST_OPEN = 1 / 16
"""Share of products that may leave a word open which profiles tell: one by one they cost more than in a row."""
AGREED = 0.9
"""Share of products that have a word, or lack it, from which on they agree in it."""
_EXCLUDED, _STATED = quantised(np.array([EXCLUDED, STATED])).tolist()
_BYTES = len(PROBABILITIES)


class Profiles:
    """What the columns of a catalogue say of its N products. Safe to use from several threads at once.

    Args:
        attributes: Of the products.
        valued: bool ``[A]``: the words that are values of a column.
    """

    def __init__(self, attributes: AttributeColumns, valued: Flags) -> None:
        self._attributes = attributes
        self._settled: list[int] = []
        said: list[Flags] = []
        rows, codes = [_NONE], [_NONE]
        for place in np.flatnonzero(valued).tolist():
            column = attributes.column(place)
            left_open = np.flatnonzero((column != _EXCLUDED) & (column != _STATED))
            if len(left_open) > MOST_OPEN * attributes.size:
                continue
            rows.append(left_open)
            codes.append(len(self._settled) * _BYTES + column[left_open].astype(np.int64))
            said.append(column == _STATED)
            self._settled.append(place)
        said.append(np.zeros(attributes.size, dtype=np.bool_))  # What fills rows of places up.
        packed = np.packbits(np.stack(said, axis=1), axis=1)
        _, first, self._of = np.unique(
            packed.view(f"V{packed.shape[1]}").ravel(), return_index=True, return_inverse=True
        )
        self._said = _places(np.stack([column[first] for column in said], axis=1))
        self._open, self._owner = np.unique(np.concatenate(rows), return_inverse=True)
        self._codes = np.concatenate(codes)
        self._agreed: dict[int, Flags] = {}

    @property
    def count(self) -> int:
        """How many different profiles there are."""
        return len(self._said)

    def log_likelihood(self, weights: Weights) -> Floats:
        """``sum_w a_w log p_w + b_w log(1 - p_w)`` of every product, of which
        ``models.bundle.expected_words.agreement`` is made: float32 ``[N]``.

        Args:
            weights: Of one query ``[A]``.
        """
        present, absent = weights
        settled = self._settled
        denied = present[settled] * PRESENT[_EXCLUDED] + absent[settled] * ABSENT[_EXCLUDED]
        said = present[settled] * PRESENT[_STATED] + absent[settled] * ABSENT[_STATED]
        gains = np.append(said - denied, np.float32(0))
        total: Floats = (gains[self._said].sum(axis=1) + denied.sum())[self._of]
        if len(self._open):  # Profiles take what is open for denied.
            as_told = present[settled][:, None] * PRESENT + absent[settled][:, None] * ABSENT
            gained = (as_told - denied[:, None]).ravel()[self._codes]
            total[self._open] += np.bincount(self._owner, gained).astype(np.float32)
        unsettled = (present > 0) | (absent > 0)
        unsettled[settled] = False
        for place in np.flatnonzero(unsettled).tolist():
            total += (present[place] * PRESENT + absent[place] * ABSENT)[self._attributes.column(place)]
        return total

    def agreed(self, place: int) -> Flags:
        """The words in which products that have the word at ``place`` agree, itself among them: nearly all of them have
        these, or hardly any. bool ``[A]``; without such products, the word itself alone."""
        if place not in self._agreed:
            agreed = np.zeros(len(self._attributes.words), dtype=np.bool_)
            rows = np.flatnonzero(self._attributes.column(place) >= _BYTES // 2)
            for other in range(len(agreed)) if len(rows) else ():
                share = (self._attributes.column(other)[rows] >= _BYTES // 2).mean()
                agreed[other] = not 1 - AGREED < share < AGREED
            agreed[place] = True
            self._agreed[place] = agreed
        return self._agreed[place]


_NONE = np.zeros(0, dtype=np.int64)


def _places(said: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Where each row of ``[P, S + 1]`` is true, filled up with S to the same length: ``[P, K]``."""
    rows, places = np.nonzero(said)
    lengths = said.sum(axis=1)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    filled = np.full((len(said), int(lengths.max(initial=0))), said.shape[1] - 1, dtype=np.int32)
    filled[rows, within] = places
    return filled
