"""Magento: products in several rows, for their languages, pictures and variants."""

from __future__ import annotations

import re

from catalog.layouts.typed import PARENT
from catalog.names.plain import plain_name
from catalog.table import Table
from catalog.values import plain_text


def coded_states(table: Table, by_name: dict[str, str]) -> None:
    """Magento's API has numbers for products that are not for sale: status 2 and visibility 1."""
    if not {"typeid", "attributesetid"} <= by_name.keys():
        return
    for name, code, state in (("status", "2", "disabled"), ("visibility", "1", "Not Visible Individually")):
        for _, row in table.rows.edited() if name in by_name else ():
            if plain_text(row.get(by_name[name])) == code:
                row[by_name[name]] = state


def translations(table: Table, by_name: dict[str, str]) -> set[str]:
    """Magento repeats a product for each language: a row with the same SKU, a store view, and the different values."""
    sku, view = by_name.get("sku"), by_name.get("storeviewcode")
    if sku is None or view is None:
        return set()
    whole = {
        plain_text(row.get(sku)): place for place, (_, row) in enumerate(table.rows) if not plain_text(row.get(view))
    }
    kept = []
    for place, (_, row) in enumerate(table.rows):
        code, main = plain_text(row.get(view)), whole.get(plain_text(row.get(sku)))
        if not code or main is None:
            kept.append(place)
            continue
        product = table.rows[main][1]
        for column, cell in row.items():
            if column not in (sku, view) and plain_text(cell) and cell != product.get(column):
                product[f"{column} {code}"] = cell
        table.rows.replace(main, product)
        table.folded += 1
    table.rows.keep(kept)
    return {view}


def rows_without_sku(table: Table, by_name: dict[str, str]) -> None:
    """Magento 1: rows without a SKU below a product have its further pictures, variants and translations."""
    sku, media, child = (by_name.get(name) for name in ("sku", "mediaimage", "superproductssku"))
    if sku is None or not {"attributeset", "productwebsites"} <= by_name.keys():
        return
    kept: list[int] = []
    parent_of: dict[str, str] = {}
    for place, (_, row) in enumerate(table.rows):
        if plain_text(row.get(sku)) or not kept:
            kept.append(place)
        elif media and plain_text(row.get(media)):
            product = table.rows[kept[-1]][1]
            held = product.get(media)
            product[media] = [*(held if isinstance(held, list) else [held] if held else []), row[media]]
            table.rows.replace(kept[-1], product)
        if child and plain_text(row.get(child)):
            parent_of[plain_text(row[child])] = plain_text(table.rows[kept[-1]][1].get(sku))
    table.folded += len(table.rows) - len(kept)
    table.rows.keep(kept)
    for _, row in table.rows.edited():
        if by_name.get("status") and plain_text(row.get(by_name["status"])) == "2":
            row[by_name["status"]] = "disabled"
        if parent_of:
            row[PARENT] = parent_of.get(plain_text(row.get(sku)), plain_text(row.get(sku)))
    if parent_of:
        table.columns.append(PARENT)


def configurable(table: Table, by_name: dict[str, str]) -> None:
    """Magento: a configurable product lists its variants (``sku=A-S,size=S|sku=A-M,size=M``); they have rows, too."""
    sku, variations = by_name.get("sku"), by_name.get("configurablevariations")
    if sku is None or variations is None:
        return
    parent_of: dict[str, str] = {}
    for _, row in table.rows:
        parent = plain_text(row.get(sku))
        for variant in plain_text(row.get(variations)).split("|"):
            found = re.search(r"(?:^|,)\s*sku=([^,|]+)", variant)
            if found:
                parent_of[found[1].strip()] = parent
    _set_parents(table, sku, parent_of)


def linked(table: Table, by_name: dict[str, str]) -> set[str]:
    """Assign variants to their product in Magento's API, and return the columns that this replaces.

    A configurable product lists the ``id`` of each variant, and the variants are rows of their own. The product's price
    of 0 is removed.
    """
    sku, id = by_name.get("sku"), by_name.get("id")
    links = next((one for one in table.columns if plain_name(one).endswith("configurableproductlinks")), None)
    if sku is None or id is None or links is None or PARENT in table.columns:
        return set()
    sku_of = {plain_text(row.get(id)): plain_text(row.get(sku)) for _, row in table.rows}
    parent_of: dict[str, str] = {}
    for _, row in table.rows.edited():
        listed = row.get(links)
        parent_of |= {
            sku_of[key]: plain_text(row.get(sku))
            for one in (listed if isinstance(listed, list) else ())
            if (key := plain_text(one)) in sku_of
        }
        if listed and re.fullmatch(r"0*(?:[.,]0*)?", plain_text(row.get("price"))):
            row["price"] = None
    _set_parents(table, sku, parent_of)
    return {links}


def _set_parents(table: Table, sku: str, parent_of: dict[str, str]) -> None:
    if parent_of:
        for _, row in table.rows.edited():
            row[PARENT] = parent_of.get(plain_text(row.get(sku)), plain_text(row.get(sku)))
        table.columns.append(PARENT)
