"""Cells become values: numbers, dates, flags, lists and paths, as shops write them."""

from catalog.values.columns import Column, Typed, type_columns
from catalog.values.entities import unescaped, untagged
from catalog.values.kinds import AttributeValue, Kind, plain_text

__all__ = ["AttributeValue", "Column", "Kind", "Typed", "plain_text", "type_columns", "unescaped", "untagged"]
