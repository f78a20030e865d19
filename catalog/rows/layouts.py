"""What shop systems spread over several columns or pack into one: options, attributes, variations.

Each function changes rows in place, so that afterwards an attribute is a column under its own name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog.names import plain_name
from catalog.rows.nested import unfold_nested
from catalog.table import Table
from catalog.values import plain_text

PARENT = "parent product"
"""Column that these functions add where rows belong to the row of their product."""
_NAME = re.compile(r"(option|attribute)(\d+)names?")
_VALUE = re.compile(r"(option|attribute)(\d+)values?")
_PAIRS = frozenset({"additionalattributes", "feature", "features", "options"})
_RULE = re.compile(r"\[[A-Z]+\]([^=\[\],]+)=([^,\[\]]+)")


def unfold(table: Table) -> None:
    """Unfold everything that is known of any shop system."""
    by_name = {plain_name(column): column for column in table.columns}
    consumed: set[str] = set()
    consumed |= _named_options(table, by_name)
    consumed |= _packed_pairs(table, by_name)
    consumed |= unfold_nested(table)
    consumed |= _typed_rows(table, by_name)
    _configurable(table, by_name)
    if consumed:
        seen = dict.fromkeys(column for column in table.columns if column not in consumed)
        for _, row in table.rows:
            for column in consumed:
                row.pop(column, None)
            seen.update(dict.fromkeys(row))
        table.columns = list(seen)


def _named_options(table: Table, by_name: dict[str, str]) -> set[str]:
    """Shopify's ``Option1 Name`` and ``Option1 Value``, WooCommerce's ``Attribute 1 name`` and its ``value(s)``."""
    names = {(m[1], m[2]): by_name[name] for name in by_name if (m := _NAME.fullmatch(name))}
    values = {(m[1], m[2]): by_name[name] for name in by_name if (m := _VALUE.fullmatch(name))}
    pairs = [(names[key], values[key], key[0] == "option") for key in sorted(names) if key in values]
    if not pairs:
        return set()
    group = next((by_name[name] for name in ("handle", "urlhandle", "parent") if name in by_name), None)
    carried: dict[tuple[str, str], str] = {}
    for _, row in table.rows:
        key = plain_text(row.get(group)) if group else ""
        for name_column, value_column, is_option in pairs:
            name, value = plain_text(row.get(name_column)), plain_text(row.get(value_column))
            if is_option:  # Shopify names an option on the first row of its product only.
                name = name or carried.get((key, name_column), "")
                carried[key, name_column] = name
            if not name or not value or value == "Default Title":
                continue
            row[name] = value if is_option or "," not in value else [item.strip() for item in value.split(",")]
    return {column for name, value, _ in pairs for column in (name, value)}


def _packed_pairs(table: Table, by_name: dict[str, str]) -> set[str]:
    """``color=Red,size=M`` of Magento, ``Colour:Red:1`` of PrestaShop, ``Name=Colour|Value=Red`` of BigCommerce."""
    consumed = set()
    for name in _PAIRS & by_name.keys():
        column = by_name[name]
        filled = [text for _, row in table.rows if (text := plain_text(row.get(column)))]
        if not filled or not all(any(_pairs(text)) for text in filled[:50]):
            continue
        consumed.add(column)
        for _, row in table.rows:
            for key, value in _pairs(plain_text(row.get(column))):
                if not plain_text(row.get(key)):
                    row[key] = value.split("|") if "|" in value else value
    return consumed


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    named = re.findall(r"Name=([^|]+)\|Value=([^|]+)", text)
    if named:
        yield from named
        return
    if "=" in text:
        yield from re.findall(r"(?:^|,)\s*([A-Za-z][\w ]*)=([^=]*?)(?=,\s*[A-Za-z][\w ]*=|$)", text)
        return
    for item in text.split(","):
        parts = item.split(":")
        if len(parts) in (2, 3) and parts[0].strip() and parts[1].strip() and "/" not in item:
            yield parts[0].strip(), parts[1].strip()


def _typed_rows(table: Table, by_name: dict[str, str]) -> set[str]:
    """BigCommerce: rows of SKUs, variants and images below the row of their product."""
    column = next((by_name[name] for name in ("itemtype", "item") if name in by_name), None)
    kinds = {plain_text(row.get(column)).casefold() for _, row in table.rows} if column else set()
    if column is None or "product" not in kinds or not kinds & {"sku", "variant", "image", "rule"}:
        return set()
    ids = _first(by_name, "productid", "id", "productcodesku", "productsku", "sku")
    title = _first(by_name, "productname", "name")
    product = ""
    for number, row in list(table.rows):
        kind = plain_text(row.get(column)).casefold()
        if kind == "product":
            product = plain_text(row.get(ids)) if ids else str(number)
        row[PARENT] = product
        if kind in ("sku", "variant") and title:
            for key, value in _RULE.findall(plain_text(row.get(title))):
                row[key.strip()] = value.strip()
            row[title] = ""
        if kind in ("sku", "variant", "rule") and ids and not plain_text(row.get(ids)):
            row[ids] = plain_text(row.get(_first(by_name, "productcodesku", "sku", "productsku") or ids))
    return {column}


def _configurable(table: Table, by_name: dict[str, str]) -> None:
    """Magento: a configurable product lists its variants (``sku=A-S,size=S|sku=A-M,size=M``), rows of their own."""
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
    if parent_of:
        for _, row in table.rows:
            row[PARENT] = parent_of.get(plain_text(row.get(sku)), plain_text(row.get(sku)))
        table.columns.append(PARENT)


def _first(by_name: dict[str, str], *names: str) -> str | None:
    return next((by_name[name] for name in names if name in by_name), None)
