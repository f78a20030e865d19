"""The columns of a catalogue: what kind of values each holds, and the values with that type."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Literal

AttributeValue = str | int | float | bool | list[str]
Kind = Literal["text", "number", "flag", "list"]

# A code such as "007" is text: as a number it would lose its zeros.
NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,2})?")
WHOLE = re.compile(r"[+-]?(0|[1-9]\d*)")
FLAGS = {"true": True, "false": False, "yes": True, "no": False}


def plain_text(value: Any) -> str:
    """A cell as text: stripped, empty for no value, a whole number without ".0"."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value).strip()


def typed_columns(
    rows: Sequence[dict[str, Any]], columns: Sequence[str], *, textual: bool
) -> tuple[dict[str, Kind], list[dict[str, AttributeValue]]]:
    """Find the kind of every column and give its values their type.

    Args:
        rows: The rows, by column.
        columns: The columns to type.
        textual: Whether every cell is text whose type is still to be found out (CSV), or has its type (JSON, Parquet).

    Returns:
        The kind of each column that has any value, and the attributes of each row, without its empty cells.
    """
    kinds: dict[str, Kind] = {}
    attributes: list[dict[str, AttributeValue]] = [{} for _ in rows]
    for column in columns:
        cells = [row.get(column) for row in rows]
        filled = [cell for cell in cells if cell is not None and cell != "" and cell != []]
        if textual:
            filled = [cell for cell in (plain_text(cell) for cell in filled) if cell]
        if not filled:
            continue
        kind = kinds[column] = _kind_of_texts(filled) if textual else _kind_of_values(filled)
        whole = kind == "number" and all(WHOLE.fullmatch(plain_text(cell)) for cell in filled)
        for values, cell in zip(attributes, cells, strict=True):
            value = _value_of(cell, kind, whole)
            if value not in ("", []):
                values[column] = value
    return kinds, attributes


def _kind_of_texts(texts: Sequence[str]) -> Kind:
    if all(NUMBER.fullmatch(text) for text in texts):
        return "number"
    if all(text.lower() in FLAGS for text in texts):
        return "flag"
    return "list" if any("|" in text for text in texts) else "text"


def _kind_of_values(values: Sequence[Any]) -> Kind:
    if all(isinstance(value, bool) for value in values):
        return "flag"
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return "number"
    return "list" if any(isinstance(value, list) for value in values) else "text"


def _value_of(cell: Any, kind: Kind, whole: bool) -> AttributeValue:
    if kind == "list":
        items = cell if isinstance(cell, list) else plain_text(cell).split("|")
        return [text for text in (plain_text(item) for item in items) if text]
    text = plain_text(cell)
    if kind == "text" or not text:
        return text
    if kind == "flag":
        return FLAGS[text.lower()]
    return int(text) if whole else float(text)
