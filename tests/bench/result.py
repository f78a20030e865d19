"""What a benchmark hands back: figures, targets with their verdicts, charts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.bench.statistics import Spread


@dataclass(frozen=True)
class Target:
    """One thing that the service must reach."""

    what: str
    bound: str
    """Such as ``at most 1.25``."""
    passed: bool | None
    """None where it could not be judged; ``note`` says why."""
    spread: Spread | None = None
    """Over the rounds; the median is judged."""
    note: str = ""

    @property
    def verdict(self) -> str:
        """One word."""
        return {True: "pass", False: "FAIL", None: "not judged"}[self.passed]

    def json(self) -> dict[str, Any]:
        """As it is written."""
        measured = None if self.spread is None else self.spread.json()
        return {
            "what": self.what, "bound": self.bound, "verdict": self.verdict, "measured": measured, "note": self.note,
        }  # fmt: skip


def at_most(what: str, rounds: Sequence[float], limit: float, *, of: int | None = None, note: str = "") -> Target:
    """The median of ``rounds`` may not exceed ``limit``. NaN is a round that gave no figure.

    Args:
        of: How many rounds there were; with figures of fewer than half of them nothing is judged.
    """
    return _judged(what, f"at most {limit:g}", rounds, lambda median: median <= limit, of, note)


def at_least(what: str, rounds: Sequence[float], limit: float, *, of: int | None = None, note: str = "") -> Target:
    """The median of ``rounds`` may not fall below ``limit``; see ``at_most``."""
    return _judged(what, f"at least {limit:g}", rounds, lambda median: median >= limit, of, note)


def _judged(
    what: str, bound: str, rounds: Sequence[float], holds: Callable[[float], bool], of: int | None, note: str
) -> Target:
    values = [value for value in rounds if not math.isnan(value)]
    of = len(rounds) if of is None else of
    if len(values) < of:
        note = f"{note + '; ' if note else ''}{of - len(values)} of {of} rounds gave no figure"
    if not values or 2 * len(values) < of:
        return Target(what, bound, None, Spread.of(values) if values else None, note or "nothing was measured")
    spread = Spread.of(values)
    return Target(what, bound, holds(spread.median), spread, note)


@dataclass(frozen=True)
class Chart:
    """Lines over numbers, or bars over words."""

    title: str
    across: str
    up: str
    series: Mapping[str, Sequence[tuple[Any, float]]]
    kind: Literal["lines", "bars"] = "lines"


def beside_bare(figures: Mapping[str, Any], unit: str, statistic: str) -> dict[str, list[tuple[str, float]]]:
    """Bars of the service and of the bare pipeline over sizes: ``figures[size]["service_<unit>"][statistic]``."""
    return {
        side: [(size, one[f"{side}_{unit}"][statistic]) for size, one in figures.items()]
        for side in ("service", "bare")
    }


@dataclass
class Result:
    """One benchmark's outcome."""

    name: str
    title: str
    figures: dict[str, Any] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def json(self) -> dict[str, Any]:
        """As it is written; charts are drawn from the figures and not repeated."""
        return {
            "title": self.title, "seconds": round(self.seconds, 1), "notes": self.notes,
            "targets": [target.json() for target in self.targets], "figures": self.figures,
        }  # fmt: skip
