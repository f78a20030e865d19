"""Finds the header of a table and names its columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice

from catalog.errors import ModisteError
from catalog.names.columns import ID_NAMES, PRICES, has_picture_name, known, standard_name
from catalog.names.plain import plain_name
from catalog.names.sale import STOCK_COUNTS
from catalog.table import Problem, Table

LOOKED_AT = 20
ENOUGH = 3
"""Known names that make a row below names of groups the header."""
MAX_DESCRIPTIONS = 4
"""Rows below a header that may describe its columns."""
_WORDS = re.compile(r"[^\W\d_][^\d/.:_]*[.!]?")
"""Words, and neither a number nor the path of a picture."""
_NUMBER = re.compile(r"[-+]?[\d.,]+")


def find_header(records: Sequence[Sequence[str]], names: frozenset[str]) -> int:
    """The index of the header among the first records: exports may have a title or notes above it.

    Args:
        records: The first records of the table.
        names: Column names that the caller expects.
    """
    first = records[:LOOKED_AT]
    if not first:
        return 0
    filled = [sum(1 for cell in record if str(cell).strip()) for record in first]
    usual = Counter(filled[1:] or filled).most_common(1)[0][0]
    for place, record in enumerate(first):
        cells = {str(cell).strip() for cell in record}
        if names and names <= cells:
            return place
    for wanted in (ID_NAMES, None):
        for place, record in enumerate(first):
            if _are_values(record):
                continue
            plain = [standard_name(str(cell)) for cell in record]
            hits = sum(name in wanted if wanted else known(name) for name in plain)
            if hits and filled[place] >= max(1, usual // 2) and len(set(plain)) > len(plain) // 2:
                return _last_header(first, place)
    return next((place for place, count in enumerate(filled) if count >= max(1, usual // 2)), 0)


def _last_header(records: Sequence[Sequence[str]], place: int) -> int:
    """The last of several headers: Amazon's have the names for people above those for programs."""
    header = [str(cell) for cell in records[place]]
    for below in (place + 1, place + 2):
        if below < len(records) and [str(cell) for cell in records[below]] == header:
            break  # The same header again, above the next part of a table that was put together.
        plain = [standard_name(str(cell)) for cell in records[below]] if below < len(records) else []
        hits = len({name for name in plain if known(name)})
        enough = ENOUGH - 1 if _above_values(records, below) else ENOUGH
        if hits >= enough and _names_groups(records[below - 1], records[below]):
            place = below
            continue
        enough = max(3, sum(bool(name) for name in plain) // 3)
        if hits >= enough and len(set(plain)) > len(plain) // 2 and not ID_NAMES.isdisjoint(plain):
            place = below
    return place


def _names_groups(above: Sequence[str], below: Sequence[str]) -> bool:
    """Whether a row names groups of columns, as merged cells do: the row below it has names in its gaps."""
    upper, lower = ([bool(str(cell).strip()) for cell in row] for row in (above, below))
    gaps = [
        place
        for place in range(1, max((at for at, one in enumerate(lower) if one), default=0))
        if not any(upper[place : place + 1])
    ]
    return bool(gaps) and all(lower[place] for place in gaps) and sum(lower) > sum(upper)


def _above_values(records: Sequence[Sequence[str]], place: int) -> bool:
    """Whether a record has no digits, and the one below it has some, as values have."""
    return place + 1 < len(records) and all(
        any(re.search(r"\d", str(cell)) for cell in records[at]) is digits
        for at, digits in ((place, False), (place + 1, True))
    )


def _are_values(record: Sequence[str]) -> bool:
    """Whether a record has mostly numbers, so that a word such as "size" in it is a value."""
    filled = [text for cell in record if (text := str(cell).strip())]
    return sum(_NUMBER.fullmatch(text) is not None for text in filled) > len(filled) / 3


def column_names(cells: Sequence[str], source: str) -> list[str]:
    """Names of the columns; those without a name are numbered, and so are repeated ones (``tag``, ``tag (2)``).

    Raises:
        ModisteError: Two columns that may be the id have the same name.
    """
    names: list[str] = []
    counts: Counter[str] = Counter()
    for place, cell in enumerate(cells, start=1):
        name = " ".join(str(cell).split()) or f"column {place}"
        counts[name] += 1
        if counts[name] > 1 and plain_name(name) in ID_NAMES:
            raise ModisteError(
                f"{source} has two columns with the same name: {name}.", hint="Give every column a unique name."
            )
        names.append(name if counts[name] == 1 else f"{name} ({counts[name]})")
    return names


def drop_descriptions(table: Table) -> None:
    """Take out the rows of a template below its header, which describe the columns: *Mandatory*, *URL of the image*.

    They have words where the other rows have prices, counts and pictures.
    """
    telling = [
        name for name in table.columns
        if standard_name(name) in PRICES | STOCK_COUNTS or has_picture_name(name)
    ]  # fmt: skip
    described = 0
    for number, row in islice(table.rows, MAX_DESCRIPTIONS):
        words = [cell for name in telling if (cell := row.get(name)) not in (None, "")]
        if len(words) < 2 or not all(isinstance(cell, str) and _WORDS.fullmatch(cell) for cell in words):
            break
        described += 1
        table.remarks.append(Problem(number, None, "the row describes the columns", "the row describes the columns"))
    if described and described < len(table.rows):
        table.rows.keep(range(described, len(table.rows)))
