"""The columns of a catalogue with their kinds, and the values with that type."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from catalog.names.columns import PRICES, is_code
from catalog.names.plain import plain_name
from catalog.names.sale import read_flag
from catalog.table import Problem, Row, shown
from catalog.values.dates import order_of, read_date
from catalog.values.entities import unescaped
from catalog.values.kinds import PATH_SIGN, AttributeValue, Kind, kind_of, normal_cell, plain_text
from catalog.values.listed import unlisted
from catalog.values.numbers import MISSING, WHOLE, Separator, decimal_separator, read_number


class Column(NamedTuple):
    """A column of attributes: the kind of its values and, for prices that all state the same one, the currency."""

    kind: Kind
    currency: str = ""


@dataclass(slots=True)
class Typed:
    """The cells of a table with their types.

    Attributes:
        columns: Those that have any value.
        attributes: The values of each row, without its empty cells.
        oddities: Cells that are not of their column's kind and were left out, and cells that made a column of numbers
            text.
        strange: Share of the filled cells that are not of their column's kind, for columns with pinned kinds.
    """

    columns: dict[str, Column] = field(default_factory=dict)
    attributes: list[dict[str, AttributeValue]] = field(default_factory=list)
    oddities: list[Problem] = field(default_factory=list)
    strange: dict[str, float] = field(default_factory=dict)


def type_columns(
    rows: Sequence[tuple[int, Row]], columns: Iterable[str], pinned: Mapping[str, Kind] | None = None
) -> Typed:
    """Find the kind of every column and give its values their type.

    Args:
        rows: Numbers and cells of the rows.
        columns: The columns to type.
        pinned: Kinds that were stated for columns (``catalog.toml``).
    """
    pinned = pinned or {}
    typed = Typed(attributes=[{} for _ in rows])
    numbers = [number for number, _ in rows]
    cells_of = {column: _cells(column, rows) for column in columns}
    prices = (str(cell) for column, cells in cells_of.items() if plain_name(column) in PRICES for cell in cells)
    common = decimal_separator(prices, prices=True)
    for column, cells in cells_of.items():
        filled = [cell for cell in cells if cell != "" and cell != []]
        if not filled:
            continue
        texts = [cell for cell in filled if isinstance(cell, str)]
        decimal = decimal_separator(texts, common, prices=plain_name(column) in PRICES or _are_prices(texts))
        found = kind_of(column, filled, decimal)
        kind = pinned.get(column, found.kind)
        strange = _type_column(typed, column, kind, cells, numbers, decimal)
        if is_code(column):
            _note_rounded(typed, column, cells, numbers)
        if column in pinned:
            typed.strange[column] = strange / len(filled)
        elif found.against:
            for number, cell in zip(numbers, cells, strict=True):
                if cell in found.against:
                    reason = f"{column} is text and not a {found.nearly} because of {shown(cell)!r}"
                    typed.oddities.append(Problem(number, None, reason, f"{column} is text because of such cells"))
    return typed


def _cells(column: str, rows: Sequence[tuple[int, Row]]) -> Sequence[Any]:
    cells = unlisted([normal_cell(row.get(column)) for _, row in rows])
    return [_unescaped(cell) for cell in cells]


def _unescaped(cell: Any) -> Any:
    if isinstance(cell, list):
        return [unescaped(item) for item in cell]
    return unescaped(cell) if isinstance(cell, str) else cell


def _are_prices(texts: Sequence[str]) -> bool:
    """Whether cells state a currency."""
    return any((number := read_number(text)) and number.currency not in ("", "%") for text in texts[:50])


def _note_rounded(typed: Typed, column: str, cells: Sequence[Any], numbers: Sequence[int]) -> None:
    """Name the codes that a spreadsheet has turned into rounded numbers, such as 4.00638E+12."""
    for number, cell in zip(numbers, cells, strict=True):
        if isinstance(cell, str) and re.fullmatch(r"\d[.,]\d+E\+\d+", cell):
            kind = f"{column} was rounded by a spreadsheet"
            typed.oddities.append(Problem(number, None, f"{kind}: {cell}", kind))


def _type_column(
    typed: Typed, column: str, kind: Kind, cells: Sequence[Any], numbers: Sequence[int], decimal: Separator
) -> int:
    """Type one column; gives the number of cells that are not of its kind."""
    read = _reader(column, kind, cells, decimal)
    currencies: Counter[str] = Counter()
    strange = 0
    values: list[AttributeValue | None] = []
    for number, cell in zip(numbers, cells, strict=True):
        value: AttributeValue | None = None
        if cell != "" and cell != []:
            if isinstance(cell, str) and kind in ("number", "date", "flag") and cell.casefold() in MISSING:
                pass
            else:
                value, currency = read(cell)
                if kind == "number" and value is not None:
                    currencies[currency] += 1
                if value is None or value == []:
                    strange += 1
                    kind_name = {"flag": "true or false"}.get(kind, kind)
                    reason = f"{column} is no {kind_name}: {shown(cell)!r}"
                    typed.oddities.append(Problem(number, None, reason, f"{column} is no {kind_name}"))
                    value = None
        values.append(value)
    if all(value is None for value in values):
        return strange
    whole = kind == "number" and all(float(value).is_integer() for value in values if isinstance(value, float | int))
    written_whole = whole and all(not isinstance(cell, str) or WHOLE.fullmatch(cell) for cell in cells if cell != "")
    for row, value in zip(typed.attributes, values, strict=True):
        if value is not None:
            row[column] = int(value) if written_whole and isinstance(value, float) else value
    named = [currency for currency in currencies if currency]
    typed.columns[column] = Column(kind, named[0] if len(named) == 1 else "")
    if len(named) > 1:
        _add_currencies(typed, column, cells, decimal)
    return strange


def _add_currencies(typed: Typed, column: str, cells: Sequence[Any], decimal: Separator) -> None:
    """Where prices of one column are in several currencies, each product's own is an attribute."""
    name = f"{column} currency"
    for row, cell in zip(typed.attributes, cells, strict=True):
        number = read_number(cell, decimal) if isinstance(cell, str) else None
        if number is not None and number.currency:
            row[name] = number.currency
    typed.columns[name] = Column("text")


def _reader(column: str, kind: Kind, cells: Sequence[Any], decimal: Separator) -> Any:
    """A function from a filled cell to its value (None if it is not of ``kind``) and currency."""
    order = order_of([cell for cell in cells if isinstance(cell, str)]) if kind == "date" else None
    split = _splitter(cells) if kind in ("list", "path") else None

    def read(cell: Any) -> tuple[AttributeValue | None, str]:
        if kind == "number":
            if isinstance(cell, int | float) and not isinstance(cell, bool):
                return cell, ""
            number = read_number(str(cell), decimal)
            return (None, "") if number is None else (number.value, number.currency)
        if kind == "flag":
            return (cell if isinstance(cell, bool) else _flag(plain_text(cell))), ""
        if kind == "date":
            return read_date(plain_text(cell), order), ""
        if kind == "list":
            items = cell if isinstance(cell, list) else split(plain_text(cell)) if split else []
            return list(dict.fromkeys(item for item in items if item)), ""
        if kind == "path":
            items = cell if isinstance(cell, list) else split(plain_text(cell)) if split else []
            return list(dict.fromkeys(_path(item) for item in items if item)), ""
        return plain_text(cell) or None, ""

    return read


def _flag(text: str) -> bool | None:
    return {"1": True, "0": False}.get(text, read_flag(text))


def _splitter(cells: Sequence[Any]) -> Any:
    """How the items of a column's lists are separated: by bars, else lines, else semicolons, else commas."""
    texts = [cell for cell in cells if isinstance(cell, str)]
    for sign in ("|", "\n", ";"):
        if any(sign in text for text in texts):
            return lambda text: [item.strip() for item in text.split(sign)]
    # WooCommerce writes a comma within an item as "\,".
    return lambda text: [item.strip().replace("\\,", ",") for item in re.split(r"(?<!\\),", text)]


def _path(text: str) -> str:
    """A path with its parts separated by `` > ``."""
    if not PATH_SIGN.search(text) and re.search(r"\w\s*[/\\]+\s*\w", text):
        return " > ".join(part.strip() for part in re.split(r"[/\\]", text) if part.strip())
    return " > ".join(part for part in PATH_SIGN.split(text) if part)
