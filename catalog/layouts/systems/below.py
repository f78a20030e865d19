"""Rows of variants and attributes below the row of their product, without a column that refers to it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from catalog.layouts.typed import PARENT
from catalog.names.columns import (
    GROUP_ORDER,
    ID_ORDER,
    LOOKS,
    SIZES,
    TITLE_ORDER,
    WEAK_GROUPS,
    WEAK_TITLES,
    is_special,
    pick,
    standard_name,
)
from catalog.names.plain import plain_name
from catalog.table import Table
from catalog.values import plain_text

_CHOICE = re.compile(r"\s*([^=|,\[\]]+?)\s*=\s*([^=|\[\]]+?)\s*(?=[|\]]|,[^=|,\[\]]+=|$)")
_ATTRIBUTE = re.compile(r"attribute(?:lineids?attribute|sattribute)(?:id)?$|attributelines?attribute$")
_VALUES = re.compile(r"attribute(?:lineids?|s|lines?)(?:attribute)?values?(?:ids?)?$")


def variations_of_ebay(table: Table, by_name: dict[str, str]) -> set[str]:
    """eBay: rows with the relationship *Variation* below their product, and options such as ``Size=S|Colour=Red``."""
    details = by_name.get("relationshipdetails") or by_name.get("variationdetails")
    if details is None:
        return set()
    relationship = by_name.get("relationship")
    label = next(iter(pick(table.columns, ("customlabel", "sku"))), None)
    product = ""
    for number, row in table.rows.edited():
        is_variant = relationship is not None and bool(plain_text(row.get(relationship)))
        for name, value in _CHOICE.findall(plain_text(row.get(details))):
            if ";" not in value:  # The product lists all values.
                row[f"option {name}" if is_special(plain_name(name)) else name] = value
        if relationship is not None and label is not None:
            product = product if is_variant else plain_text(row.get(label)) or f"row {number}"
            row[label] = row.get(label) or (product if not is_variant else f"{product}:{number}")
            row[PARENT] = product
    return {details, *([relationship] if relationship else [])}


def attributes_of_odoo(table: Table, by_name: dict[str, str]) -> set[str]:
    """Odoo: the columns ``Product Attributes / Attribute`` and ``/ Values``, with a further attribute in each row below
    that of a product."""
    names = next((column for plain, column in by_name.items() if _ATTRIBUTE.search(plain)), None)
    values = next((column for plain, column in by_name.items() if _VALUES.search(plain)), None)
    title = next(iter(pick(table.columns, TITLE_ORDER)), None)
    if names is None or values is None or title is None:
        return set()
    kept: list[int] = []
    for place, (_, row) in enumerate(table.rows):
        if plain_text(row.get(title)) or not kept:
            kept.append(place)
        name, items = plain_text(row.get(names)), plain_text(row.get(values)).split(",")
        if name and any(items):
            product = table.rows[kept[-1]][1]
            listed = [item.strip() for item in items]
            product[f"attribute {name}" if is_special(plain_name(name)) else name] = listed if listed[1:] else listed[0]
            table.rows.replace(kept[-1], product)
    table.folded += len(table.rows) - len(kept)
    table.rows.keep(kept)
    return {names, values}


def sizes_below(table: Table) -> None:
    """Tables by hand name a product once, with a row for each of its further sizes or colours below it. These rows get
    the id of the product."""
    id, title = (next(iter(pick(table.columns, order)), None) for order in (ID_ORDER, (*TITLE_ORDER, *WEAK_TITLES)))
    varying = [name for name in table.columns if standard_name(name) in SIZES | LOOKS]
    if id is None or title is None or PARENT in table.columns or pick(table.columns, GROUP_ORDER):
        return
    ids, titles = ([plain_text(cell) for cell in table.rows.column(name)] for name in (id, title))
    places = [place for place, key in enumerate(ids) if not key and not titles[place]]
    if varying and all(ids):
        _models_above(table, titles, varying)
    if not varying or not places:
        return
    above = ""
    for place, (_, row) in enumerate(table.rows.edited()):
        above = ids[place] or above
        if not ids[place] and not titles[place] and any(plain_text(row.get(name)) for name in varying):
            row[id] = above


def _models_above(table: Table, titles: Sequence[str], varying: Sequence[str]) -> None:
    """Rows that have ids, such as barcodes, but no title, belong to the model of the row above them with one."""
    for model in pick(table.columns, WEAK_GROUPS):
        models = [plain_text(cell) for cell in table.rows.column(model)]
        below = [place for place, text in enumerate(titles) if not text]
        rows = [table.rows[place][1] for place in below]
        if not below or below[0] == 0 or list(map(bool, models)) != list(map(bool, titles)):
            continue
        if all(any(plain_text(row.get(name)) for name in varying) for row in rows):
            above = ""
            for _, row in table.rows.edited():
                above = plain_text(row.get(model)) or above
                row[model] = row[PARENT] = above
            table.columns.append(PARENT)
            return
