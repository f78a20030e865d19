"""Converts cells to values: numbers, dates, flags, lists and paths."""

from catalog.values.columns import Column, Typed, type_columns
from catalog.values.entities import unescaped, untagged
from catalog.values.kinds import AttributeValue, Kind, as_list, plain_text

__all__ = [
    "AttributeValue", "Column", "Kind", "Typed", "as_list", "plain_text", "type_columns", "unescaped", "untagged",
]  # fmt: skip
