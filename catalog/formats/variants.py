"""Variants within products, in JSON, Parquet and XML: each becomes a row."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog.names.columns import ID_ORDER, pick
from catalog.table import Row, Rows, Table

LISTS = ("variants", "skus", "variations", "combinations", "children")
"""Names of the lists of variants, the commonest first."""
SIZES = "sizes"
_COUNTED = frozenset({"stock", "qty", "quantity", "inventory", "available", "in_stock", "inStock", "price", "sku"})
"""Fields that make sizes variants: ``[{"size": "40", "stock": 2}]``."""
MASTER = "masterVariant"
"""The first variant of commercetools, beside the list of the others."""
GROUP = "item_group_id"
"""Column with the product of each row."""


def split_variants(table: Table) -> None:
    """Put one row for each variant in place of the row of its product, with all that the product states. The fields of
    a variant are columns such as ``variant price``; ``item_group_id`` is equal for the variants of a product."""
    for _, row in table.rows.edited() if MASTER in table.columns else ():
        row["variants"] = [row.pop(MASTER, {}), *(row.get("variants") or ())]
    if not any(_listed(row) for _, row in table.rows):
        return
    table.rows = Rows((number, one) for number, row in table.rows for one in _split(row))
    table.columns = table.rows.names


def _listed(row: Row) -> str | None:
    """The field with the variants, None if there are none."""
    for name in LISTS:
        variants = row.get(name)
        if isinstance(variants, list) and variants and all(isinstance(one, dict) for one in variants):
            return name
    sizes = row.get(SIZES)
    counted = (
        isinstance(sizes, list) and sizes and all(isinstance(one, dict) and _COUNTED & one.keys() for one in sizes)
    )
    return SIZES if counted else None


def _split(row: Row) -> Iterator[Row]:
    names = ("handle", "id", "sku", *pick(row, ID_ORDER))
    group = next((row[name] for name in names if row.get(name) not in (None, "")), None)
    listed = _listed(row)
    if listed is None:
        yield {**row, GROUP: row.get(GROUP) or group}
        return
    whole = {name: cell for name, cell in row.items() if name not in (listed, "options")}
    options = [option.get("name") for option in row.get("options") or () if isinstance(option, dict)]
    for variant in row[listed]:
        named = {f"variant {name}": cell for name, cell in variant.items() if not re.fullmatch(r"option\d", name)}
        chosen = {
            str(name): variant.get(f"option{place}")
            for place, name in enumerate(options, start=1)
            if variant.get(f"option{place}") not in (None, "Default Title")
        }
        yield {**whole, GROUP: group, **named, **chosen}
