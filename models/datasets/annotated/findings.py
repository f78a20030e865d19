"""Findings about a dataset, by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "missing picture",
    "corrupt picture",
    "duplicate picture",
    "unusable entry",
    "empty caption",
    "reference is target",
    "target outside the gallery",
    "reference outside the gallery",
    "repeated id",
    "wrong subset",
    "split overlap",
]

FAULTS: frozenset[Kind] = frozenset(
    (
        "missing picture",
        "corrupt picture",
        "unusable entry",
        "target outside the gallery",
        "repeated id",
        "wrong subset",
    )
)
"""Kinds that prevent training or falsify figures. The others are remarks; published datasets have them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Attributes:
        kind: Its kind.
        where: The file, or dataset, split and number of the entry (from 1).
        id: Id of the picture or product, if it concerns one.
        reason: Explanation, with its consequence.
    """

    kind: Kind
    where: str
    id: str | None
    reason: str

    @property
    def is_fault(self) -> bool:
        return self.kind in FAULTS

    def __str__(self) -> str:
        about = f" ({self.id})" if self.id else ""
        return f"{self.where}{about}: {self.reason}"


def counted(findings: Iterable[Finding]) -> dict[Kind, int]:
    """Number of findings by kind, the most frequent first."""
    return dict(Counter(finding.kind for finding in findings).most_common())
