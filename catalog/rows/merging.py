"""Merges the values of rows: into those of their product, and into those of its variants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from catalog.names.columns import is_code
from catalog.product import Variant
from catalog.rows.lines import Line
from catalog.values import AttributeValue, Kind


def merged_values(
    head: Line, sold: Sequence[Line], dates: frozenset[str]
) -> dict[str, AttributeValue | list[AttributeValue]]:
    """The values of a product: those of its variants, and those of ``head`` for columns that are empty in all of them.

    Args:
        head: The row of the whole product, or its first row.
        sold: The rows of the variants.
        dates: Columns with dates.
    """
    merged: dict[str, Any] = dict(head.values) if head not in sold else {}
    own: set[str] = set()
    for line in sold:
        for column, value in line.values.items():
            if column not in own:
                own.add(column)
                merged[column] = value
                continue
            merged[column] = merged_value(merged[column], value, is_date=column in dates)
    for column, value in head.values.items():
        merged.setdefault(column, value)
        if head in sold or column not in own:
            continue
        inherits = any(column not in line.values for line in sold) and not isinstance(value, str)
        # A variant without a price has that of its product; a code names the product.
        if inherits or (head.is_parent and is_code(column)):
            merged[column] = merged_value(value, merged[column], is_date=column in dates)
    return merged


def merged_value(held: Any, value: Any, *, is_date: bool) -> Any:
    """The value of a product whose variants have two: the smaller number, the earlier date, or all words as a list."""
    if held == value:
        return held
    if isinstance(held, bool) and isinstance(value, bool):
        return held or value
    if (isinstance(value, int | float) and isinstance(held, int | float)) or is_date:
        return min(held, value)
    both = [one for values in (held, value) for one in (values if isinstance(values, list) else [values])]
    return list(dict.fromkeys(both))


def as_kind(value: AttributeValue | list[AttributeValue], kind: Kind) -> AttributeValue:
    """A merged value in the form of its column's kind."""
    if kind in ("list", "path"):
        values = value if isinstance(value, list) else [value]
        texts = [str(one) for one in values]
        return cast("list[str]", value) if texts == value else texts  # Equal lists stay one object.
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return value


def variants_of(sold: Sequence[Line], rows: int, id: str) -> tuple[Variant, ...]:
    """The variants of a product, each with the values that differ between variants.

    Args:
        sold: The rows of the variants.
        rows: Number of rows of the product. A single row is a variant only if its id is not that of the product, such
            as an article number beside a handle.
        id: Of the product.
    """
    if rows == 1:
        return (Variant(sold[0].id, {}),) if sold[0].id and sold[0].id != id else ()
    lines = [line for line in sold if line.id or line.values]
    if not lines:
        return ()
    shared = {
        column for column, value in lines[0].values.items() if all(line.values.get(column) == value for line in lines)
    }  # fmt: skip
    if len(lines) == 1:
        shared = set()
    return tuple(
        Variant(line.id, {column: value for column, value in line.values.items() if column not in shared})
        for line in lines
    )
