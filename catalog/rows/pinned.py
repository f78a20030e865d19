"""Refuses tables whose cells do not have the pinned kinds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from catalog.settings import SETTINGS_NAME
from catalog.table import TableOptions
from catalog.values import Kind
from catalog.values.columns import Typed
from catalog.values.kinds import MAX_STRANGE_SHARE


def refuse_strange(typed: Typed, pinned: Mapping[str, Kind], options: TableOptions, source: Path) -> None:
    """Refuse a table in which too many cells are not of their column's kind, unless that check may fail.

    Raises:
        CatalogRefused: More than one in ten is not.
    """
    for column, share in typed.strange.items():
        if share > MAX_STRANGE_SHARE:
            first = next(one for one in typed.oddities if one.kind.startswith(f"{column} is no "))
            options.refuse_unless_allowed(
                "kinds",
                f"The column {column} of {source} is pinned as {pinned[column]}, but {share:.0%} of its cells have "
                f"another kind (row {first.row}: {first.reason}).",
                hint=f"Correct the table, or change the column's kind in {SETTINGS_NAME}.",
            )
