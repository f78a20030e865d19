"""Tables with a column that distinguishes rows of products from rows of variants: BigCommerce and Ecwid."""

from __future__ import annotations

import re

from catalog.names.columns import PRICES, has_picture_name, standard_name
from catalog.table import Table
from catalog.values import as_list, plain_text

PARENT = "parent product"
"""Column that these functions add for rows that belong to the row of a product."""
_WEBTOFFEE = re.compile(r"(?:meta:attribute_|attribute:)(?:pa_)?(.+)")
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
    _fold_pictures(table, column)
    product = ""
    for number, row in table.rows.edited():
        kind = plain_text(row.get(column)).casefold()
        if kind == "product":
            product = plain_text(row.get(ids)) if ids else str(number)
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


def _fold_pictures(table: Table, column: str) -> None:
    """Add the pictures in rows of the kind *image* to the row of their product, and remove these rows."""
    kept: list[int] = []
    product: int | None = None
    for place, (_, row) in enumerate(table.rows):
        kind = plain_text(row.get(column)).casefold()
        if kind != "image" or product is None:
            kept.append(place)
            product = place if kind == "product" else product
            continue
        whole = table.rows[product][1]
        for name in filter(has_picture_name, row):
            if plain_text(row[name]):
                held = whole.get(name)
                whole[name] = [*as_list(held), row[name]]
        table.rows.replace(product, whole)
        table.folded += 1
    table.rows.keep(kept)


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


def attributes_of_webtoffee(table: Table) -> set[str]:
    """WebToffee's exports of WooCommerce: ``attribute:pa_size`` has the values of a product, and
    ``meta:attribute_pa_size`` that of a variation."""
    found = {column: match[1] for column in table.columns if (match := _WEBTOFFEE.fullmatch(column))}
    own = {column: name for column, name in found.items() if column.startswith("meta")}
    if not own:
        return set()
    for _, row in table.rows.edited():
        for column, name in sorted(found.items(), key=lambda pair: pair[0] in own):
            if plain_text(row.get(column)):
                row[name] = row[column]
    return {*found, *(column for column in table.columns if column.startswith("attribute_data:"))}


def _first(by_name: dict[str, str], *names: str) -> str | None:
    return next((by_name[name] for name in names if name in by_name), None)
