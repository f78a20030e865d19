"""Removes sale prices that are not valid today. Shops leave them in the table, with a flag or the dates of the sale."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import NamedTuple

from catalog.names.columns import PRICES, pick, standard_name
from catalog.names.meaning import means, standard_meaning
from catalog.names.sale import SALE_BEGINS, SALE_ENDS, SALE_FLAGS, SALE_PERIODS, SALE_PRICES, read_flag
from catalog.table import Problem, Row, Table
from catalog.values import plain_text
from catalog.values.dates import Order, order_of, read_date, with_century
from catalog.values.numbers import read_number, read_price


class _SaleColumns(NamedTuple):
    """The columns of sale prices, of other prices, and of the flags and dates of sales."""

    prices: list[str]
    others: list[str]
    flags: list[str]
    begins: list[str]
    ends: list[str]
    periods: list[str]


def drop_other_sales(table: Table, today: datetime.date | None = None) -> None:
    """Remove the sale prices of rows that are not on sale, if they have another price: the sale has ended or not begun,
    its flag is false, or its price is 0.

    Args:
        table: Changed in place, with a remark for each such row.
        today: The date in UTC by default.
    """
    columns = _sale_columns(table)
    if not (columns.prices and columns.others):
        return
    on = (today or datetime.datetime.now(datetime.UTC).date()).isoformat()
    dated = (*columns.begins, *columns.ends)
    order = order_of([_dated(cell) for name in dated for cell in table.rows.column(name)])
    for number, row in table.rows.edited():
        stated = _filled(row, columns.prices)
        if not stated or not _filled(row, columns.others):
            continue
        if _is_on_sale(row, columns, order, on):
            stated = [name for name in stated if _is_zero(plain_text(row[name]))]
        if stated:
            row.update(dict.fromkeys(stated))
            kind = "the sale price is not valid today"
            table.remarks.append(Problem(number, None, kind, kind))


def _sale_columns(table: Table) -> _SaleColumns:
    begins, ends, periods = (pick(table.columns, names) for names in (SALE_BEGINS, SALE_ENDS, SALE_PERIODS))
    prices = pick(table.columns, SALE_PRICES)
    prices += [name for name in table.columns if name not in prices and _has_sale_prices(name, table.rows.column(name))]
    flags = pick(table.columns, SALE_FLAGS)
    others = [name for name in table.columns if standard_name(name) in PRICES and name not in prices]
    return _SaleColumns(prices, others, flags, begins, ends, periods)


def _has_sale_prices(name: str, cells: Sequence[object]) -> bool:
    """Whether a column has sale prices, by the words of its name; *Action* may also be the name of one."""
    if standard_meaning(name) == "saleprice":
        return True
    numbers = [read_price(plain_text(cell)) for cell in cells] if means(name, "sale") else []
    return any(number is not None and number.currency not in ("", "%") for number in numbers)


def _is_zero(text: str) -> bool:
    number = read_number(text)
    return number is not None and number.value == 0


def _is_on_sale(row: Row, columns: _SaleColumns, order: Order | None, on: str) -> bool:
    """Whether no flag is false, and no date of the sale excludes the day ``on`` (ISO 8601)."""
    if any(read_flag(plain_text(row.get(name))) is False for name in columns.flags):
        return False
    begins = [_dates(row.get(name), order) for name in columns.begins]
    ends = [_dates(row.get(name), order) for name in columns.ends]
    for name in columns.periods:  # Google's 2026-01-01T00:00+0100/2026-01-31T23:59+0100.
        begin, _, end = plain_text(row.get(name)).partition("/")
        begins.append(_dates(begin, None))
        ends.append(_dates(end.partition("/")[0], None))
    return all(not days or min(days) <= on for days in begins) and all(not days or max(days) >= on for days in ends)


def _filled(row: Row, names: list[str]) -> list[str]:
    return [name for name in names if plain_text(row.get(name))]


def _dates(cell: object, order: Order | None) -> set[str]:
    """The day in a cell in ISO 8601, or both that ``1/2/2026`` may be; empty if there is none."""
    orders: tuple[Order, ...] = (order,) if order else ("dmy", "mdy")
    return {date[:10] for one in orders if (date := read_date(_dated(cell), one))}


def _dated(cell: object) -> str:
    """A cell with a year of four digits."""
    return with_century(plain_text(cell))
