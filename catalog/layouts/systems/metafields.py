"""Metafields of Shopify: columns with the technical name of a field behind or in place of its name."""

from __future__ import annotations

import re
from collections.abc import Container

from catalog.names.columns import TEXTS
from catalog.names.hidden import is_hidden
from catalog.names.plain import plain_name
from catalog.table import Table
from catalog.values import plain_text

_METAFIELD = re.compile(
    r"(?P<name>.+?)\s*\((?:product|variant)\.metafields\.[^()]+\)|"
    r"(?:variant )?metafield:\s*[\w-]+\.(?P<key>[^\s\[\]]+)(?:\s*\[[^\]]*\])?",
    re.IGNORECASE,
)
"""``Colour (product.metafields.custom.colour)`` of Shopify, ``Metafield: custom.colour [single_line_text_field]`` of
Matrixify."""


def name_metafields(table: Table, stated: Container[str]) -> None:
    """Give columns of metafields their short names, and split the lists in their cells.

    Args:
        stated: Names in the settings, which are kept.
    """
    taken = {plain_name(name) for name in table.columns if not _METAFIELD.fullmatch(name)}
    for place, column in enumerate(table.columns):
        found = _METAFIELD.fullmatch(column)
        if found is None:
            continue
        table.metafields.add(column)
        name = found["name"] or re.sub(r"[_-]+", " ", found["key"])
        if column in stated or is_hidden(column) or plain_name(name) in taken:
            continue
        taken.add(plain_name(name))
        cells = table.rows.column(column)
        texts = [cell for cell in cells if isinstance(cell, str)]
        listed = not TEXTS.search(plain_name(name)) and any(re.search("[|;]", text) for text in texts)
        table.rows.put(name, [_items(cell) if listed and isinstance(cell, str) else cell for cell in cells])
        table.rows.drop([column])
        table.columns[place] = name
        table.metafields.add(name)


def _items(cell: str) -> list[str]:
    return [item for one in re.split("[|;]", cell) if (item := plain_text(one))]
