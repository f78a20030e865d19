"""Rows of a table as they are in the file, before they become products."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from catalog.errors import CatalogRefused

Row = dict[str, Any]
"""Cells by column: str, int, float, Decimal, bool, bytes, date, list, dict or None."""

Doubt = Literal["quotes", "truncated", "fall", "kinds"]
"""Checks that stop a build unless they are allowed to fail (``--allow``): stray quotes, a truncated file, far fewer
products than are published, columns of another kind than before."""

LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that cannot be used, or a remark on one that can.

    Attributes:
        row: Line in the file for text formats, number of the row for workbooks (from 1, with the header) and Parquet
            (from 1).
        id: The product's id, if the row has one.
        reason: What is wrong with this row.
        kind: The same in words that are equal for all rows with this problem; ``reason`` if empty.
    """

    row: int
    id: str | None
    reason: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class TableOptions:
    """How to read a table.

    Attributes:
        encoding: Character encoding of a text file; None detects it.
        separator: Separator of a CSV file; None detects it.
        sheet: Sheet of a workbook; None takes the largest.
        names: Column names that the caller expects; they help to find the header.
        allow: Checks that may fail.
    """

    encoding: str | None = None
    separator: str | None = None
    sheet: str | None = None
    names: frozenset[str] = frozenset()
    allow: frozenset[str] = frozenset()

    def doubt(self, doubt: Doubt, message: str, *, hint: str) -> None:
        """Refuse the table unless this check may fail.

        Raises:
            CatalogRefused: The check is not in ``allow``.
        """
        if doubt not in self.allow:
            raise CatalogRefused(message, doubt=doubt, hint=f"{hint} To read it regardless: --allow {doubt}.")


@dataclass(slots=True)
class Table:
    """A table as read.

    Attributes:
        columns: Names in the order of the file.
        rows: Number and cells of each row that has any.
        problems: Rows that could not be read.
        remarks: Rows that were read, but not exactly as they are in the file.
        textual: Whether every cell is text, as in a CSV file, so that only its content tells its kind.
        folded: Number of rows that were merged into the row of their product.
        format: The detected format, such as ``CSV separated by ";" in UTF-8``.
    """

    columns: list[str]
    rows: list[tuple[int, Row]]
    problems: list[Problem] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)
    textual: bool = False
    folded: int = 0
    format: str = ""


def shown(value: object) -> str:
    """``value`` for a message: on one line, shortened, and with escapes for unprintable characters."""
    text = " ".join(str(value).split())
    cut = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}… ({len(text):,} characters)"
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in cut)


def summed_up(problems: Iterable[Problem], examples: int = 2) -> list[tuple[int, str, list[Problem]]]:
    """Problems by kind, the most frequent first: how many, which kind, and the first ones."""
    by_kind: dict[str, list[Problem]] = {}
    counts: Counter[str] = Counter()
    for problem in problems:
        kind = problem.kind or problem.reason
        counts[kind] += 1
        first = by_kind.setdefault(kind, [])
        if len(first) < examples:
            first.append(problem)
    return [(count, kind, by_kind[kind]) for kind, count in counts.most_common()]
