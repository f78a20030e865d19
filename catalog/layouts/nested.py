"""Objects and lists of objects in the cells of JSON, Parquet and XML: their fields become columns."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from catalog.layouts.money import AMOUNTS, CURRENCIES, in_units
from catalog.layouts.translated import LANGUAGE, read_scoped, read_translations
from catalog.names.columns import (
    ID_ORDER,
    PRICES,
    TITLE_ORDER,
    UNSURE_PICTURES,
    has_picture_name,
    is_aside,
    pick,
)
from catalog.names.hidden import is_hidden
from catalog.names.plain import CURRENCIES as CODES
from catalog.names.plain import group, plain_name
from catalog.table import Table
from catalog.values import as_list, plain_text

_CODES = frozenset(CODES.split("|"))
_OF_MONEY = frozenset({
    *AMOUNTS, *CURRENCIES, "formatted", "formattedvalue", "formattedprice", "display", "displayvalue", "symbol",
    "currencysymbol",
})  # fmt: skip
"""Fields of an amount of money, which are redundant beside the amount and its currency."""
_NAMES = (
    "name", "bezeichnung", "nom", "nombre", "nome", "naam", "attributename", "attributecode", "optiondisplayname",
    "fname", "paramname", "key", "label",
)  # fmt: skip
_VALUES = (
    "value", "values", "wert", "werte", "valeur", "valor", "valore", "waarde", "attributevalue", "fvalue", "paramvalue",
    "val", "options", "option",
)  # fmt: skip
_ATTRIBUTES = group(
    "attributes attribute properties property specifications specs features characteristics parameters params "
    "customattributes productattributes additionalattributes facets options selectedoptions variationattributes "
    "eigenschaften merkmale propriétés caractéristiques atributos características attributi proprietà kenmerken"
)
"""Lists whose objects are attributes, and not things such as categories."""
_METAFIELDS = group("metafields metafield variantmetafields")
"""Lists of Shopify whose entries are public, unlike ``meta_data`` of WooCommerce."""
_GROUPS, _LABELS = (
    ("group", "attribute", "code", "key", "type", "name"),
    ("value", "values", "label", "name", "title", "displayvalue"),
)
"""Fields of these objects with the attribute and with its value, as in ``{"code": "color", "label": "Red"}`` and in
Shopware's ``{"name": "Red", "group": {"name": "Color"}}``."""
_PAID = {"gross": "price gross", "net": "price net", "brutto": "brutto preis", "netto": "netto preis"}
"""Fields of objects that are prices, and the names of their columns."""
_OF_PRICES = group("price prices pricing preis preise prix")
"""Names of objects of prices, in which ``current`` and ``regular`` are prices, too."""
_THINGS = group(
    "brand manufacturer vendor supplier designer seller category maincategory collection family department season "
    "marke hersteller marque marca merk kategorie catégorie categoría categoria color colour material gender tax"
)
"""Objects whose ``name`` is not the title of the product."""
_OF_RATINGS = frozenset({"value", "scale_min", "scale_max"})
"""Fields of a rating of Shopify, of which the scale says nothing about the product."""
MAX_DEPTH = 5


def unfold_nested(table: Table) -> set[str]:
    """Turn fields into columns in place, and return the columns that these replace.

    ``{"colour": "red"}`` is a column ``colour``; if another column has that name, the object's name is put before it.
    ``{"amount": "19.90", "currency": "EUR"}`` is a price. ``{"de": "Hemd", "en": "Shirt"}`` is a text in its first
    language, and a column for each. ``[{"name": "Colour", "value": "red"}]`` is a column ``Colour``. Objects and lists
    may be written as text.
    """
    _read_texts(table)
    read_scoped(table)
    read_translations(table)
    _read_amounts(table)
    consumed: set[str] = set()
    for _ in range(MAX_DEPTH):
        objects = [
            c for c in table.columns if c not in consumed and _all(table, c, lambda cell: isinstance(cell, dict))
        ]
        if not objects:
            break
        consumed |= _unfold_objects(table, objects)
    for column in table.columns:
        are_attributes = plain_name(column) in _ATTRIBUTES and _all(table, column, _are_attributes)
        if column not in consumed and (are_attributes or _all(table, column, _is_pairs)):
            consumed.add(column)
            before = set(table.rows.names)
            for _, row in table.rows.edited():
                for name, value in _pairs(row.get(column) or ()):
                    _add(table, row, column, f"Meta: {name}" if plain_name(column) == "metadata" else name, value)
            table.metafields |= set(table.rows.names) - before if plain_name(column) in _METAFIELDS else set()
    table.columns = list(dict.fromkeys([*table.columns, *table.rows.names]))
    return consumed


def _read_texts(table: Table) -> None:
    """Parse the cells of columns that contain only JSON with objects."""
    for column in table.columns:
        if not _all(table, column, lambda cell: isinstance(cell, str) and cell.lstrip()[:1] in ("{", "[")):
            continue
        cells = [_object(row.get(column)) for _, row in table.rows]
        if any(cells) and all(cell is not None for cell in cells):  # A title may be "[]".
            for (_, row), cell in zip(table.rows.edited(), cells, strict=True):
                row[column] = cell


def _read_amounts(table: Table) -> None:
    for column in table.columns:
        cells = table.rows.column(column)
        if any(isinstance(cell, dict | list) for cell in cells):
            table.rows.put(column, (_measured(in_units(cell, column)) for cell in cells))


def _measured(cell: Any) -> Any:
    """The value of a rating; with its unit that of a measure, such as ``{"value": 2.5, "unit": "cm"}``."""
    if cell == {}:  # An empty cell in a column of objects.
        return None
    if not isinstance(cell, dict) or plain_text(cell.get("value")) == "":
        return cell
    if {"value"} < cell.keys() <= _OF_RATINGS:
        return cell["value"]
    unit = plain_text(cell.get("unit")) if cell.keys() == {"value", "unit"} else ""
    return f"{plain_text(cell['value'])} {unit}" if unit else cell


def _object(text: Any) -> Any:
    """The object or list of objects in a cell with JSON; empty for an empty cell, None for anything else."""
    if text in (None, ""):
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    objects = value if isinstance(value, list) else [value]
    return value if all(isinstance(one, dict) for one in objects) else None


def _unfold_objects(table: Table, objects: list[str]) -> set[str]:
    """Turn the fields of objects into columns, which may be objects again."""
    leaves = Counter(name for column in objects for name in _fields(table, column))
    consumed = set()
    for column in objects:
        names = _fields(table, column)
        money = _first(names, AMOUNTS), _first(names, CURRENCIES)
        plain = _all(table, column, _is_plain)
        money = money if plain and _OF_MONEY.issuperset(plain_name(name) for name in names) else (None, None)
        languages = plain and all(LANGUAGE.fullmatch(name) for name in names)
        currencies = plain and all(name.casefold() in _CODES for name in names)
        # The fields of a brand, a supplier or a smaller picture keep its name, as they are not the product's.
        of_thing = is_hidden(column) or is_aside(column) or plain_name(column) in _THINGS
        together = languages or currencies or of_thing
        for _, row in table.rows.edited():
            cell = row.get(column) or {}
            if all(money):
                row[column] = " ".join(plain_text(cell.get(name)) for name in money).strip()
                continue
            for name, value in cell.items():
                value = _label_of(value) if _is_coded(value) else value
                alone = leaves[name] == 1 and not together and not _is_taken(name, table.columns)
                own = _name_of_price(name) if plain_name(column) in _OF_PRICES else _PAID.get(plain_name(name), name)
                row[own if alone and not _is_taken(own, table.columns) else f"{column} {name}"] = value
            if languages:
                row[column] = next((value for value in cell.values() if plain_text(value)), None)
        if not all(money) and not languages:
            consumed.add(column)
    table.columns = list(dict.fromkeys([*table.columns, *table.rows.names]))
    return consumed


def _is_coded(value: Any) -> bool:
    """Whether a value is a code with its label: ``{"code": "c1", "label": "Red"}``."""
    return isinstance(value, dict) and value.keys() in ({"code", "label"}, {"id", "label"}, {"key", "label"})


def _name_of_price(field: str) -> str:
    name = _PAID.get(plain_name(field), field)
    return f"{name} price" if name not in _PAID.values() and plain_name(f"{name}price") in PRICES else name


def _is_taken(name: str, columns: Sequence[str]) -> bool:
    """Whether a column has the name of a field, or the field has the name of an id or a title and the product has its
    own: the ``name`` of a ``brand`` is not a title. Likewise, the ``path`` of a ``category`` is unclear without it."""
    if plain_name(name) in UNSURE_PICTURES:
        return True
    order = next((one for one in (TITLE_ORDER, ID_ORDER) if plain_name(name) in one), ())
    return name in columns or bool(pick(columns, order))


def _all(table: Table, column: str, fits: Callable[[Any], bool]) -> bool:
    """Whether a column has filled cells and all of them fit; False for columns of pictures."""
    if has_picture_name(column):
        return False
    cells = [cell for cell in table.rows.column(column) if cell not in (None, "", {}, [])]
    return bool(cells) and all(fits(cell) for cell in cells)


def _is_plain(cell: Any) -> bool:
    return isinstance(cell, dict) and not any(isinstance(value, dict | list) for value in cell.values())


def _is_pairs(cell: Any) -> bool:
    return isinstance(cell, list) and all(
        isinstance(item, dict) and _first(item, _NAMES) is not None and _value_name(item) is not None for item in cell
    )


def _are_attributes(cell: Any) -> bool:
    """Whether the objects of a list of attributes each have a group or code, and a label."""
    return isinstance(cell, list) and all(isinstance(item, dict) and _labelled(item) is not None for item in cell)


def _labelled(item: dict[str, Any]) -> tuple[Any, Any] | None:
    """The group or code, and the label, of an object."""
    if len(item) == 1:
        ((name, value),) = item.items()
        return None if isinstance(value, dict | list) or plain_name(name) in (*_GROUPS, *_LABELS) else (name, value)
    code = _first(item, _GROUPS)
    label = _first([name for name in item if name != code], _LABELS)
    return None if code is None or label is None else (item[code], item[label])


def _pairs(items: Any) -> Iterator[tuple[str, Any]]:
    for item in items:
        named, value = _first(item, _NAMES), _value_name(item)
        pair = (item[named], item[value]) if named is not None and value is not None else _labelled(item)
        if pair is not None:
            yield plain_text(_label_of(pair[0])), _label_of(pair[1])


def _label_of(value: Any) -> Any:
    """A value, or the label of one that is an object: ``{"key": "red", "label": {"en": "Red", "de": "Rot"}}``."""
    if isinstance(value, list):
        return [_label_of(item) for item in value]
    if not isinstance(value, dict):
        return value
    label = _first(value, ("label", "name", "value"))
    if label is not None:
        return _label_of(value[label])
    return next(iter(value.values())) if value and all(LANGUAGE.fullmatch(str(name)) for name in value) else value


def _value_name(item: Any) -> str | None:
    """The field with the value; BigCommerce calls it the label."""
    return _first(item, _VALUES) or (
        _first(item, ("label",)) if _first(item, _NAMES) == "option_display_name" else None
    )


def _add(table: Table, row: dict[str, Any], parent: str, name: str, value: Any) -> None:
    """Add a named value to a row, to the values that the row has under that name."""
    if not name or not plain_text(value):
        return
    hidden = is_hidden(parent) and plain_name(parent) not in _METAFIELDS
    name = f"{parent} {name}" if name in table.columns or hidden else name
    held = row.get(name)
    row[name] = value if not plain_text(held) else [*as_list(held), *as_list(value)]


def _fields(table: Table, column: str) -> list[str]:
    return list(dict.fromkeys(name for cell in table.rows.column(column) for name in cell or {}))


def _first(names: Any, known: tuple[str, ...]) -> str | None:
    """The name that is first in ``known``; None if none is known."""
    return next((name for plain in known for name in names if plain_name(str(name)) == plain), None)
