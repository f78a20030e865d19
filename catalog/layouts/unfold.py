"""Unfolds what shop systems spread over several columns or pack into one: options, attributes, variations.

Each function changes rows in place, so that afterwards an attribute is a column under its own name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Sequence
from typing import NamedTuple

from catalog.layouts.long import languages_in_rows, pivoted
from catalog.layouts.money import columns_in_units
from catalog.layouts.nested import unfold_nested
from catalog.layouts.outlets import stock_in_lists, stock_of_outlets
from catalog.layouts.sizes import sizes_in_columns
from catalog.layouts.systems.below import attributes_of_odoo, sizes_below, variations_of_ebay
from catalog.layouts.systems.magento import coded_states, configurable, linked, rows_without_sku, translations
from catalog.layouts.typed import PARENT, attributes_of_webtoffee, typed_rows, variations_of_ecwid
from catalog.names.columns import (
    HANDLES,
    ID_ORDER,
    PRODUCT_IDS,
    ROW_IDS,
    TEXTS,
    has_picture_name,
    is_special,
    known,
    pick,
    standard_name,
)
from catalog.names.hidden import is_hidden
from catalog.names.plain import plain_name, whole_name
from catalog.pictures.cells import names_picture
from catalog.table import Table
from catalog.values import as_list, plain_text
from catalog.values.pairs import are_pairs, are_pairs_of_few, pairs_of_hand, pairs_of_system

_KINDS = (
    "option|variations?|varyant|attribut[eo]?|atributo|eigenschap|additionalinfo|propiedad|propriedade|"
    "характеристик[аи]"
)
_SLOT = re.compile(
    rf"(?:product|variant)?(?P<kind>{_KINDS})(?P<before>\d*)(?P<role>names?|tip|titles?|options?|values?|değer|werte?|choices|description|)"
    r"(?P<after>\d*|[abc])"
)
_TRANSLATED_SLOT = re.compile(
    rf"(?P<role>nom|nome|nombre|naam|название|valeur|valore|valor|waarde|значение)(?:d[ae]l?l?)?"
    rf"(?P<kind>{_KINDS})(?P<before>\d*)(?P<after>)"
)
_NAMING = frozenset({"name", "tip", "names", "title", "titles", "nom", "nome", "nombre", "naam", "название", ""})
"""Names of columns whose cells are names; so is ``Attribute`` beside ``Attribute Value``."""
_REPEATED = re.compile(r" \((\d+)\)$")
"""The number in the name of a column that repeats an earlier name."""
_NUMBERED = re.compile(r"^(variant|customfield)(\d+)(?:option)?(name|label|value)$")
"""Names of Jumpseller: ``Variant 1 Option Name``, ``Custom Field 1 Label``."""
_NUMBERS = {"one": "1", "two": "2", "three": "3"}
_OPTIONS = frozenset({"option", "varyant", "variation", "variations", "propiedad", "propriedade"})
_HEX = re.compile(r"^#[0-9a-fA-F]{3,8}:")
"""The prefix that Wix writes before a colour."""
_PAIRS = frozenset({
    "additionalattributes", "customfields", "productcustomfields", "feature", "features", "options", "características",
    "caractéristiques", "caratteristiche", "eigenschaften", "merkmale", "kenmerken",
})  # fmt: skip
"""Columns of pairs of Magento, PrestaShop and BigCommerce."""
_VARIANTS = re.compile(r"(?:variants?|variations?|children|child_?skus?)$", re.IGNORECASE)


def unfold(table: Table) -> None:
    """Unfold the options, attributes and variations of all known shop systems."""
    pivoted(table)
    by_name = {plain_name(column): column for column in table.columns}
    consumed = _braced_options(table)
    _fill_products(table)
    consumed |= _named_options(table)
    consumed |= _packed_pairs(table)
    consumed |= _combinations(table)
    stock_in_lists(table)
    consumed |= unfold_nested(table)
    columns_in_units(table)
    consumed |= typed_rows(table, by_name)
    consumed |= variations_of_ecwid(table, by_name)
    consumed |= variations_of_ebay(table, by_name)
    consumed |= attributes_of_odoo(table, by_name)
    rows_without_sku(table, by_name)
    configurable(table, by_name)
    consumed |= linked(table, by_name)
    consumed |= _listed_variants(table)
    sizes_below(table)
    coded_states(table, by_name)
    consumed |= translations(table, by_name)
    consumed |= languages_in_rows(table)
    consumed |= _unnamed_pairs(table, consumed)
    consumed |= attributes_of_webtoffee(table)
    consumed |= sizes_in_columns(table)
    stock_of_outlets(table, consumed)
    if consumed:
        seen = dict.fromkeys(column for column in table.columns if column not in consumed)
        table.rows.drop(consumed)
        table.columns = list(seen | dict.fromkeys(table.rows.names))


class _Slot(NamedTuple):
    """A pair of columns with the name and the value of an option or attribute."""

    names: str
    values: str
    is_option: bool
    listed: str
    """The separator of several values in a cell; empty if a cell has only one."""


def _option_or_attribute(name: re.Match[str]) -> str:
    """The usual name of an option or attribute: ``option1name``."""
    kind, role = "option" if name[1] == "variant" else "attribute", "name" if name[3] == "label" else name[3]
    return f"{kind}{name[2]}{role}"


def _slots(columns: Sequence[str]) -> list[_Slot]:
    found: dict[tuple[bool, str], dict[bool, tuple[str, str]]] = {}
    for column in columns:
        plain = _NUMBERED.sub(_option_or_attribute, plain_name(column))
        numbered = (
            re.sub("one|two|three", lambda word: _NUMBERS[word[0]], plain)
            if "optionone" in plain.replace("two", "one").replace("three", "one")
            else plain
        )
        if match := _SLOT.fullmatch(numbered) or _TRANSLATED_SLOT.fullmatch(numbered):
            is_option = match["kind"] in _OPTIONS
            repeated = _REPEATED.search(column)
            key = (is_option, match["before"] or match["after"] or (repeated[1] if repeated else ""))
            role = "value" if match["kind"] == "additionalinfo" and match["role"] == "description" else match["role"]
            of_slot = found.setdefault(key, {})
            if role or True not in of_slot:
                of_slot[role in _NAMING] = (column, role)
    slots = []
    for key in sorted(found):
        pair = found[key]
        if len(pair) == 2:
            role = pair[False][1]
            several = "," if not key[0] or role == "values" else ";" if role in ("description", "choices") else ""
            slots.append(_Slot(pair[True][0], pair[False][0], key[0], several))
    return slots


def _named_options(table: Table) -> set[str]:
    """Shopify's ``Option1 Name`` and ``Option1 Value``, WooCommerce's ``Attribute 1 name`` and its ``value(s)``, and
    likewise those of other systems."""
    slots = _slots(table.columns)
    if not slots:
        return set()
    own = frozenset(map(whole_name, table.columns))
    group = next(iter(pick(table.columns, (*HANDLES, "productid", "internalid", "parent"))), None)
    carried: dict[tuple[str, str], str] = {}
    for _, row in table.rows.edited():
        key = plain_text(row.get(group)) if group else ""
        for slot in slots:
            name, value = plain_text(row.get(slot.names)), plain_text(row.get(slot.values))
            if slot.is_option:  # Shopify names an option on the first row of its product only.
                name = name or carried.get((key, slot.names), "")
                carried[key, slot.names] = name
            if not name or not value or value == "Default Title":
                continue
            items = [_HEX.sub("", item) for item in _items(value, slot.listed)] if slot.listed else [value]
            several = len(items) > 1
            row[_free_name(name, own, "option" if slot.is_option else "attribute")] = items if several else items[0]
    return {column for slot in slots for column in (slot.names, slot.values)}


def _items(value: str, separator: str) -> list[str]:
    """The items of a list. WooCommerce writes a comma within an item as ``\\,``."""
    return [item.strip().replace(f"\\{separator}", separator) for item in re.split(rf"(?<!\\){separator}", value)]


def _fill_products(table: Table) -> None:
    """Copy the product to all rows of its variants. Squarespace and others state it only in the first row."""
    product = next(iter(pick(table.columns, PRODUCT_IDS)), None)
    variant = next(iter(pick(table.columns, ROW_IDS)), None)
    if product is None or variant is None:
        return
    above = ""
    for _, row in table.rows.edited():
        above = plain_text(row.get(product)) or above
        if plain_text(row.get(variant)):
            row[product] = row.get(product) or above


def _braced_options(table: Table) -> set[str]:
    """Ecwid names the option of a variant in its column: ``product_variation_option_{Size}``."""
    found = ((column, re.search(r"option_\{(.+)\}$|variation_option_(\w+)$", column)) for column in table.columns)
    names = {column: match[1] or match[2] for column, match in found if match}
    for _, row in table.rows.edited() if names else ():
        row.update({name: row[column] for column, name in names.items() if plain_text(row.get(column))})
    return set(names)


def _free_name(name: str, taken: frozenset[str], kind: str) -> str:
    """The column of an option or attribute. If it has the name of another column, of an id, a title or a picture, it
    gets its kind as a prefix: the option ``Handle`` of a bag is not Shopify's handle."""
    return f"{kind} {name}" if whole_name(name) in taken or is_special(plain_name(name)) else name


def _packed_pairs(table: Table) -> set[str]:
    """Turn the pairs in columns with the names of shop systems into columns, and return the columns that these replace.
    Such a column may have other texts beside the pairs."""
    consumed = set()
    for column in list(table.columns):
        filled = _texts(table, column) if plain_name(column) in _PAIRS else []
        listed = any(re.search("[;|{\n]", text) for text in filled) and not any("=" in text for text in filled)
        if listed and all(map(pairs_of_hand, filled)):
            _unfold_pairs(table, column, pairs_of_hand)
            consumed.add(column)
        elif filled and all(any(pairs_of_system(text)) for text in filled[:50]):
            _unfold_pairs(table, column, pairs_of_system)
            consumed |= {column} if all(map(are_pairs, filled)) else set()
    return consumed


def _unnamed_pairs(table: Table, consumed: Container[str]) -> set[str]:
    """Likewise for columns with other names, in which all cells are pairs, with few different names."""
    found = set()
    for column in list(table.columns):
        if column in consumed or known(standard_name(column)) or is_hidden(column) or has_picture_name(column):
            continue
        filled = _texts(table, column)
        if filled and not names_picture(filled[0]) and are_pairs_of_few(filled):
            _unfold_pairs(table, column, pairs_of_hand)
            found |= set() if TEXTS.search(plain_name(column)) else {column}
    return found


def _texts(table: Table, column: str) -> list[str]:
    """The filled cells of a column as texts; empty if it has anything else."""
    cells = table.rows.column(column)
    if any(isinstance(cell, list | dict) or str(cell).lstrip()[:1] in ("[", "{") for cell in cells if cell):
        return []  # Lists and objects, also as JSON.
    return list(filter(None, map(plain_text, cells)))


def _unfold_pairs(table: Table, column: str, read: Callable[[str], Iterable[tuple[str, str]]]) -> None:
    for _, row in table.rows.edited():
        held = frozenset(name for name, cell in row.items() if plain_text(cell))
        for name, value in read(plain_text(row.get(column))):
            name = f"attribute {name}" if is_special(plain_name(name)) else name
            if name not in held:
                items = [*as_list(row.get(name)), *(item.strip() for item in value.split("|"))]
                row[name] = items if len(items) > 1 else items[0]
    table.columns = list(dict.fromkeys([*table.columns, *table.rows.names]))


def _combinations(table: Table) -> set[str]:
    """PrestaShop: ``Size:select:0, Color:color:1`` in one column, ``S:0, Red:0`` in the next."""
    names = next((c for c in table.columns if c.casefold().startswith("attribute (name:type")), None)
    values = next((c for c in table.columns if c.casefold().startswith("value (value:")), None)
    if names is None or values is None:
        return set()
    for _, row in table.rows.edited():
        lists = [[one.split(":")[0].strip() for one in plain_text(row.get(c)).split(",")] for c in (names, values)]
        row.update((name, value) for name, value in zip(*lists, strict=False) if name and value)
    return {names, values}


def _listed_variants(table: Table) -> set[str]:
    """Salesforce and others: a product lists the ids of its variants, which have their own rows."""
    columns = [name for name in table.columns if _VARIANTS.search(name)]
    id = next(iter(pick(table.columns, ID_ORDER)), None)
    if not columns or id is None or PARENT in table.columns:
        return set()
    ids = {plain_text(row.get(id)) for _, row in table.rows}
    parent_of: dict[str, str] = {}
    for _, row in table.rows:
        for column in columns:
            cell = row.get(column)
            listed = cell if isinstance(cell, list) else re.split(r"[,;|]", plain_text(cell))
            variants = {plain_text(one) for one in listed} & ids - {plain_text(row.get(id)), ""}
            parent_of |= dict.fromkeys(variants, plain_text(row.get(id)))
    if not parent_of:
        return set()
    for _, row in table.rows.edited():
        row[PARENT] = parent_of.get(plain_text(row.get(id)), plain_text(row.get(id)))
    table.columns.append(PARENT)
    return set(columns)
