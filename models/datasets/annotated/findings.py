"""What is wrong with a dataset, or worth knowing about it: named by kind, so that it can be counted."""

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
"""Kinds that stop a training or make a figure wrong. The others are remarks: the published datasets have them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Attributes:
        kind: What sort of thing.
        where: The file, or the dataset, its split and the number of the entry, from 1.
        id: The picture or product that it is about, where it is about one.
        reason: In words, with what follows from it.
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
    """How many there are of each kind; the most first."""
    return dict(Counter(finding.kind for finding in findings).most_common())
