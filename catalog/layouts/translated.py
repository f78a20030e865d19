"""Values in several languages and channels: those of Akeneo, and lists of translations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from catalog.names.plain import LANGUAGES
from catalog.table import Table

LANGUAGE = re.compile(rf"(?:{LANGUAGES})(?:[-_]\w{{2,4}})?")
_LOCALES = ("locale", "language", "lang", "languageCode", "language_code")
"""Fields with the language of a translation."""
_SCOPES = frozenset({"locale", "scope", "channel", "data", "attribute_type", "linked_data"})
"""Fields of an object in Akeneo's API that has a value in ``data``."""


def read_scoped(table: Table) -> None:
    """Take the values of Akeneo's API out of their objects."""
    for column in table.columns:
        cells = table.rows.column(column)
        if any(isinstance(cell, dict | list) for cell in cells):
            table.rows.put(column, (_unscoped(cell) for cell in cells))


def _unscoped(cell: Any) -> Any:
    """A value of Akeneo's API without its locale and channel; in several languages, an object with the text in each."""
    if isinstance(cell, dict):
        return {name: _unscoped(value) for name, value in cell.items()}
    if not isinstance(cell, list) or not cell:
        return cell
    if not all(isinstance(one, dict) and {"data", "scope"} <= one.keys() <= _SCOPES for one in cell):
        return cell
    by_locale = {one.get("locale"): one["data"] for one in reversed(cell)}
    texts = {str(locale): data for locale, data in reversed(by_locale.items()) if locale}
    return texts if len(texts) > 1 else cell[0]["data"]


def read_translations(table: Table) -> None:
    """Add the fields of translations in their first language to their product, and those in others with their
    language."""
    for column in [one for one in table.columns if _are_translated(table.rows.column(one))]:
        for _, row in table.rows.edited():
            for place, one in enumerate(row.pop(column, None) or ()):
                language = next(one[name] for name in _LOCALES if name in one)
                for name, value in one.items():
                    if name not in _LOCALES and not isinstance(value, dict | list):
                        row.setdefault(f"{name} {language}" if place else name, value)
        table.columns = list(dict.fromkeys([*(one for one in table.columns if one != column), *table.rows.names]))
        table.rows.drop([column])


def _are_translated(cells: Sequence[Any]) -> bool:
    filled = [cell for cell in cells if cell not in (None, "", [])]
    return bool(filled) and all(map(_are_translations, filled))


def _are_translations(cell: Any) -> bool:
    return isinstance(cell, list) and all(
        isinstance(item, dict) and any(LANGUAGE.fullmatch(str(item.get(name)).casefold()) for name in _LOCALES)
        for item in cell
    )  # fmt: skip
