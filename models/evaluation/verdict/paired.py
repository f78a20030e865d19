"""Paired differences of two bundles on the same queries, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 2000
BLOCK = 200
MIN_GROUPS = 20
"""With fewer title groups there is no judgement, because the interval is not reliable."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """The mean over queries of one measure, before and after, in per cent."""

    before: float
    after: float
    low: float
    """Lower end of the 95% interval of ``after - before``."""
    high: float
    queries: int
    groups: int
    """Title groups of the references, which are resampled."""

    @property
    def points(self) -> float:
        """``after - before``."""
        return self.after - self.before

    @property
    def word(self) -> str:
        """``better`` or ``worse`` if the interval does not contain 0, otherwise ``no difference shown``."""
        if self.groups < MIN_GROUPS:
            return "too few titles"
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "no difference shown"

    def __str__(self) -> str:
        return f"{self.points:+.1f} ({self.low:+.1f} to {self.high:+.1f})"


def paired(before: Values, after: Values, groups: Sequence[str], seed: int = 0) -> Difference | None:
    """Compare two bundles on the same queries.

    The interval is a percentile bootstrap over groups (Efron and Tibshirani 1993, chapters 8 and 13): queries of one
    title group are about the same article and are not independent.

    Args:
        before: float64 ``[Q]``, one measure of every query; NaN where a query is not counted.
        after: The same for the other bundle.
        groups: The group of each query.
        seed: Seed of the bootstrap.

    Returns:
        None if no query is counted.
    """
    counted = ~(np.isnan(before) | np.isnan(after))
    if not counted.any():
        return None
    place = {group: at for at, group in enumerate(dict.fromkeys(groups))}
    of_query = np.array([place[group] for group in groups])[counted]
    difference = (after - before)[counted]
    sums = np.bincount(of_query, difference, len(place))
    sizes = np.bincount(of_query, minlength=len(place))
    sums, sizes = sums[sizes > 0], sizes[sizes > 0]
    chance = np.random.default_rng(seed)
    means: list[Values] = []
    for _ in range(0, RESAMPLES, BLOCK):
        drawn = chance.integers(0, len(sizes), (BLOCK, len(sizes)))
        means.append(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))
    low, high = np.percentile(np.concatenate(means), [2.5, 97.5])
    return Difference(
        before=float(before[counted].mean()), after=float(after[counted].mean()), low=float(low), high=float(high),
        queries=int(counted.sum()), groups=len(sizes),
    )  # fmt: skip
