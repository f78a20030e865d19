"""How well every product agrees with what a query expects, in a fraction of the time of its search.

A query weighs some hundred words of all N products. Most are values of columns, and products share them: 33,617 of them
say four thousand different things there. So what is said is weighed once a profile, and word by word only what is not
said of every product alike: words of titles, and of columns that are left empty here and there.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from indexer.attributes import PROBABILITIES, AttributeColumns, quantised
from models.bundle.expectation import Weights
from models.bundle.style_search import Floats
from models.datasets.attribute_words import DENIED, SAID

PRESENT, ABSENT = np.log(PROBABILITIES), np.log1p(-PROBABILITIES)
"""What a byte means for a word that is to be there, and for one that is not."""
_DENIED, _SAID = quantised(np.array([DENIED, SAID])).tolist()


class Profiles:
    """What the columns of a catalogue say of its N products. Safe to use from several threads at once.

    Args:
        attributes: Of the products.
        valued: bool ``[A]``: the words that are values of a column.
    """

    def __init__(self, attributes: AttributeColumns, valued: npt.NDArray[np.bool_]) -> None:
        self._attributes = attributes
        columns = {place: attributes.column(place) for place in np.flatnonzero(valued).tolist()}
        self._settled = [place for place, column in columns.items() if np.isin(column, (_DENIED, _SAID)).all()]
        said = np.zeros((attributes.size, len(self._settled) + 1), dtype=np.bool_)
        for at, place in enumerate(self._settled):
            said[:, at] = columns[place] == _SAID
        packed = np.packbits(said, axis=1)
        _, first, self._of = np.unique(
            packed.view(f"V{packed.shape[1]}").ravel(), return_index=True, return_inverse=True
        )
        self._said = _places(said[first])

    @property
    def count(self) -> int:
        """How many different profiles there are."""
        return len(self._said)

    def log_likelihood(self, weights: Weights) -> Floats:
        """``sum_w a_w log p_w + b_w log(1 - p_w)`` of every product, of which
        ``models.bundle.expectation.agreement`` is made: float32 ``[N]``.

        Args:
            weights: Of one query ``[A]``.
        """
        present, absent = weights
        settled = self._settled
        denied = present[settled] * PRESENT[_DENIED] + absent[settled] * ABSENT[_DENIED]
        said = present[settled] * PRESENT[_SAID] + absent[settled] * ABSENT[_SAID]
        gains = np.append(said - denied, np.float32(0))  # The last is what fills rows up.
        total: Floats = (gains[self._said].sum(axis=1) + denied.sum())[self._of]
        unsettled = (present > 0) | (absent > 0)
        unsettled[settled] = False
        for place in np.flatnonzero(unsettled).tolist():
            total += (present[place] * PRESENT + absent[place] * ABSENT)[self._attributes.column(place)]
        return total


def _places(said: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Where each row of ``[P, S + 1]`` is true, filled up with S to the same length: ``[P, K]``."""
    rows, places = np.nonzero(said)
    lengths = said.sum(axis=1)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    filled = np.full((len(said), int(lengths.max(initial=0))), said.shape[1] - 1, dtype=np.int32)
    filled[rows, within] = places
    return filled
