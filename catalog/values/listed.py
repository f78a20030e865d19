"""Lists within a text: JSON, Python, and the brackets of databases."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from typing import Any

_NOTHING = frozenset({"", "nan", "none", "null"})
"""What programs write beside lists for no list."""
_BARE = re.compile(r"\[[^\[\]{}\"']*\]|\{(?:[^{}\"':]|:(?=//))*\}")


def listed(text: str) -> list[Any] | None:
    """The items of a text that is a list as a whole, such as ``["a", "b"]``, ``['a', 'b']`` or ``{a,b}``; else None."""
    text = text.strip()
    if text[:1] not in ("[", "{") or text[-1:] not in ("]", "}"):
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            items = read(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        if isinstance(items, list | tuple | set):
            return list(items)
        return None
    if _BARE.fullmatch(text):
        comma = r",(?=\s*https?://)" if "://" in text else ","  # Addresses may have commas.
        return [item for part in re.split(comma, text[1:-1]) if (item := part.strip())]
    return None


def unlisted(cells: Sequence[Any]) -> Sequence[Any]:
    """The cells of a column as lists, if every filled cell is the text of a list."""
    texts = {cell for cell in cells if isinstance(cell, str) and cell.casefold() not in _NOTHING}
    if not texts or any(text[0] not in "[{" for text in texts):
        return cells
    items: dict[str, list[str]] = {}
    for text in texts:
        found = listed(text)
        if found is None or any(isinstance(item, list | dict) for item in found):
            return cells
        items[text] = [word for item in found if item is not None and (word := str(item).strip())]
    return [items.get(cell, "") if isinstance(cell, str) else cell for cell in cells]
