"""Long tables, with a row for each attribute of a product: its id, the name of the attribute, and the value."""

from __future__ import annotations

from typing import Any

from catalog.names.columns import ID_ORDER, is_special, pick, standard_name
from catalog.names.plain import group, plain_name
from catalog.table import Table
from catalog.values import plain_text

_NAMES = group(
    "attribute attributename attributecode property propertyname field fieldname key name feature specification "
    "attribut eigenschaft merkmal feld attributo atributo propiedad caratteristica eigenschap kenmerk"
)
_VALUES = group("value values attributevalue propertyvalue fieldvalue wert inhalt valeur valor valore waarde content")
MOST = 5
"""Columns of such a table, with others such as a language."""


def pivoted(table: Table) -> None:
    """Turn the rows of a long table into one for each product, with its attributes as columns."""
    id = next(iter(pick(table.columns, ID_ORDER)), None)
    names = next((name for name in table.columns if plain_name(name) in _NAMES and name != id), None)
    values = next((name for name in table.columns if plain_name(name) in _VALUES), None)
    if len(table.columns) > MOST or id is None or names is None or values is None:
        return
    stated = {text for cell in table.rows.column(names) if (text := plain_text(cell))}
    special = sum(is_special(plain_name(name)) or is_special(standard_name(name)) for name in stated)
    if special < 1 or len(stated) * 2 > len(table.rows):
        return
    products: dict[str, dict[str, Any]] = {}
    kept: list[int] = []
    for place, (_, row) in enumerate(table.rows):
        key = plain_text(row.get(id))
        if key not in products:
            kept.append(place)
        product = products.setdefault(key, {id: row.get(id)})
        name, value = plain_text(row.get(names)), row.get(values)
        if name and value not in (None, ""):
            held = product.get(name)
            product[name] = value if held in (None, value) else [*(held if isinstance(held, list) else [held]), value]
    table.folded += len(table.rows) - len(kept)
    table.rows.keep(kept)
    for place, product in enumerate(products.values()):
        table.rows.replace(place, product)
    table.rows.drop({names, values})
    table.columns = table.rows.names
