"""Joins the sheets of a workbook that refer to its products: their pictures, prices, stock, attributes and variants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from catalog.layouts.typed import PARENT
from catalog.names.columns import ID_NAMES, ID_ORDER, PRICES, SIZES, has_picture_name, is_called, pick, standard_name
from catalog.names.hidden import is_of_customer
from catalog.names.plain import plain_name
from catalog.names.sale import STOCK_COUNTS
from catalog.table import Table
from catalog.values import as_list, plain_text

MIN_IDS = 0.9
"""Minimum share of the ids of a sheet that are ids of products."""
MIN_ROWS = 0.5
"""Minimum share of the products for which a sheet with one row for each of them has a row."""
_NAMES = ("attribute", "attributename", "option", "optionname", "feature", "property", "name", "merkmal", "eigenschaft")
_VALUES = ("text", "optionvalue", "attributevalue", "featurevalue", "propertyvalue", "value", "wert", "ausprägung")
_FURTHER = "additional image"
"""Column of the pictures of a further sheet, which follow those of the product."""

_Sheet = Sequence[tuple[int, dict[str, Any]]]


def join(table: Table, columns: Sequence[str], rows: _Sheet) -> bool:
    """Add the rows of a further sheet to the products of a table, and return whether they refer to them.

    A sheet with one row for each product adds its columns. Of one with several rows, the pictures, the pairs of a name
    and a value, and the special prices are added; rows with sizes become variants.
    """
    key = _key(table, columns, rows)
    if key is None:
        return False
    theirs, own = key
    rows_of: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for _, row in rows:
        if id := plain_text(row.get(theirs)):
            rows_of[id].append(row)
    others = [name for name in columns if name != theirs and any(plain_text(row.get(name)) for _, row in rows)]
    if any(map(is_of_customer, others)):
        return False
    pictures = [name for name in others if has_picture_name(name)]
    name, value = (_first(others, known) for known in (_NAMES, _VALUES))
    prices = [one for one in others if standard_name(one) in PRICES]
    if pictures:
        for row in _of_products(table, own, rows_of):
            for further in rows_of[plain_text(row[own])]:
                for one in pictures:
                    row[_FURTHER] = [*as_list(row.get(_FURTHER)), *as_list(further.get(one))]
    elif name and value:
        _add_pairs(table, own, rows_of, name, value)
    elif any(standard_name(one) in SIZES for one in others):
        _add_variants(table, own, rows_of, theirs)
    elif not name and all(len(some) == 1 for some in rows_of.values()) and len(rows_of) >= MIN_ROWS * len(table.rows):
        for row in _of_products(table, own, rows_of):
            for one in others:
                if not plain_text(row.get(one)):
                    row[one] = rows_of[plain_text(row[own])][0].get(one)
    elif len(prices) == 1 and any("date" in plain_name(one) for one in others):
        _add_special_prices(table, own, rows_of, prices[0], others)
    else:
        return False
    table.columns = list(dict.fromkeys([*table.columns, *table.rows.names]))
    return True


def _key(table: Table, columns: Sequence[str], rows: _Sheet) -> tuple[str, str] | None:
    """The column with ids of products in a sheet, and the one of the products; None if it has none."""
    alike = {plain_name(name): name for name in reversed(table.columns)}
    for theirs in dict.fromkeys((*pick(columns, ID_ORDER), *columns)):
        own = alike.get(plain_name(theirs))
        ids = [text for cell in table.rows.column(own) if (text := plain_text(cell))] if own else []
        named = {text for _, row in rows if (text := plain_text(row.get(theirs)))}
        unique = 2 * len(ids) > len(table.rows) and len(set(ids)) == len(ids)
        if own and named and unique and len(named & set(ids)) >= MIN_IDS * len(named):
            return theirs, own
    return None


def _of_products(table: Table, own: str, rows_of: dict[str, list[dict[str, Any]]]) -> Any:
    """The rows of a table, to edit, to which rows of a sheet refer."""
    return (row for _, row in table.rows.edited() if plain_text(row.get(own)) in rows_of)


def _add_pairs(table: Table, own: str, rows_of: dict[str, list[dict[str, Any]]], name: str, value: str) -> None:
    """Add an attribute or option for each row; options that are out of stock are not added."""
    for row in _of_products(table, own, rows_of):
        held = frozenset(row)
        for further in rows_of[plain_text(row[own])]:
            called, text = plain_text(further.get(name)), further.get(value)
            counts = [plain_text(cell) for one, cell in further.items() if standard_name(one) in STOCK_COUNTS]
            if not called or not plain_text(text) or "0" in counts:
                continue
            called = f"attribute {called}" if called in held else called
            items = [*as_list(row.get(called)), text]
            row[called] = items if len(items) > 1 else text


def _add_variants(table: Table, own: str, rows_of: dict[str, list[dict[str, Any]]], theirs: str) -> None:
    """Add a row for each variant, with the id of its row or else one of its product and its place."""
    known = {plain_text(cell) for cell in table.rows.column(own)}
    id = own if is_called(own, ID_NAMES) else "id"
    for _, row in table.rows.edited():
        row[id] = row[PARENT] = row.get(own)
    added: list[tuple[int, dict[str, Any]]] = []
    number = max(table.rows.numbers, default=0)
    for product, variants in rows_of.items():
        for place, variant in enumerate(variants, start=1):
            if product not in known:
                continue
            number += 1
            ids = [text for one in pick(variant, ID_ORDER) if one != theirs and (text := plain_text(variant[one]))]
            own_id = ids[0] if ids else f"{product}:{place}"
            added.append((number, {k: v for k, v in variant.items() if k != theirs} | {id: own_id, PARENT: product}))
    table.rows.extend(added)


def _add_special_prices(
    table: Table, own: str, rows_of: dict[str, list[dict[str, Any]]], price: str, others: Sequence[str]
) -> None:
    """Add the first special price of each product, and its dates."""
    dates = [name for name in others if "date" in plain_name(name)]
    for row in _of_products(table, own, rows_of):
        first = rows_of[plain_text(row[own])][0]
        row["special price"] = first.get(price)
        for name in dates:
            end = any(part in plain_name(name) for part in ("end", "to", "until"))
            row["special price to date" if end else "special price from date"] = first.get(name)


def _first(columns: Sequence[str], known: Sequence[str]) -> str | None:
    return next((name for one in known for name in columns if plain_name(name) == one), None)
