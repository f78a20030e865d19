"""Rows of a table as they are in the file, before they become products."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Literal

from catalog.errors import CatalogRefused, ModisteError

Row = Mapping[str, Any]
"""Cells by column: str, int, float, Decimal, bool, bytes, date, list, dict or None."""
_ABSENT: Any = object()
"""Stands in a column for the cell of a row without this column."""
MAX_SHARED, MAX_SHARED_LENGTH = 50_000, 64
"""Maximum number of distinct texts that are shared among cells, and their maximum length."""

MAX_COLUMNS, MAX_NAME = 2_000, 1_000
"""Maximum number of columns, because every row takes memory for each of them, and characters of the name of one."""

Check = Literal["quotes", "truncated", "fall", "kinds"]
"""Checks that stop a build unless they are allowed to fail (``--allow``): stray quotes, a truncated file, far fewer
products than are published, columns of another kind than before."""

MAX_EXCERPT = 80


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

    def refuse_unless_allowed(self, check: Check, message: str, *, hint: str) -> None:
        """Refuse the table unless this check may fail.

        Raises:
            CatalogRefused: The check is not in ``allow``.
        """
        if check not in self.allow:
            raise CatalogRefused(message, check=check, hint=f"{hint} To read it regardless: --allow {check}.")


def check_columns(new: Sequence[str], others: int = 0) -> None:
    """Check the number of columns, and the length of the names of new ones.

    Raises:
        ModisteError: There are too many, or one of the names is too long.
    """
    if others + len(new) > MAX_COLUMNS:
        raise ModisteError(
            f"The table has more than {MAX_COLUMNS:,} columns, such as {', '.join(map(excerpt, new[-3:]))}.",
            hint="Use the same names in all rows, and leave out what is no attribute of products.",
        )
    long = next((name for name in new if len(name) > MAX_NAME), None)
    if long is not None:
        raise ModisteError(
            f"The name of a column has more than {MAX_NAME:,} characters: {excerpt(long)}.",
            hint="Give the table a header with short names.",
        )


class Rows:
    """Numbered rows, stored by column, because a dictionary for each row takes several times the memory.

    All rows have their cells in the order of the columns: a column that the first rows lack keeps its place.

    Reading returns copies of rows; ``edited`` and ``replace`` change them. Equal short texts are one object, because a
    column of colours has few values in a million rows.
    """

    def __init__(self, rows: Iterable[tuple[int, Row]] = ()) -> None:
        self.numbers = array("q")
        self._columns: dict[str, list[Any]] = {}
        self._shared: dict[str, str] = {}
        self.extend(rows)

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, place: int) -> tuple[int, dict[str, Any]]:
        columns = self._columns.items()
        return self.numbers[place], {name: cell for name, column in columns if (cell := column[place]) is not _ABSENT}

    def __iter__(self) -> Iterator[tuple[int, Row]]:
        names = list(self._columns)
        if not names:
            yield from ((number, {}) for number in self.numbers)
            return
        for number, cells in zip(self.numbers, zip(*self._columns.values(), strict=True), strict=True):
            if _ABSENT in cells:
                yield number, {names[at]: cell for at, cell in enumerate(cells) if cell is not _ABSENT}
            else:
                yield number, dict(zip(names, cells, strict=True))

    def edited(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows in turn; changes of a row are stored before the next one."""
        for place, (number, row) in enumerate(self):
            edited = dict(row)
            try:
                yield number, edited
            finally:
                self.replace(place, edited)

    def column(self, name: str) -> list[Any]:
        """The cells of a column; None where a row has none."""
        return [None if cell is _ABSENT else cell for cell in self._columns.get(name) or repeat(None, len(self))]

    @property
    def names(self) -> list[str]:
        """The columns of which any row has a cell."""
        return [name for name, column in self._columns.items() if any(cell is not _ABSENT for cell in column)]

    def put(self, name: str, cells: Iterable[Any]) -> None:
        """Replace or add a column; rows where ``cells`` has None have no cell."""
        self._columns[name] = [_ABSENT if cell is None else cell for cell in cells]

    def append(self, number: int, row: Row) -> None:
        """Add a row."""
        self.numbers.append(number)
        for name, column in self._columns.items():
            column.append(self._one(row.get(name, _ABSENT)))
        if not row.keys() <= self._columns.keys():
            self._add_columns(row)
            self.replace(len(self) - 1, row)

    def extend(self, rows: Iterable[tuple[int, Row]]) -> None:
        """Add rows."""
        for number, row in rows:
            self.append(number, row)

    def replace(self, place: int, row: Row) -> None:
        """Replace the cells of a row."""
        for name, column in self._columns.items():
            cell = row.get(name, _ABSENT)
            if cell is not column[place]:
                column[place] = self._one(cell)
        if not row.keys() <= self._columns.keys():
            self._add_columns(row)
            self.replace(place, row)

    def _add_columns(self, row: Row) -> None:
        """Add the columns of a row that are new, each behind the one before it in the row.

        Raises:
            ModisteError: There would be too many columns, or the name of one is too long.
        """
        new = [name for name in row if name not in self._columns]
        check_columns(new, len(self._columns))
        names = list(self._columns)
        at = 0
        for name in row:
            if name not in self._columns:
                names.insert(at, name)
            at = names.index(name) + 1
        self._columns = {name: self._columns.get(name) or [_ABSENT] * len(self) for name in names}

    def keep(self, places: Sequence[int]) -> None:
        """Drop all rows but those at ``places``, and bring these into that order."""
        self.numbers = array("q", [self.numbers[place] for place in places])
        for name, column in self._columns.items():
            self._columns[name] = [column[place] for place in places]

    def sort(self) -> None:
        """Order the rows by their numbers."""
        places = sorted(range(len(self)), key=self.numbers.__getitem__)
        if places != list(range(len(self))):
            self.keep(places)

    def drop(self, columns: Iterable[str]) -> None:
        """Drop columns."""
        for name in columns:
            self._columns.pop(name, None)

    def clear(self) -> None:
        """Drop all rows."""
        self.numbers, self._columns, self._shared = array("q"), {}, {}

    def _one(self, cell: Any) -> Any:
        """The object that stands for a cell."""
        if type(cell) is not str or len(cell) > MAX_SHARED_LENGTH:
            return cell
        same = self._shared.get(cell)
        if same is None and len(self._shared) < MAX_SHARED:
            self._shared[cell] = cell
        return cell if same is None else same


@dataclass(slots=True)
class Table:
    """A table as read.

    Attributes:
        columns: Names in the order of the file.
        rows: Number and cells of each row that has any.
        problems: Rows that could not be read.
        remarks: Rows that were read, but changed.
        textual: Whether every cell is text, as in a CSV file, so that its kind depends only on its content.
        folded: Number of rows that were merged into the row of their product.
        outlets: Columns with the stock of one outlet each, and the prefix of their names.
        metafields: Columns of metafields of Shopify, which list the values of all variants of a product.
        format: The detected format, such as ``CSV separated by ";" in UTF-8``.
    """

    columns: list[str]
    rows: Rows
    problems: list[Problem] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)
    textual: bool = False
    folded: int = 0
    outlets: dict[str, str] = field(default_factory=dict)
    metafields: set[str] = field(default_factory=set)
    format: str = ""


def excerpt(value: object, length: int = MAX_EXCERPT) -> str:
    """``value`` for a message: on one line, at most ``length`` characters, with escapes for unprintable ones."""
    text = " ".join(str(value).split())
    cut = text if len(text) <= length else f"{text[:length]}… ({len(text):,} characters)"
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in cut)


def ended(text: str) -> str:
    """``text`` with a full stop, unless it is a question."""
    return text if text.endswith("?") else f"{text.rstrip('.')}."


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
