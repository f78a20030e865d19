"""Finds the header of a table and names its columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any

from catalog.errors import ModisteError
from catalog.names.columns import ID_NAMES, known, standard_name
from catalog.names.plain import plain_name
from catalog.table import Problem, Row, Table, check_columns, excerpt
from catalog.values.numbers import MISSING

HEADER_ROWS = 20
"""Number of first rows among which the header is looked for."""
MIN_KNOWN_NAMES = 3
"""Known names that make a row below names of groups the header."""
MIN_DESCRIBED = 2
"""Columns of digits with several words in a row by which its words may have numbers beside them."""
MAX_DESCRIPTIONS = 4
"""Rows below a header that may describe its columns."""
_WORDS = re.compile(r"[^\W\d_][^\d/.:_]*[.!]?")
"""Words, and neither a number nor the path of a picture."""
_VALUE = re.compile(r"\d|\.(?:jpe?g|png|webp|gif|avif)\b", re.IGNORECASE)
"""A number, a code, or a picture."""
_WHOLE = re.compile(r"^\S*\d\S*$|\.(?:jpe?g|png|webp|gif|avif)\b", re.IGNORECASE)
"""The same as the whole cell."""
_IDENTIFIER = re.compile(r"[^\W\d_][^\W\d]*(?:[ .-][^\W\d]+)*(?:[ ._-]?\d)?")
"""The name of a column as programs write it: ``v_products_name_1``."""
_NUMBER = re.compile(r"[-+]?[\d.,]+")


def find_header(records: Sequence[Sequence[str]], names: frozenset[str]) -> int:
    """The index of the header among the first records: exports may have a title or notes above it.

    Args:
        records: The first records of the table.
        names: Column names that the caller expects.
    """
    first = records[:HEADER_ROWS]
    if not first:
        return 0
    filled = [sum(1 for cell in record if str(cell).strip()) for record in first]
    usual = Counter(filled[1:] or filled).most_common(1)[0][0]
    for place, record in enumerate(first):
        cells = {str(cell).strip() for cell in record}
        if names and names <= cells:
            last = _last_header(first, place)
            return last if names <= {str(cell).strip() for cell in first[last]} else place
    whole = next((place for place, count in enumerate(filled) if count >= usual), 0)
    for wanted in (ID_NAMES, None):
        if wanted is None and _names_columns(first, whole):
            return _last_header(first, whole)
        for place, record in enumerate(first):
            if _are_values(record):
                continue
            plain = [standard_name(str(cell)) for cell in record]
            hits = sum(name in wanted if wanted else known(name) for name in plain)
            if hits and filled[place] >= max(1, usual // 2) and len(set(plain)) > len(plain) // 2:
                return _last_header(first, _above_units(first, place))
    return next((place for place, count in enumerate(filled) if count >= max(1, usual // 2)), 0)


def _above_units(records: Sequence[Sequence[str]], place: int) -> int:
    """The row above a row of types or units, such as *text* and *code*, in which words repeat; or else ``place``."""
    cells, above = ([str(cell).strip() for cell in records[at]] for at in (place, place - 1))
    if not place or len(set(cells)) == len(cells) or len(set(above)) < len(above) or not all(above):
        return place
    known_names = [sum(known(standard_name(cell)) for cell in row) for row in (above, cells)]
    return place - 1 if known_names[0] > known_names[1] else place


def _names_columns(records: Sequence[Sequence[str]], place: int) -> bool:
    """Whether a full row has different names, such as ``v_model``, above rows that all have values."""
    cells = [str(cell).strip() for cell in records[place]]
    below = [one for one in records[place + 1 :] if 2 * sum(1 for cell in one if str(cell).strip()) > len(cells)]
    return (
        len(below) > 1
        and len(set(cells)) == len(cells)
        and all(map(_IDENTIFIER.fullmatch, cells))
        and all(any(_WHOLE.search(str(cell)) for cell in record) for record in below)
    )


def _last_header(records: Sequence[Sequence[str]], place: int) -> int:
    """The index of the last of several headers: Amazon has names for readers above those for programs."""
    header = [str(cell) for cell in records[place]]
    for below in (place + 1, place + 2):
        if below < len(records) and [str(cell) for cell in records[below]] == header:
            break  # The same header again, above the next part of a table that was put together.
        plain = [standard_name(str(cell)) for cell in records[below]] if below < len(records) else []
        hits = len({name for name in plain if known(name)})
        enough = MIN_KNOWN_NAMES - 1 if _above_values(records, below) else MIN_KNOWN_NAMES
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


def refuse_without_header(records: Sequence[Sequence[str]], place: int, source: str) -> None:
    """Refuse a table without names of columns, whose first product would be lost as the header.

    Raises:
        ModisteError: The header has no known name, and values of the same shapes as the rows below it.
    """
    header, below = next(iter(records[place:]), ()), records[place + 1 :]
    if not below or any(known(standard_name(str(cell))) for cell in header):
        return
    alike = [
        at
        for at, cell in enumerate(header)
        if _VALUE.search(str(cell)) and all(at < len(row) and _shape(row[at]) == _shape(cell) for row in below)
    ]
    if len(alike) > 1 or (alike and len(header) == 2):
        raise ModisteError(
            f"{source} has no names of columns: the first line looks like a product: "
            f"{', '.join(excerpt(cell, 30) for cell in header[:5])}.",
            hint="Add a first line with the names of the columns, such as sku, title, price, image.",
        )


def _shape(cell: object) -> str:
    """The kinds of characters of a cell, such as ``a-9.a`` for ``red-12.jpg``."""
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", str(cell).strip()))


def column_names(cells: Sequence[str], source: str) -> list[str]:
    """Names of the columns; those without a name are numbered, and so are repeated ones (``tag``, ``tag (2)``).

    Raises:
        ModisteError: Two columns that may be the id have the same name, or there are too many columns.
    """
    check_columns([str(cell) for cell in cells])
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
    """Drop the rows of a template that describe the columns below the header: *Mandatory*, *URL of the image*.

    They have only words, even in columns in which all other rows have digits or pictures.
    """
    rows = [row for _, row in islice(table.rows, MAX_DESCRIPTIONS + HEADER_ROWS)]
    for described in range(min(MAX_DESCRIPTIONS, len(rows) - 1), 0, -1):
        telling = [name for name in table.columns if _tells(name, [row.get(name) for row in rows[described:]])]
        if all(_describes(row, telling, first=place == 0) for place, row in enumerate(rows[:described])):
            kind = "the row describes the columns"
            table.remarks += [Problem(number, None, kind, kind) for number in table.rows.numbers[:described]]
            table.rows.keep(range(described, len(table.rows)))
            return


def _tells(name: str, cells: Sequence[Any]) -> bool:
    """Whether the filled cells of a column have digits or are pictures."""
    filled = [cell for cell in cells if cell not in (None, "")]
    return bool(filled) and all(not isinstance(cell, str) or _VALUE.search(cell) for cell in filled)


def _describes(row: Row, telling: Sequence[str], *, first: bool) -> bool:
    """Whether a row has words alone, in several columns that have others. Below such a row, one is enough, and its
    words may have numbers beside them: *Image of 300 x 300 pixels*."""
    row = {name: cell.strip() if isinstance(cell, str) else cell for name, cell in row.items()}
    cells = [cell for cell in row.values() if cell not in (None, "")]
    described = sum(" " in cell for name in telling if isinstance(cell := row.get(name), str))
    value = _VALUE if first and described < MIN_DESCRIBED else _WHOLE
    if not all(isinstance(cell, str) and not _NUMBER.fullmatch(cell) and not value.search(cell) for cell in cells):
        return False
    words = [cell for name in telling if (cell := row.get(name)) not in (None, "") and cell.casefold() not in MISSING]
    plain = described >= MIN_DESCRIBED or all(_WORDS.fullmatch(word) or not re.search(r"\w", word) for word in words)
    return len(words) >= (2 if first else 1) and (not first or plain)
