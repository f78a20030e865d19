"""Means and spreads over seeds, and claims as they are judged."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from models.bundle.manifest import Metric
from models.comparison.comparison import Comparison
from models.comparison.entries import BACKBONE, Claim

MIN_POINTS = 0.5
"""Smaller differences count as noise."""
STUDENT = {2: 6.31, 3: 2.92, 4: 2.35, 5: 2.13, 6: 2.02, 7: 1.94, 8: 1.89, 9: 1.86, 10: 1.83}
"""95% quantile of Student's t, by the number of seeds (degrees of freedom plus 1)."""

Cases = Mapping[int, Mapping[tuple[str, str], Mapping[str, float]]]
"""Values of a metric by seed, and by protocol and edit."""


@dataclass(frozen=True)
class Summary:
    """Mean and spread over seeds."""

    mean: float
    spread: float | None
    """Standard deviation; None for a single seed, and for figures that do not depend on the seed."""

    def __str__(self) -> str:
        return f"{self.mean:.1f}" if self.spread is None else f"{self.mean:.1f} ± {self.spread:.1f}"


def summary(values: Sequence[float]) -> Summary:
    """Mean and spread of at least one value."""
    return Summary(mean(values), stdev(values) if len(values) > 1 else None)


@dataclass(frozen=True)
class Judgement:
    """A claim as judged: differences in points, paired by seed."""

    better: float
    than: float
    differences: tuple[float, ...]
    margin: float | None
    """Margin that the mean difference must exceed; None with fewer than two seeds."""

    @property
    def word(self) -> str:
        """What was found, by the rule of ``judge``."""
        difference = mean(self.differences)
        if self.margin is None:
            return "not judged (one seed)"
        if abs(difference) <= self.margin:
            return "within noise"
        return "held" if difference > 0 else "did not hold"


def judge(better: Sequence[float], than: Sequence[float]) -> Judgement:
    """Compare two methods, paired by seed.

    The claim held if the mean difference exceeds the margin, which is the one-sided 5% bound of a paired t-test over
    the seeds and at least half a point. It did not hold if the difference is below the negative margin. Otherwise the
    difference is within noise.

    Args:
        better, than: Values of each seed, in the same order.
    """
    differences = tuple(ours - theirs for ours, theirs in zip(better, than, strict=True))
    count = len(differences)
    margin = None
    if count > 1:
        bound = STUDENT.get(count, STUDENT[max(STUDENT)])
        margin = max(MIN_POINTS, bound * stdev(differences) / math.sqrt(count))
    return Judgement(mean(better), mean(than), differences, margin)


class Results:
    """The figures of a comparison by method."""

    def __init__(self, found: Comparison) -> None:
        self.edits: dict[str, Cases] = {
            name: _cases(dict.fromkeys(found.seeds, found.backbone.metrics), name) for name in BACKBONE
        }
        for name, figures in found.figures.items():
            self.edits[name] = _cases({seed: one.metrics for seed, one in figures.items()}, "composer")
        styles = {seed: found.backbone.styles.get(seed, []) for seed in found.seeds}
        methods = dict.fromkeys(metric.method for metrics in styles.values() for metric in metrics)
        self.styles: dict[str, Cases] = {method: _cases(styles, method) for method in methods}
        self.questions = _questions(found.backbone.metrics)
        """Number of queries and size of the gallery, by protocol and edit."""
        self.style_questions = _questions([metric for metrics in styles.values() for metric in metrics])
        """The same for the style search."""

    def values(self, cases: Cases, measure: str, protocol: str, edit: str | None = None) -> dict[int, float]:
        """One value for each seed: of an edit, or the mean over the protocol's edits. Seeds without it are left out."""
        found = {}
        for seed, by_case in cases.items():
            values = [
                values[measure]
                for (name, kind), values in by_case.items()
                if name == protocol and edit in (None, kind) and measure in values
            ]
            if values:
                found[seed] = mean(values)
        return found

    def summary(self, name: str, measure: str, protocol: str, edit: str | None = None) -> Summary | None:
        """Mean and spread over the seeds (no spread for the backbone alone); None without figures."""
        values = list(self.values(self.edits.get(name, {}), measure, protocol, edit).values())
        return summary(values[:1] if name in BACKBONE else values) if values else None

    def judgement(self, claim: Claim, protocol: str) -> Judgement | None:
        """A claim as judged by a protocol; None if one of its methods was not measured."""
        among = self.styles if claim.protocol == "style-search" else self.edits
        better = self.values(among.get(claim.better, {}), claim.measure, protocol)
        than = self.values(among.get(claim.than, {}), claim.measure, protocol)
        seeds = sorted(better.keys() & than.keys())
        return judge([better[seed] for seed in seeds], [than[seed] for seed in seeds]) if seeds else None


def _cases(metrics: Mapping[int, Sequence[Metric]], method: str) -> Cases:
    return {
        seed: {(one.protocol, one.edit): one.values for one in values if one.method == method}
        for seed, values in metrics.items()
    }


def _questions(metrics: Sequence[Metric]) -> dict[tuple[str, str], tuple[int, int]]:
    return {(one.protocol, one.edit): (one.queries, one.gallery) for one in metrics}
