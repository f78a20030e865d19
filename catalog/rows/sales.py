"""Sale prices that are not valid today: shops leave them in the table, with the dates of the sale."""

from __future__ import annotations

import datetime

from catalog.names.columns import PRICES, pick
from catalog.names.plain import plain_name
from catalog.names.sale import SALE_BEGINS, SALE_ENDS, SALE_PERIODS, SALE_PRICES
from catalog.table import Problem, Row, Table
from catalog.values import plain_text
from catalog.values.dates import Order, order_of, read_date


def drop_other_sales(table: Table, today: datetime.date | None = None) -> None:
    """Empty the sale prices of rows whose sale has ended or not begun, if they have another price.

    Args:
        table: Changed in place, with a remark for each such row.
        today: The date in UTC by default.
    """
    prices = pick(table.columns, SALE_PRICES)
    others = [name for name in table.columns if plain_name(name) in PRICES and name not in prices]
    begins, ends, periods = (pick(table.columns, names) for names in (SALE_BEGINS, SALE_ENDS, SALE_PERIODS))
    if not (prices and others and (begins or ends or periods)):
        return
    on = (today or datetime.datetime.now(datetime.UTC).date()).isoformat()
    order = order_of([plain_text(row.get(name)) for name in (*begins, *ends) for _, row in table.rows])
    for number, row in table.rows:
        bounds = [[_date(row, name, order) for name in names] for names in (begins, ends)]
        for name in periods:  # Google's 2026-01-01T00:00+0100/2026-01-31T23:59+0100.
            for bound, text in zip(bounds, plain_text(row.get(name)).split("/"), strict=False):
                bound.append((read_date(text.strip(), None) or "")[:10])
        starts, stops = bounds
        if not (any(date > on for date in starts) or any(date and date < on for date in stops)):
            continue
        stated = [name for name in prices if plain_text(row.get(name))]
        if stated and any(plain_text(row.get(name)) for name in others):
            for name in stated:
                row[name] = None
            kind = "the sale price is not valid today"
            table.remarks.append(Problem(number, None, kind, kind))


def _date(row: Row, name: str, order: Order | None) -> str:
    """The day in a cell in ISO 8601; empty if there is none."""
    return (read_date(plain_text(row.get(name)), order) or "")[:10]
