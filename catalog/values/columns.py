"""Finds the kinds of columns, and converts their cells to values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from catalog.names.columns import CURRENCY_COLUMNS, is_code, is_price, standard_name
from catalog.names.meaning import mentions
from catalog.names.plain import currency_in
from catalog.table import MAX_SHARED, Problem, Rows, excerpt
from catalog.values.currencies import currency_code, settled
from catalog.values.dates import Order, common_order, with_century
from catalog.values.entities import unescaped
from catalog.values.kinds import (
    AttributeValue,
    Kind,
    kind_of,
    normal_cell,
)
from catalog.values.listed import unlisted
from catalog.values.numbers import (
    MISSING,
    WHOLE,
    Decimals,
    Separator,
    decimal_separator,
    read_number,
    read_price,
)
from catalog.values.reading import cell_reader

CURRENCY = " currency"
"""Ends the name of the column with the currencies of a column of prices, if there are several."""
MAX_EXCEL_CELL = 32_767
"""Characters of the longest cell of Excel."""


class Column(NamedTuple):
    """A column of attributes: the kind of its values and, for prices that all state the same one, the currency."""

    kind: Kind
    currency: str = ""


@dataclass(slots=True)
class Typed:
    """The cells of a table with their types.

    Attributes:
        columns: Those that have any value.
        attributes: The values of the rows, which are absent for empty cells.
        oddities: Cells that are not of their column's kind and were left out, cells that made a column of numbers
            text, and very long texts.
        strange: Share of the filled cells that are not of their column's kind, for columns with pinned kinds.
    """

    columns: dict[str, Column] = field(default_factory=dict)
    attributes: Rows = field(default_factory=Rows)
    oddities: list[Problem] = field(default_factory=list)
    strange: dict[str, float] = field(default_factory=dict)


def type_columns(
    rows: Rows, columns: Iterable[str], pinned: Mapping[str, Kind] | None = None,
    decimals: Mapping[str, Separator] | None = None, currency: str = "",
) -> Typed:  # fmt: skip
    """Find the kind of every column and give its values their type.

    Args:
        rows: The rows.
        columns: The columns to type.
        pinned: Kinds that were stated for columns (``catalog.toml``).
        decimals: Likewise, the signs that separate decimals.
        currency: Of the prices for which the table states none.
    """
    pinned = pinned or {}
    typed = Typed(attributes=Rows((number, {}) for number in rows.numbers))
    numbers = rows.numbers
    cells_of = {column: _cells(column, rows) for column in columns}
    prices = (str(cell) for column, cells in cells_of.items() if is_price(column) for cell in cells)
    common = decimal_separator(prices, prices=True)
    order = common_order([cell for cell in cells if cell and isinstance(cell, str)] for cells in cells_of.values())
    currencies = _currency_column(cells_of)
    for column, cells in cells_of.items():
        filled = [cell for cell in cells if cell != "" and cell != []]
        if not filled:
            continue
        texts = [cell for cell in filled if isinstance(cell, str)]
        decimal = (decimals or {}).get(column) or _separator(typed, column, texts, common, numbers, cells)
        found = kind_of(column, filled, decimal, order)
        kind = pinned.get(column, found.kind)
        strange = _type_column(typed, column, kind, cells, numbers, decimal, order)
        _add_currency(typed, column, currencies, numbers)
        _note_long(typed, column, cells, numbers)
        if is_code(column):
            _note_rounded(typed, column, cells, numbers)
        if column in pinned:
            typed.strange[column] = strange / len(filled)
            if kind == "text" != found.kind:
                what = f"{column} is pinned as text, but has the values of a {found.kind}"
                typed.oddities.append(Problem(0, None, f"{column}: remove its kind in catalog.toml to use them", what))
        elif found.against:
            for number, cell in zip(numbers, cells, strict=True):
                if cell in found.against:
                    reason = f"{column} is text and not a {found.nearly} because of {excerpt(cell)!r}"
                    typed.oddities.append(Problem(number, None, reason, f"{column} is text because of such cells"))
    named = {currency_code(currency_in(name)) for name in cells_of if is_price(name)}
    stated = {*currencies, *named, *(one.currency for one in typed.columns.values())}
    for column, one in typed.columns.items():
        code = settled(one.currency, stated, cells_of)
        if not code and one.kind == "number" and is_price(column) and f"{column}{CURRENCY}" not in typed.columns:
            code = currency_code(currency)
        typed.columns[column] = one._replace(currency=code)
    return typed


def _separator(
    typed: Typed, column: str, texts: Sequence[str], common: Decimals, numbers: Sequence[int], cells: Sequence[Any]
) -> Separator:
    """The sign that separates decimals in a column, with a remark if it was guessed.

    Args:
        typed: Receives the remark.
        column: Name of the column.
        texts: Its cells that are text.
        common: The separator of all columns of prices together.
        numbers: Numbers of the rows.
        cells: All cells of the column.
    """
    prices = is_price(column)
    found = decimal_separator(texts, common.sign, prices=prices or _are_prices(texts))
    if prices and found.guessed and not common.guessed:
        return common.sign
    number = read_price(found.guessed, found.sign) if found.guessed else None
    if number is not None:
        kind = f"{column} has cells that could be thousands or decimals"
        other = "," if found.sign == "." else "."
        reason = f'{found.guessed} is read as {number.value:.15g}; otherwise: [columns."{column}"] decimal = "{other}"'
        typed.oddities.append(Problem(numbers[list(cells).index(found.guessed)], None, reason, kind))
    return found.sign


def _currency_column(cells_of: Mapping[str, Sequence[Any]]) -> Sequence[str]:
    """The currency of each row, from a column of currencies; empty if there is no such column."""
    columns = [cells for column, cells in cells_of.items() if standard_name(column) in CURRENCY_COLUMNS]
    return [next((currency_code(str(cell)) for cell in cells if cell), "") for cells in zip(*columns, strict=True)]


def _add_currency(typed: Typed, column: str, currencies: Sequence[str], numbers: Sequence[int]) -> None:
    """Give a column of prices without a currency in its cells the one in its name, or those of the rows."""
    held = typed.columns.get(column)
    if held is None or held.kind != "number" or held.currency or f"{column}{CURRENCY}" in typed.columns:
        return
    if not is_price(column):
        return
    stated = dict.fromkeys(filter(None, currencies))
    typed.columns[column] = held._replace(
        currency=currency_code(currency_in(column)) or (next(iter(stated)) if len(stated) == 1 else "")
    )
    if len(stated) > 1 and not typed.columns[column].currency:
        prices = typed.attributes.column(column)
        own = [code if price is not None else "" for code, price in zip(currencies, prices, strict=True)]
        _add_currencies(typed, column, own, numbers)


def _cells(column: str, rows: Rows) -> Sequence[Any]:
    normal, plain = lru_cache(MAX_SHARED)(normal_cell), lru_cache(MAX_SHARED)(unescaped)  # Most cells repeat.
    cells = unlisted([normal(cell) if isinstance(cell, str) else normal_cell(cell) for cell in rows.column(column)])
    dated = mentions(column, "date begin end")
    return [_text(plain(cell), dated) if isinstance(cell, str) else _unescaped(cell) for cell in cells]


def _text(cell: str, dated: bool) -> str:
    return with_century(cell) if dated else cell


def _unescaped(cell: Any) -> Any:
    return [unescaped(item) for item in cell] if isinstance(cell, list) else cell


def _are_prices(texts: Sequence[str]) -> bool:
    """Whether cells state a currency."""
    return any((number := read_number(text)) and number.currency not in ("", "%") for text in texts[:50])


def _note_long(typed: Typed, column: str, cells: Sequence[Any], numbers: Sequence[int]) -> None:
    """Report texts that are longer than a cell of Excel, such as descriptions with pictures in base64."""
    for number, cell in zip(numbers, cells, strict=True):
        if isinstance(cell, str) and len(cell) > MAX_EXCEL_CELL:
            kind = f"{column} has a very long text"
            typed.oddities.append(Problem(number, None, f"{kind}: {len(cell):,} characters", kind))


def _note_rounded(typed: Typed, column: str, cells: Sequence[Any], numbers: Sequence[int]) -> None:
    """Report codes that a spreadsheet has converted to rounded numbers, such as 4.00638E+12."""
    for number, cell in zip(numbers, cells, strict=True):
        if isinstance(cell, str) and re.fullmatch(r"\d[.,]\d+E\+\d+", cell):
            kind = f"{column} was rounded by a spreadsheet"
            typed.oddities.append(Problem(number, None, f"{kind}: {cell}", kind))


def _type_column(
    typed: Typed, column: str, kind: Kind, cells: Sequence[Any], numbers: Sequence[int], decimal: Separator,
    order: Order | None,
) -> int:  # fmt: skip
    """Convert the cells of one column; returns the number of cells that are not of its kind."""
    read = cell_reader(column, kind, cells, decimal, order)
    read_text = lru_cache(MAX_SHARED)(read)  # Equal texts share one value, which is a list for some kinds.
    currencies: Counter[str] = Counter()
    strange = 0
    values: list[AttributeValue | None] = []
    for number, cell in zip(numbers, cells, strict=True):
        value: AttributeValue | None = None
        if cell != "" and cell != []:
            if isinstance(cell, str) and kind in ("number", "date", "flag") and cell.casefold() in MISSING:
                pass
            else:
                value, currency = read_text(cell) if isinstance(cell, str) else read(cell)
                if kind == "number" and value is not None:
                    currencies[currency] += 1
                if value is None or value == []:
                    strange += 1
                    kind_name = {"flag": "true or false"}.get(kind, kind)
                    reason = f"{column} is no {kind_name}: {excerpt(cell)!r}"
                    typed.oddities.append(Problem(number, None, reason, f"{column} is no {kind_name}"))
                    value = None
        values.append(value)
    if all(value is None for value in values):
        return strange
    whole = kind == "number" and all(float(value).is_integer() for value in values if isinstance(value, float | int))
    written_whole = whole and all(not isinstance(cell, str) or WHOLE.fullmatch(cell) for cell in cells if cell != "")
    typed.attributes.put(
        column, (int(value) if written_whole and isinstance(value, float) else value for value in values)
    )
    stated = {currency_code(currency) for currency in currencies if currency}
    codes = {settled(currency, stated) for currency in stated}
    typed.columns[column] = Column(kind, next(iter(codes)) if len(codes) == 1 else "")
    if len(codes) > 1:
        read_one = read_price if is_price(column) else read_number
        found = (read_one(cell, decimal) if isinstance(cell, str) else None for cell in cells)
        own = (settled(currency_code(one.currency), stated) if one else "" for one in found)
        _add_currencies(typed, column, list(own), numbers)
    return strange


def _add_currencies(typed: Typed, column: str, currencies: Sequence[str], numbers: Sequence[int]) -> None:
    """Add a column with the currency of each price of ``column``, and a remark that there are several."""
    name = f"{column}{CURRENCY}"
    if name in typed.columns:
        return
    typed.attributes.put(name, (currency or None for currency in currencies))
    typed.columns[name] = Column("text")
    counts = Counter(filter(None, currencies)).most_common()
    kind = f"{column} has prices in several currencies, which are not converted"
    listed = ", ".join(f"{currency} {count:,}" for currency, count in counts[:3])
    reason = f'{column} is in {listed}: ranges need a filter on "{name}"'
    other = next(place for place, currency in enumerate(currencies) if currency not in ("", counts[0][0]))
    typed.oddities.append(Problem(numbers[other], None, reason, kind))
