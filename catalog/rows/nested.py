"""Objects and lists of objects in the cells of JSON, Parquet and XML: their fields become columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from catalog.names.columns import PICTURE_ORDER, is_picture
from catalog.names.plain import plain_name
from catalog.table import Table
from catalog.values import plain_text

_LANGUAGE = re.compile(
    r"(?:ar|bg|cs|da|de|el|en|es|et|fi|fr|he|hr|hu|it|ja|ko|lt|lv|nb|nl|pl|pt|ro|ru|sk|sl|sv|tr|uk|zh)(?:[-_]\w{2,4})?"
)
_AMOUNTS = ("amount", "value", "price")
_CURRENCIES = ("currency", "currencycode")
_NAMES = ("name", "attributename", "attributecode", "optiondisplayname", "key", "label")
_VALUES = ("value", "values", "attributevalue", "options", "option")
DEEPEST = 5


def unfold_nested(table: Table) -> set[str]:
    """Turn fields into columns in place, and return the columns that these replace.

    ``{"colour": "red"}`` is a column ``colour``; if another column has that name, the object's name is put before it.
    ``{"amount": "19.90", "currency": "EUR"}`` is a price. ``{"de": "Hemd", "en": "Shirt"}`` is a text in its first
    language, and a column for each. ``[{"name": "Colour", "value": "red"}]`` is a column ``Colour``.
    """
    consumed: set[str] = set()
    for _ in range(DEEPEST):
        objects = [
            c for c in table.columns if c not in consumed and _all(table, c, lambda cell: isinstance(cell, dict))
        ]
        if not objects:
            break
        consumed |= _unfold_objects(table, objects)
    for column in table.columns:
        if column not in consumed and _all(table, column, _is_pairs):
            consumed.add(column)
            is_meta = plain_name(column).startswith("metadata")  # Of WooCommerce: not public, as in its tables.
            for _, row in table.rows:
                for name, value in _pairs(row.get(column) or ()):
                    _add(table, row, column, f"Meta: {name}" if is_meta else name, value)
    consumed |= _parallel_pairs(table)
    table.columns = list(dict.fromkeys([*table.columns, *(name for _, row in table.rows for name in row)]))
    return consumed


def _unfold_objects(table: Table, objects: list[str]) -> set[str]:
    """Turn the fields of objects into columns, which may be objects again."""
    leaves = Counter(name for column in objects for name in _fields(table, column))
    consumed = set()
    for column in objects:
        names = _fields(table, column)
        money = _first(names, _AMOUNTS), _first(names, _CURRENCIES)
        plain = _all(table, column, _is_plain)
        languages = plain and all(_LANGUAGE.fullmatch(name) for name in names)
        for _, row in table.rows:
            cell = row.get(column) or {}
            if plain and all(money):
                row[column] = " ".join(plain_text(cell.get(name)) for name in money).strip()
                continue
            for name, value in cell.items():
                alone = leaves[name] == 1 and name not in table.columns and not languages
                row[name if alone else f"{column} {name}"] = value
            if languages:
                row[column] = next((value for value in cell.values() if plain_text(value)), None)
        if not (plain and all(money)) and not languages:
            consumed.add(column)
    table.columns = list(dict.fromkeys([*table.columns, *(name for _, row in table.rows for name in row)]))
    return consumed


def _parallel_pairs(table: Table) -> set[str]:
    """``<product_detail>`` of Google's feeds, whose names and values are two columns."""
    consumed = set()
    for names in [column for column in table.columns if column.endswith(" attribute_name")]:
        parent = names.removesuffix(" attribute_name")
        values = f"{parent} attribute_value"
        cells = [(_list(row.get(names)), _list(row.get(values)), row) for _, row in table.rows]
        if values in table.columns and all(len(some) == len(others) for some, others, _ in cells):
            consumed |= {names, values, f"{parent} section_name"} & set(table.columns)
            for some, others, row in cells:
                for name, value in zip(some, others, strict=True):
                    _add(table, row, parent, plain_text(name), value)
    return consumed


def _all(table: Table, column: str, fits: Callable[[Any], bool]) -> bool:
    """Whether a column that is no picture has cells, and all of them fit."""
    if is_picture(column) or plain_name(column) in PICTURE_ORDER:
        return False
    cells = [cell for _, row in table.rows if (cell := row.get(column)) not in (None, "", {}, [])]
    return bool(cells) and all(fits(cell) for cell in cells)


def _is_plain(cell: Any) -> bool:
    return isinstance(cell, dict) and not any(isinstance(value, dict | list) for value in cell.values())


def _is_pairs(cell: Any) -> bool:
    return isinstance(cell, list) and all(
        isinstance(item, dict) and _first(item, _NAMES) is not None and _value_name(item) is not None for item in cell
    )


def _pairs(items: Any) -> Iterator[tuple[str, Any]]:
    for item in items:
        yield plain_text(item[_first(item, _NAMES)]), item[_value_name(item)]


def _value_name(item: Any) -> str | None:
    """The field with the value; BigCommerce calls it the label."""
    return _first(item, _VALUES) or (
        _first(item, ("label",)) if _first(item, _NAMES) == "option_display_name" else None
    )


def _add(table: Table, row: dict[str, Any], parent: str, name: str, value: Any) -> None:
    """Add a named value to a row, beside what the row has under that name."""
    if not name or not plain_text(value):
        return
    name = f"{parent} {name}" if name in table.columns else name
    held = row.get(name)
    row[name] = value if not plain_text(held) else [*_list(held), *_list(value)]


def _fields(table: Table, column: str) -> list[str]:
    return list(dict.fromkeys(name for _, row in table.rows for name in row.get(column) or {}))


def _first(names: Any, known: tuple[str, ...]) -> str | None:
    """The first of some names that is known, by the order of what is known."""
    return next((name for plain in known for name in names if plain_name(str(name)) == plain), None)


def _list(cell: Any) -> list[Any]:
    return cell if isinstance(cell, list) else [] if cell in (None, "") else [cell]
