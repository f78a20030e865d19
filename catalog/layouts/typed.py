"""Tables with a column that distinguishes rows of products from rows of variants: BigCommerce and Ecwid."""

from __future__ import annotations

import re

from catalog.names.columns import PRICES, has_picture_name, standard_name
from catalog.table import Table
from catalog.values import plain_text

PARENT = "parent product"
"""Column that these functions add for rows that belong to the row of a product."""
_RULE = re.compile(r"\[[A-Z]+\]([^=\[\],]+)=([^,\[\]]+)")
_FIXED = re.compile(r"\[FIXED\]\s*(.*)|\[.*")
"""The price of a rule: an amount, or a change of another one."""


def typed_rows(table: Table, by_name: dict[str, str]) -> set[str]:
    """BigCommerce: rows of SKUs, variants and images below the row of their product."""
    column = next((by_name[name] for name in ("itemtype", "item") if name in by_name), None)
    kinds = {plain_text(row.get(column)).casefold() for _, row in table.rows} if column else set()
    if column is None or "product" not in kinds or not kinds & {"sku", "variant", "image", "rule"}:
        return set()
    ids = _first(by_name, "productid", "id", "productcodesku", "productsku", "sku")
    title = _first(by_name, "productname", "name")
    prices = [name for name in table.columns if standard_name(name) in PRICES]
    product = ""
    for number, row in table.rows.edited():
        kind = plain_text(row.get(column)).casefold()
        if kind == "product":
            product = plain_text(row.get(ids)) if ids else str(number)
        if kind == "image":  # Its number and place are no attributes of the product.
            for name in [name for name in row if not has_picture_name(name)]:
                del row[name]
        row[PARENT] = product
        if kind in ("sku", "variant") and title:
            for key, value in _RULE.findall(plain_text(row.get(title))):
                row[key.strip()] = value.strip()
            row[title] = ""
        for name in prices:
            if (text := plain_text(row.get(name))).startswith("["):
                row[name] = _FIXED.sub(r"\1", text)
        if ids and (kind == "sku" or (kind in ("variant", "rule") and not plain_text(row.get(ids)))):
            # Numbers of SKUs are counted apart from those of products.
            row[ids] = plain_text(row.get(_first(by_name, "productcodesku", "sku", "productsku") or ids))
    return {column}


def variations_of_ecwid(table: Table, by_name: dict[str, str]) -> set[str]:
    """Ecwid: rows of options and variations below the row of their product, which repeat its SKU."""
    type, own, sku = by_name.get("type"), by_name.get("productsku"), by_name.get("productvariationsku")
    if type is None or own is None or sku is None:
        return set()
    of_variation = {plain: column for plain, column in by_name.items() if plain.startswith("productvariation")}
    of_options = {column for plain, column in by_name.items() if re.match(r"productoption(?:name|type|\d)", plain)}
    kept = []
    for place, (_, row) in enumerate(table.rows.edited()):
        kind = plain_text(row.get(type))
        if kind == "product_option":
            table.folded += 1
            continue
        kept.append(place)
        if kind != "product_variation":
            continue
        row[PARENT] = row.get(own)
        for plain, column in of_variation.items():
            target = by_name.get(plain.replace("variation", "", 1))
            if target is not None and plain_text(row.get(column)):
                row[target] = row[column]
    table.rows.keep(kept)
    table.columns.append(PARENT)
    return {type, *of_variation.values(), *of_options}


def _first(by_name: dict[str, str], *names: str) -> str | None:
    return next((by_name[name] for name in names if name in by_name), None)
