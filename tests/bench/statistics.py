"""What becomes of samples: percentiles, and ratios of rounds with their spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


def summary(values: Sequence[float]) -> dict[str, float]:
    """Count, mean, percentiles and extremes; only the count where there is nothing."""
    if not len(values):
        return {"count": 0}
    array = np.asarray(values, dtype=np.float64)
    p50, p95, p99 = np.percentile(array, [50, 95, 99])
    figures = {"mean": array.mean(), "p50": p50, "p95": p95, "p99": p99, "least": array.min(), "most": array.max()}
    return {"count": len(array), **{name: round(float(value), 3) for name, value in figures.items()}}


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` per cent of the samples do not exceed; NaN of nothing."""
    return float(np.percentile(np.asarray(values, dtype=np.float64), share)) if len(values) else float("nan")


@dataclass(frozen=True)
class Spread:
    """One figure measured in several rounds."""

    median: float
    least: float
    most: float
    rounds: list[float]

    @classmethod
    def of(cls, rounds: Sequence[float]) -> Spread:
        """The spread over ``rounds``, at least one."""
        values = [round(float(value), 4) for value in rounds]
        return cls(round(float(np.median(values)), 4), min(values), max(values), values)

    def json(self) -> dict[str, Any]:
        """As it is written."""
        return asdict(self)
