"""Measures of a page of results: the share of products that have the requested change and keep everything else.

Recall only counts the first right target, while a shopper looks at a whole page of results.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.datasets.attributes.edit_rules import carries, value_of
from models.datasets.triplets.triplet import Triplet, TripletDataset
from models.datasets.wording import Edit

PAGE = 10
"""Results on a page."""

Rows = npt.NDArray[np.int64]


class Satisfaction:
    """Measures results by the attributes of a dataset's products.

    Args:
        dataset: Must have ``products`` and ``judged``, and ``asked`` in its triplets; otherwise there are no figures.
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
        """Three shares of the results of each query, in per cent, as means over the queries.

        ``asked@10``: the share of results with all requested values. ``kept@10``: the share with the reference's values
        in all attributes that should stay. These are the judged attributes that are not requested and in which at least
        half of the right targets agree with the reference (sleeves cannot stay if a shirt is replaced by a type without
        them). Queries without such an attribute are not counted. ``fit@10``: the number of results that satisfy both,
        divided by the maximum possible: the number of such products in the gallery, at most ten. Unlike the others, it
        can reach 100 in any gallery. Queries without such products are not counted.

        Args:
            queries: Q triplets of the dataset.
            results: int64 ``[Q, K]``, rows of the gallery.
        """
        return {
            name: round(100 * float(np.nanmean(shares)), 2)
            for name, shares in self.of_each(queries, results).items()
            if not np.isnan(shares).all()
        }

    def of_each(self, queries: Sequence[Triplet], results: Rows) -> dict[str, npt.NDArray[np.float64]]:
        """The shares of ``measure`` of each query, 0 to 1: float64 ``[Q]``, NaN where a query is not counted. Empty for
        a dataset without products."""
        if not self.products:
            return {}
        shares = {name: np.full(len(queries), np.nan) for name in (f"asked@{PAGE}", f"kept@{PAGE}", f"fit@{PAGE}")}
        asked, kept, fit = shares.values()
        for at, (query, rows) in enumerate(zip(queries, results, strict=True)):
            if not query.asked:
                continue
            carrying = np.logical_and.reduce([self._carrying(edit) for edit in query.asked])
            staying = self.staying(query)
            keeping = (self.values[:, staying] == self.values[self.row_of[query.reference], staying]).all(axis=1)
            fitting = carrying & keeping
            asked[at] = carrying[rows].mean()
            if staying.any():
                kept[at] = keeping[rows].mean()
            if fitting.any():
                fit[at] = fitting[rows].sum() / min(fitting.sum(), len(rows))
        return shares

    def _carrying(self, edit: Edit) -> npt.NDArray[np.bool_]:
        """Which products have the value of an edit: bool ``[len(products)]``."""
        if edit not in self._masks:
            self._masks[edit] = np.array([carries(one, edit) for one in self.products], dtype=bool)
        return self._masks[edit]

    def staying(self, query: Triplet) -> npt.NDArray[np.bool_]:
        """Which of the judged attributes should stay: bool ``[len(judged)]``."""
        changing = {edit.attribute for edit in query.asked}
        own = self.values[self.row_of[query.reference]]
        agreeing = self.values[[self.row_of[id] for id in query.targets]] == own
        free = np.array([name not in changing for name in self.judged], dtype=bool)
        staying: npt.NDArray[np.bool_] = free & (agreeing.mean(axis=0) >= 0.5)
        return staying
