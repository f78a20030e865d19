"""Groups results (``group_by``) and sorts them by an attribute (``sort``)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from catalog.errors import ModisteError
from catalog.values.columns import CURRENCY
from indexer.generations.filters import Filters, mixes_currencies
from indexer.generations.generation import Generation
from indexer.stores.store import Mask

PRODUCT = "product"
"""``group_by``: a product with its sizes is one result; each colour is a separate result."""
GROUP = "group"
"""``group_by``: all looks of a product are one result."""
SORTED = 500
"""Number of most relevant products that ``sort`` sorts."""
NEAR = 0.5
"""Share of the best score from which on a product is relevant enough to be sorted with the best one."""


class Hit(NamedTuple):
    """A product that was found."""

    row: int
    score: float
    tier: int = 0
    """As in ``indexer.ranking.candidates.Found``."""


class InvalidArrangement(ModisteError):
    """``group_by`` or ``sort`` is not an attribute, or one that cannot be grouped or sorted by; ``field`` is which."""

    def __init__(self, message: str, *, field: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.field = field


class Arrangement(NamedTuple):
    """The groups and the order of results."""

    labels: npt.NDArray[np.int64] | None
    """Group of each product ``[N]``; None if every product is its own group."""
    ranks: npt.NDArray[np.float64] | None
    """Rank of each product by the attribute ``[N]``, infinite without a value; None sorts by relevance."""

    def total(self, allowed: Mask | None, excluded: Collection[int], size: int) -> int:
        """The total number of results."""
        if self.labels is not None:
            fitting = np.ones(size, dtype=np.bool_) if allowed is None else np.array(allowed)
            fitting[list(excluded)] = False
            count = len(np.unique(self.labels[fitting]))
        elif allowed is not None:
            count = int(np.count_nonzero(allowed)) - sum(bool(allowed[row]) for row in excluded)
        else:
            count = size - len(excluded)
        return count if self.ranks is None else min(count, SORTED)

    def group_rows(self, row: int) -> set[int]:
        """The rows of the group of a product."""
        return {row} if self.labels is None else set(np.flatnonzero(self.labels == self.labels[row]).tolist())

    def firsts(self, hits: Iterable[Hit], excluded: Collection[int]) -> list[Hit]:
        """The best of each group, in the order of ``hits``, without excluded rows."""
        seen: set[int] = set()
        kept = []
        for hit in hits:
            label = hit.row if self.labels is None else int(self.labels[hit.row])
            if hit.row not in excluded and label not in seen:
                seen.add(label)
                kept.append(hit)
        return kept

    def ordered(self, hits: Sequence[Hit], *, wished: bool) -> list[Hit]:
        """``hits`` sorted by the attribute within each tier, equal values by relevance, missing values last.

        Args:
            wished: Whether the text has wishes that define the tiers. Otherwise products with less than ``NEAR`` of the
                best score come after those with more.
        """
        if self.ranks is None:
            return list(hits)
        ranks = self.ranks
        threshold = -np.inf if wished else NEAR * max((hit.score for hit in hits), default=0.0)
        return sorted(hits, key=lambda hit: (hit.tier, hit.score < threshold, ranks[hit.row]))


def arrangement(generation: Generation, group_by: str, sort: str, filters: Filters | None = None) -> Arrangement:
    """The arrangement of a query in a generation.

    Args:
        generation: The generation.
        group_by: The attribute of the groups, or ``PRODUCT`` or ``GROUP``.
        sort: The attribute to sort by; a minus before it sorts descending.
        filters: The filters of the query, which may choose a currency.

    Raises:
        InvalidArrangement: There is no such attribute, it contains lists, or its prices are in several currencies.
    """
    labels = None
    if group_by == GROUP and generation.has_groups:
        labels = generation.labels(None)
    elif group_by not in (PRODUCT, GROUP):
        _check(generation, group_by, "group_by", "text", "number", "flag", "date")
        labels = generation.labels(group_by)
    ranks = None
    if sort:
        name = sort.removeprefix("-")
        _check(generation, name, "sort", "number", "date", "text", "flag")
        if _in_several_currencies(generation, name, filters):
            raise InvalidArrangement(
                f"The prices in {name!r} are in several currencies, which cannot be compared.",
                field="sort", hint=f"Add a filter for one of them, on {name + CURRENCY!r}.",
            )  # fmt: skip
        ranks = generation.ranks(name, descending=sort.startswith("-"))
    return Arrangement(labels, ranks)


def can_sort(generation: Generation, sort: str, filters: Filters | None = None) -> bool:
    """Whether products can be sorted by the numbers of an attribute, as ``arrangement`` sorts."""
    name = sort.removeprefix("-")
    return generation.columns.get(name) == "number" and not _in_several_currencies(generation, name, filters)


def _in_several_currencies(generation: Generation, name: str, filters: Filters | None) -> bool:
    default = generation.manifest.default_filters or {}
    return mixes_currencies(name, generation.columns, {**default, **(filters or {})})


def _check(generation: Generation, name: str, field: str, *kinds: str) -> None:
    kind = generation.columns.get(name)
    if kind not in kinds:
        fitting = [column for column, one in generation.columns.items() if one in kinds]
        known = f"There are: {', '.join(fitting)}." if fitting else "This catalogue has none."
        what = (
            f"There is no attribute {name[:100]!r}" if kind is None else f"The attribute {name[:100]!r} contains lists"
        )
        raise InvalidArrangement(f"{what} for {field}.", field=field, hint=known)
