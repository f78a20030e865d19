"""Parquet files."""

from __future__ import annotations

import math
from typing import Any

import pyarrow
import pyarrow.parquet

from catalog.errors import ModisteError
from catalog.formats.encodings import clean_text
from catalog.table import Row, Rows, Table, TableOptions


def read_parquet(content: bytes, source: str, options: TableOptions) -> Table:
    """Read a Parquet file; its types are kept.

    Raises:
        ModisteError: It is damaged or truncated, or has two columns with the same name.
    """
    try:
        table = pyarrow.parquet.read_table(pyarrow.BufferReader(content))
        rows = [(number, _without_nan(row)) for number, row in enumerate(table.to_pylist(), start=1)]
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise ModisteError(
            f"{source} cannot be read as Parquet.", hint="The file may be truncated; write or copy it again."
        ) from error
    names = list(table.column_names)
    if len(set(names)) < len(names):
        raise ModisteError(f"{source} has two columns with the same name.", hint="Give every column a unique name.")
    return Table(names, Rows(rows), format="Parquet")


def _without_nan(row: Row) -> Row:
    """pandas writes NaN for a missing number. Infinite numbers are dropped as well."""
    return {name: _cell(cell) for name, cell in row.items()}


def _cell(cell: Any) -> Any:
    if isinstance(cell, float) and not math.isfinite(cell):
        return None
    if isinstance(cell, bytes):
        return _text(cell)
    if isinstance(cell, list) and cell and all(isinstance(item, tuple) and len(item) == 2 for item in cell):
        return {str(_cell(name)): _cell(value) for name, value in cell}  # A map.
    return clean_text(cell) if isinstance(cell, str) else cell


def _text(content: bytes) -> str | bytes:
    """Bytes as text if they are UTF-8, otherwise unchanged, such as a picture."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content
    return text if text and clean_text(text) == text else content
