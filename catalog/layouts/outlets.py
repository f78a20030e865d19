"""The stock of each outlet: columns such as ``inventory_Main_Outlet`` of Lightspeed, and lists of objects."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any

from catalog.names.columns import is_code, known, standard_name
from catalog.names.hidden import is_hidden
from catalog.names.plain import plain_name
from catalog.names.sale import STOCK_COUNTS
from catalog.table import Table
from catalog.values import plain_text

_OF_OUTLET = re.compile(
    r"(inventory|inventory[ _]available|current[ _]quantity|stock[ _]on[ _]hand|quantity[ _]on[ _]hand|on[ _]hand|"
    r"stock|stok|quantity|qty|(?:lager)?bestand|lager|stock[ _]level)[ _:/-]+(.+)",
    re.IGNORECASE,
)
_SURE = frozenset({"inventory", "inventoryavailable", "currentquantity", "stockonhand", "quantityonhand", "onhand"})
"""Prefixes that need no second column with the same prefix."""


def stock_of_outlets(table: Table, consumed: Container[str] = ()) -> None:
    """Record the columns of outlets in ``Table.outlets``. A product that no outlet has is sold out.

    Columns with values other than whole numbers, and those in ``consumed``, are ignored.
    """
    found: dict[str, list[str]] = {}
    for column in (one for one in table.columns if one not in consumed):
        beginning = outlet_prefix(column)
        if beginning and not is_hidden(column):
            cells = [plain_text(cell) for cell in table.rows.column(column)]
            if any(cells) and all(re.fullmatch(r"-?\d+(?:[.,]0+)?|", cell) for cell in cells):
                found.setdefault(beginning, []).append(column)
    for beginning, columns in found.items():
        if beginning in _SURE or len(columns) > 1 or re.search(r"\w: ?\w", columns[0]):
            table.outlets |= dict.fromkeys(columns, beginning)


def stock_in_lists(table: Table) -> None:
    """Replace lists such as ``[{"warehouse": "A", "qty": 2}, {"warehouse": "B", "qty": 0}]`` by their sum."""
    for column in table.columns:
        cells = table.rows.column(column)
        if standard_name(column) not in STOCK_COUNTS or not any(isinstance(cell, list) for cell in cells):
            continue
        sums = [_sum(cell) for cell in cells]
        if all(total is not None or cell in (None, "") for cell, total in zip(cells, sums, strict=True)):
            table.rows.put(column, sums)


def _sum(cell: Any) -> float | None:
    """The sum of the counts in a list of objects; None if it has anything else."""
    if not isinstance(cell, list) or not all(isinstance(one, dict) for one in cell):
        return None
    counts = [next((n for name, n in one.items() if plain_name(str(name)) in STOCK_COUNTS), None) for one in cell]
    return sum(counts) if all(isinstance(n, int | float) for n in counts) else None  # type: ignore[arg-type]


def outlet_prefix(column: str) -> str:
    """The common prefix of the columns of outlets: ``bestand`` for ``Bestand Berlin``; empty for other columns."""
    match = _OF_OUTLET.fullmatch(column.strip())
    return plain_name(match[1]) if match and not (known(standard_name(column)) or is_code(column)) else ""
