"""Whether a page of results does what was asked: the change happened, and the rest stayed.

Recall counts the one product that an annotation names. A shopper looks at a page, on which every product may carry what
was asked and keep what was not, or neither.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.datasets.attributes.edit_rules import carries, value_of
from models.datasets.triplets.triplet import Triplet, TripletDataset
from models.datasets.wording import Edit

PAGE = 10
"""Results that are looked at."""

Rows = npt.NDArray[np.int64]


class Satisfaction:
    """Judges results by the attributes of a dataset's products.

    Args:
        dataset: With ``products`` and ``judged``, and with ``asked`` in its triplets; where any is missing, there is
            nothing to judge by, and no figures come of it.
    """

    def __init__(self, dataset: TripletDataset) -> None:
        self.products = dataset.products
        self.judged = dataset.judged
        self.row_of = {id: row for row, id in enumerate(dataset.gallery)}
        self._masks: dict[Edit, npt.NDArray[np.bool_]] = {}
        codes: dict[tuple[str, str | None], int] = {}
        self.values = np.array(
            [
                [codes.setdefault((name, value_of(one, name)), len(codes)) for name in self.judged]
                for one in self.products
            ]
        ).reshape(len(self.products), len(self.judged))

    def measure(self, queries: Sequence[Triplet], results: Rows) -> dict[str, float]:
        """Three shares of the results of each query, in per cent, each the mean over the queries.

        ``asked@10``: the share that carries all that was asked. ``kept@10``: the share that has the reference's values
        in all that was to stay, which are the judged attributes that were not asked for and in which at least half of
        the right targets agree with the reference (asked for "a kurta instead of a shirt", nothing can keep its
        sleeves, where kurtas have none in the table). A query without any such attribute has no share.
        ``fit@10``: of what could stand on the page, which is at most ten of the gallery's products that carry the one
        and keep the other, the share that does. Few galleries have ten answers to every question: 100 can be reached
        here, and there it cannot. A query that nothing fits has no share.

        Args:
            queries: Q of the dataset's triplets.
            results: int64 ``[Q, K]``, rows of the gallery.
        """
        if not self.products or not all(query.asked for query in queries):
            return {}
        shares: dict[str, list[float]] = {"asked": [], "kept": [], "fit": []}
        for query, rows in zip(queries, results, strict=True):
            carrying = np.logical_and.reduce([self._carrying(edit) for edit in query.asked])
            staying = self.staying(query)
            keeping = (self.values[:, staying] == self.values[self.row_of[query.reference], staying]).all(axis=1)
            fitting = carrying & keeping
            shares["asked"].append(float(carrying[rows].mean()))
            if staying.any():
                shares["kept"].append(float(keeping[rows].mean()))
            if fitting.any():
                shares["fit"].append(float(fitting[rows].sum() / min(fitting.sum(), len(rows))))
        return {f"{name}@{PAGE}": round(100 * float(np.mean(share)), 2) for name, share in shares.items() if share}

    def _carrying(self, edit: Edit) -> npt.NDArray[np.bool_]:
        """Which products carry what an edit asks for: bool ``[len(products)]``."""
        if edit not in self._masks:
            self._masks[edit] = np.array([carries(one, edit) for one in self.products], dtype=bool)
        return self._masks[edit]

    def staying(self, query: Triplet) -> npt.NDArray[np.bool_]:
        """Which of the judged attributes are to stay as they are: bool ``[len(judged)]``."""
        changing = {edit.attribute for edit in query.asked}
        own = self.values[self.row_of[query.reference]]
        agreeing = self.values[[self.row_of[id] for id in query.targets]] == own
        free = np.array([name not in changing for name in self.judged], dtype=bool)
        staying: npt.NDArray[np.bool_] = free & (agreeing.mean(axis=0) >= 0.5)
        return staying
