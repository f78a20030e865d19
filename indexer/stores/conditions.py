"""Conditions on columns in numeric form, for stores that filter themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa

Columns = Mapping[str, pa.Array]
"""Columns by name, an entry for each row: a list array of int32 codes, or float64; null if a row has no value."""
NO_COLUMNS: Columns = {}


class OneOf(NamedTuple):
    """Rows that have at least one of some codes."""

    column: str
    codes: Sequence[int]


class Within(NamedTuple):
    """Rows whose number is in at least one of the ranges, each with its lowest and its highest number."""

    column: str
    ranges: Sequence[tuple[float, float]]


Condition = OneOf | Within
