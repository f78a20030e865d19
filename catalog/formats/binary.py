"""Parquet files and workbooks (XLSX, XLS, ODS)."""

from __future__ import annotations

import io
import math
from typing import Any

import pyarrow
import pyarrow.parquet
import python_calamine

from catalog.errors import ModisteError
from catalog.formats.encodings import clean_text
from catalog.formats.header import LOOKED_AT, column_names, find_header
from catalog.names.columns import ID_NAMES
from catalog.names.plain import plain_name
from catalog.table import Row, Table, TableOptions

_ERRORS = frozenset({"#N/A", "#NV", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#WERT!", "#BEZUG!"})


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
    return Table(names, rows, format="Parquet")


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


def read_workbook(content: bytes, source: str, options: TableOptions) -> Table:
    """Read one sheet of a workbook: the named one, or the largest with an id of those that are not hidden.

    Raises:
        ModisteError: It is damaged, or has no such sheet.
    """
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        hidden = {one.name for one in book.sheets_metadata if one.visible != python_calamine.SheetVisibleEnum.Visible}
        names = [name for name in book.sheet_names if name not in hidden or name == options.sheet] or book.sheet_names
        sheets = {name: _unmerged(book.get_sheet_by_name(name)) for name in names}
    except Exception as error:  # calamine's errors share no base that it documents.
        raise ModisteError(
            f"{source} cannot be read as a workbook.", hint="The file may be truncated or protected; save it again."
        ) from error
    if options.sheet is not None and options.sheet not in sheets:
        raise ModisteError(f"{source} has no sheet {options.sheet!r}.", hint=f"It has: {', '.join(book.sheet_names)}.")
    name = options.sheet or max(sheets, key=lambda name: (_has_id(sheets[name]), len(sheets[name])), default="")
    filled = [
        (number, [_value(cell) for cell in cells])
        for number, cells in enumerate(sheets.get(name, []), start=1)
        if any(cell not in ("", None) for cell in cells)
    ]
    if not filled:
        raise ModisteError(f"{source} is an empty workbook.", hint="Give it one row for each product.")
    place = find_header([[str(cell) for cell in cells] for _, cells in filled[:20]], options.names)
    header = [str(cell) for cell in filled[place][1]]
    while header and not header[-1].strip() and not any(str(cells[len(header) - 1]) for _, cells in filled):
        header.pop()
    columns = column_names(header, source)
    rows = [(number, dict(zip(columns, cells, strict=False))) for number, cells in filled[place + 1 :]]
    return Table(columns, rows, format=f"workbook, sheet {name!r}")


def _has_id(rows: list[list[Any]]) -> bool:
    return any(plain_name(str(cell)) in ID_NAMES for row in rows[:LOOKED_AT] for cell in row)


def _unmerged(sheet: python_calamine.CalamineSheet) -> list[list[Any]]:
    """The rows of a sheet. A cell that spans rows is repeated in each of them, in its first column."""
    rows = sheet.to_python(skip_empty_area=False)
    for (first, column), (last, _) in sheet.merged_cell_ranges or ():
        for row in rows[first + 1 : last + 1]:
            if column < len(row):  # Empty cells beyond the last column may be merged, too.
                row[column] = rows[first][column]
    return rows


def _value(cell: Any) -> Any:
    if isinstance(cell, str):
        cell = clean_text(cell)
        return "" if cell in _ERRORS else cell
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    return _cell(cell)
