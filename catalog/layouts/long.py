"""Long tables, with a row for each attribute of a product, or for each of its languages."""

from __future__ import annotations

import re
from typing import Any

from catalog.names.columns import ID_ORDER, is_special, pick, standard_name
from catalog.names.plain import LANGUAGES, group, plain_name
from catalog.table import Table
from catalog.values import plain_text

_NAMES = group(
    "attribute attributename attributecode property propertyname field fieldname key name feature specification "
    "attribut eigenschaft merkmal feld attributo atributo propiedad caratteristica eigenschap kenmerk"
)
_VALUES = group("value values attributevalue propertyvalue fieldvalue wert inhalt valeur valor valore waarde content")
_LANGUAGE_COLUMNS = group(
    "language lang locale languagecode langcode isocode sprache langue idioma lingua taal språk sprog jazyk język "
    "nyelv dil язык мова 言語 언어 语言 語言"
)
_LANGUAGE = re.compile(rf"(?:{LANGUAGES})(?:[-_]\w{{2,4}})?", re.IGNORECASE)
MAX_COLUMNS = 5
"""Maximum number of columns of a table with a row for each attribute; some have a language, too."""


def pivoted(table: Table) -> None:
    """Turn the rows of a long table into one for each product, with its attributes as columns."""
    id = next(iter(pick(table.columns, ID_ORDER)), None)
    names = next((name for name in table.columns if plain_name(name) in _NAMES and name != id), None)
    values = next((name for name in table.columns if plain_name(name) in _VALUES), None)
    if len(table.columns) > MAX_COLUMNS or id is None or names is None or values is None:
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


def languages_in_rows(table: Table) -> set[str]:
    """Merge the rows of a product in several languages. Its values are those of the first language; values that differ
    in another one become columns such as ``title de``.

    Returns:
        The column of languages, if the table has one.
    """
    id = next(iter(pick(table.columns, ID_ORDER)), None)
    column = next((name for name in table.columns if plain_name(name) in _LANGUAGE_COLUMNS), None)
    if id is None or column is None:
        return set()
    keys = [(plain_text(row.get(id)), plain_text(row.get(column))) for _, row in table.rows]
    ids = {key for key, _ in keys}
    if len(set(keys)) < len(keys) or len(ids) == len(keys) or not all(_LANGUAGE.fullmatch(code) for _, code in keys):
        return set()
    main = keys[0][1]
    place_of = {key: place for place, (key, _) in reversed(list(enumerate(keys)))}
    place_of |= {key: place for place, (key, code) in enumerate(keys) if code == main}
    for place, (key, code) in enumerate(keys):
        if place == place_of[key]:
            continue
        product = table.rows[place_of[key]][1]
        for name, cell in table.rows[place][1].items():
            if name not in (id, column) and plain_text(cell) and cell != product.get(name):
                product[f"{name} {code}"] = cell
        table.rows.replace(place_of[key], product)
    table.folded += len(keys) - len(place_of)
    table.rows.keep(sorted(place_of.values()))
    return {column}
