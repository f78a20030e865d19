"""Variants within products, in JSON, Parquet and XML: each becomes a row."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from catalog.names.columns import ID_ORDER, has_picture_name, pick
from catalog.names.plain import plain_name
from catalog.table import Row, Rows, Table
from catalog.values import plain_text

LISTS = ("variants", "skus", "variations", "combinations", "children", "configs", "simples")
"""How names of the lists of variants end, the most common first. Zalando has simples within configs."""
MAX_DEPTH = 3
LOOKS = ("colors", "colours", "colorways", "colourways", "swatches", "looks")
"""Names of lists of looks. They are used only if each look has its own pictures."""
_NAMED = ("color", "colour", "name", "label", "title", "value")
SIZES = "sizes"
_COUNTED = frozenset({"stock", "qty", "quantity", "inventory", "available", "in_stock", "inStock", "price", "sku"})
"""Fields by which the entries of ``sizes`` are variants: ``[{"size": "40", "stock": 2}]``."""
STAGED = "staged"
"""Field of commercetools with the unpublished version of a product, beside the published one."""
MASTER = "masterVariant"
"""The first variant of commercetools, beside the list of the others."""
_NUMBERED = re.compile(r"(?:variant|variation|sku|child)[ _]?(\d{1,2})[ _.:-]+(.+)", re.IGNORECASE)
GROUP = "item_group_id"
"""Column with the product of each row."""


def split_variants(table: Table) -> None:
    """Replace the row of a product by one row for each variant, with all values of the product. The fields of a variant
    are columns such as ``variant price``; ``item_group_id`` is equal for the variants of a product."""
    _read_texts(table)
    _read_numbered(table)
    if any(isinstance(cell, dict) and _has_variants(cell) for _, row in table.rows for cell in row.values()):
        table.rows = Rows((number, _lifted(row)) for number, row in table.rows)
        table.columns = table.rows.names
    for _, row in table.rows.edited() if MASTER in table.columns else ():
        row["variants"] = [row.pop(MASTER, {}), *(row.get("variants") or ())]
    if any(_looks(row) for _, row in table.rows):
        table.rows = Rows((number, one) for number, row in table.rows for one in _split_looks(row))
        table.columns = table.rows.names
    for _ in range(MAX_DEPTH):
        if not any(_listed(row) for _, row in table.rows):
            return
        table.rows = Rows((number, one) for number, row in table.rows for one in _split(row))
        table.columns = table.rows.names


def _read_numbered(table: Table) -> None:
    """Turn columns such as ``Variant 1 SKU`` and ``Variant 2 SKU`` into lists of variants."""
    found = {name: match for name in table.columns if (match := _NUMBERED.fullmatch(name))}
    fields = {(match[1], match[2].strip(" _.:-")): name for name, match in found.items()}
    named = {field for _, field in fields}
    numbers = list(dict.fromkeys(number for number, _ in fields))
    if len(numbers) < 2 or not pick(named, ID_ORDER) or "variants" in table.columns:
        return
    for _, row in table.rows.edited():
        one = [{field: row.get(name) for (of, field), name in fields.items() if of == number} for number in numbers]
        row["variants"] = [variant for variant in one if any(map(plain_text, variant.values()))]
    table.rows.drop(found)
    table.columns = table.rows.names


def _read_texts(table: Table) -> None:
    """Parse the lists of variants that a CSV has as JSON."""
    for column in (name for name in table.columns if plain_name(name).endswith(LISTS)):
        texts = [text for cell in table.rows.column(column) if (text := plain_text(cell))]
        if not texts or not all(text.startswith("[") for text in texts):
            continue
        try:
            lists = {text: json.loads(text) for text in texts}
        except (ValueError, RecursionError):
            continue
        if all(map(_are_objects, filter(None, lists.values()))):
            for _, row in table.rows.edited():
                row[column] = lists.get(plain_text(row.get(column)), [])


def _has_variants(cell: Mapping[str, Any]) -> bool:
    """Whether an object, or one within it, has variants."""
    return MASTER in cell or any(
        (isinstance(one, dict) and _has_variants(one)) or (name in LISTS and _are_objects(one))
        for name, one in cell.items()
    )


def _lifted(row: Row) -> Row:
    """A product with the fields of the object that has its variants at the top level, without ``STAGED``. commercetools
    has them in ``masterData.current``."""
    while inner := next((n for n, cell in row.items() if isinstance(cell, dict) and _has_variants(cell)), None):
        whole = {name: cell for name, cell in row.items() if name not in (inner, STAGED)}
        row = whole | {name: cell for name, cell in row[inner].items() if name not in whole}
    return row


def _are_objects(cell: Any) -> bool:
    return isinstance(cell, list) and bool(cell) and all(isinstance(one, dict) for one in cell)


def _looks(row: Row) -> str | None:
    """The field with looks that have their own pictures; None if there is none."""
    for name in LOOKS:
        if _are_objects(row.get(name)) and all(any(map(has_picture_name, one)) for one in row[name]):
            return name
    return None


def _split_looks(row: Row) -> Iterator[Row]:
    """One row for each look, with its name as the ``color``, its own pictures and its other fields."""
    listed = _looks(row)
    if listed is None:
        yield row
        return
    whole = {name: cell for name, cell in row.items() if name != listed}
    group = _group(row)
    for look in row[listed]:
        named = next((name for name in _NAMED if isinstance(look.get(name), str)), None)
        own = {
            name
            if has_picture_name(name) or not (name in whole or plain_name(name) in ID_ORDER)
            else f"variant {name}": cell
            for name, cell in look.items()
            if name != named
        }
        color = {"color": look[named]} if named else {}
        yield {
            **{name: cell for name, cell in whole.items() if not has_picture_name(name)},
            GROUP: group,
            **color,
            **own,
        }


def _group(row: Row) -> Any:
    names = ("handle", "id", "sku", *pick(row, ID_ORDER))
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)


def _listed(row: Row) -> str | None:
    """The field with the variants; None if there is none."""
    for one in LISTS:
        found = next((name for name in row if plain_name(name).endswith(one) and _are_objects(row[name])), None)
        if found is not None:
            return found
    return SIZES if _are_objects(row.get(SIZES)) and all(_COUNTED & one.keys() for one in row[SIZES]) else None


def _split(row: Row) -> Iterator[Row]:
    group = row.get(GROUP) or _group(row)
    listed = _listed(row)
    if listed is None:
        yield {**row, GROUP: group}
        return
    named = isinstance(row.get("options"), list)  # Those of Shopify have only the names of the options of variants.
    whole = {name: cell for name, cell in row.items() if name != listed and not (named and name == "options")}
    listed_options = row["options"] if named else ()
    options = [option.get("name") for option in listed_options if isinstance(option, dict)]
    for variant in row[listed]:
        own = {f"variant {name}": cell for name, cell in variant.items() if not re.fullmatch(r"option\d", name)}
        chosen = {
            str(name): variant.get(f"option{place}")
            for place, name in enumerate(options, start=1)
            if variant.get(f"option{place}") not in (None, "Default Title")
        }
        yield {**whole, GROUP: group, **own, **chosen}
