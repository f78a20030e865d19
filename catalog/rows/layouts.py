"""Unfolds what shop systems spread over several columns or pack into one: options, attributes, variations.

Each function changes rows in place, so that afterwards an attribute is a column under its own name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog.names.columns import PICTURE_ORDER, is_picture, is_special
from catalog.names.plain import plain_name
from catalog.rows.nested import unfold_nested
from catalog.table import Table
from catalog.values import plain_text

PARENT = "parent product"
"""Column that these functions add where rows belong to the row of their product."""
_ATTRIBUTE = r"(?:attribut[eo]?|atributo|eigenschap)"
_NAME = re.compile(
    rf"(?P<option>option)(?P<o>\d+)names?|{_ATTRIBUTE}(?P<a>\d+)names?|(?:nom|nome|nombre|naam)(?:del?l?)?{_ATTRIBUTE}(?P<b>\d+)"
)
_VALUE = re.compile(
    rf"(?P<option>option)(?P<o>\d+)values?|{_ATTRIBUTE}(?P<a>\d+)(?:values?|werte?)|"
    rf"(?:valeur|valore|valor|waarde)(?:del?l?)?{_ATTRIBUTE}(?P<b>\d+)"
)
_PAIRS = frozenset({"additionalattributes", "feature", "features", "options"})
_ASSIGNED = re.compile(r'(?:^|,)\s*([A-Za-z][\w ]*)=(?:"((?:[^"]|"")*)"|([^="]*?))(?=,\s*[A-Za-z][\w ]*=|$)')
_RULE = re.compile(r"\[[A-Z]+\]([^=\[\],]+)=([^,\[\]]+)")


def unfold(table: Table) -> None:
    """Unfold everything that is known of any shop system."""
    by_name = {plain_name(column): column for column in table.columns}
    consumed: set[str] = set()
    consumed |= _named_options(table, by_name)
    consumed |= _packed_pairs(table, by_name)
    consumed |= _combinations(table)
    consumed |= unfold_nested(table)
    consumed |= _typed_rows(table, by_name)
    _configurable(table, by_name)
    _coded_states(table, by_name)
    consumed |= _translations(table, by_name)
    if consumed:
        seen = dict.fromkeys(column for column in table.columns if column not in consumed)
        for _, row in table.rows:
            for column in consumed:
                row.pop(column, None)
            seen.update(dict.fromkeys(row))
        table.columns = list(seen)


def _named_options(table: Table, by_name: dict[str, str]) -> set[str]:
    """Shopify's ``Option1 Name`` and ``Option1 Value``, WooCommerce's ``Attribute 1 name`` and its ``value(s)``."""
    names = {_key(m): by_name[name] for name in by_name if (m := _NAME.fullmatch(name))}
    values = {_key(m): by_name[name] for name in by_name if (m := _VALUE.fullmatch(name))}
    pairs = [(names[key], values[key], key[0]) for key in sorted(names) if key in values]
    if not pairs:
        return set()
    own = frozenset(by_name)
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
            items = value if is_option or "," not in value else [item.strip() for item in value.split(",")]
            row[_free_name(name, own, "option" if is_option else "attribute")] = items
    return {column for name, value, _ in pairs for column in (name, value)}


def _key(match: re.Match[str]) -> tuple[bool, str]:
    """Whether a column is of Shopify's options, and its number."""
    return bool(match["option"]), match["o"] or match["a"] or match["b"]


def _free_name(name: str, taken: frozenset[str], kind: str) -> str:
    """The column of an option or attribute. One that is called like a column of the table, or like an id, a title or a
    picture, gets its kind as a prefix: the option ``Handle`` of a bag is no handle of Shopify."""
    plain = plain_name(name)
    return f"{kind} {name}" if plain in taken or is_special(plain) else name


def _packed_pairs(table: Table, by_name: dict[str, str]) -> set[str]:
    """``color=Red,size=M`` of Magento, ``Colour:Red:1`` of PrestaShop, ``Name=Colour|Value=Red`` of BigCommerce."""
    consumed = set()
    for name in _PAIRS & by_name.keys():
        column = by_name[name]
        filled = [text for _, row in table.rows if (text := plain_text(row.get(column)))]
        if not filled or not all(any(_pairs(text)) for text in filled[:50]):
            continue
        if all(map(_are_pairs, filled)):
            consumed.add(column)
        for _, row in table.rows:
            for key, value in _pairs(plain_text(row.get(column))):
                key = key if not is_special(plain_name(key)) else f"attribute {key}"
                if not plain_text(row.get(key)):
                    row[key] = value.split("|") if "|" in value else value
    return consumed


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    named = re.findall(r"Name=([^|]+)\|Value=([^|]+)", text)
    if named:
        yield from named
        return
    if "=" in text:
        for key, quoted, plain in _ASSIGNED.findall(text):
            yield key, quoted.replace('""', '"') or plain
        return
    for item in text.split(","):
        parts = item.split(":")
        if len(parts) in (2, 3) and parts[0].strip() and parts[1].strip() and "/" not in item:
            yield parts[0].strip(), parts[1].strip()


def _are_pairs(text: str) -> bool:
    """Whether nothing of a text is lost if it is read as pairs."""
    return "=" in text or len(list(_pairs(text))) == sum(bool(item.strip()) for item in text.split(","))


def _combinations(table: Table) -> set[str]:
    """PrestaShop: ``Size:select:0, Color:color:1`` in one column, ``S:0, Red:0`` in the next."""
    names = next((c for c in table.columns if c.casefold().startswith("attribute (name:type")), None)
    values = next((c for c in table.columns if c.casefold().startswith("value (value:")), None)
    if names is None or values is None:
        return set()
    for _, row in table.rows:
        lists = [[one.split(":")[0].strip() for one in plain_text(row.get(c)).split(",")] for c in (names, values)]
        row.update((name, value) for name, value in zip(*lists, strict=False) if name and value)
    return {names, values}


def _coded_states(table: Table, by_name: dict[str, str]) -> None:
    """Magento's API has numbers for what is not for sale: status 2 and visibility 1."""
    if not {"typeid", "attributesetid"} <= by_name.keys():
        return
    for name, code, state in (("status", "2", "disabled"), ("visibility", "1", "Not Visible Individually")):
        for _, row in table.rows if name in by_name else ():
            if plain_text(row.get(by_name[name])) == code:
                row[by_name[name]] = state


def _translations(table: Table, by_name: dict[str, str]) -> set[str]:
    """Magento repeats a product for each language: a row with the same SKU, a store view, and what differs in it."""
    sku, view = by_name.get("sku"), by_name.get("storeviewcode")
    if sku is None or view is None:
        return set()
    whole = {plain_text(row.get(sku)): row for _, row in table.rows if not plain_text(row.get(view))}
    kept = []
    for number, row in table.rows:
        code, product = plain_text(row.get(view)), whole.get(plain_text(row.get(sku)))
        if not code or product is None:
            kept.append((number, row))
            continue
        for column, cell in row.items():
            if column not in (sku, view) and plain_text(cell) and cell != product.get(column):
                product[f"{column} {code}"] = cell
        table.folded += 1
    table.rows[:] = kept
    return {view}


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
        if kind == "image":  # Its number and place are no attributes of the product.
            for name in [name for name in row if not is_picture(name) and plain_name(name) not in PICTURE_ORDER]:
                del row[name]
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
