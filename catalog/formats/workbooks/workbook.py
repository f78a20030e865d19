"""Reads the sheets of a workbook."""

from __future__ import annotations

import io
import math
from collections.abc import Collection, Sequence
from typing import Any

import python_calamine

from catalog.errors import ModisteError
from catalog.formats.encodings import clean_text
from catalog.formats.header import HEADER_ROWS, column_names, find_header
from catalog.formats.workbooks.extent import MAX_CELLS, check_extents
from catalog.formats.workbooks.joined import join
from catalog.formats.workbooks.placed import Placed, placed_pictures
from catalog.names.columns import ID_NAMES, SIZES, TITLE_ORDER, standard_name
from catalog.names.plain import plain_name
from catalog.table import Problem, Rows, Table, TableOptions

_TITLES = frozenset(TITLE_ORDER)

_ERRORS = frozenset({"#N/A", "#NV", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#WERT!", "#BEZUG!"})


def read_workbook(content: bytes, source: str, options: TableOptions) -> Table:
    """Read the sheet in ``options``, or the largest visible sheet with an id and a title, and the other sheets with the
    same columns. Sheets that refer to its products are joined. Pictures on a sheet are in the column ``image``.

    Raises:
        ModisteError: It is damaged, or has no such sheet.
    """
    try:
        check_extents(content, options.sheet, source)
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        hidden = {one.name for one in book.sheets_metadata if one.visible != python_calamine.SheetVisibleEnum.Visible}
        names = [name for name in book.sheet_names if name not in hidden or name == options.sheet] or book.sheet_names
        sheets = {name: _unmerged(book.get_sheet_by_name(name)) for name in names}
    except ModisteError:
        raise
    except Exception as error:  # calamine's errors share no base that it documents.
        raise ModisteError(
            f"{source} cannot be read as a workbook.", hint="The file may be truncated or protected; save it again."
        ) from error
    if options.sheet is not None and options.sheet not in sheets:
        raise ModisteError(f"{source} has no sheet {options.sheet!r}.", hint=f"It has: {', '.join(book.sheet_names)}.")
    name = options.sheet or max(
        sheets, key=lambda name: (_has(sheets[name], _TITLES), _has(sheets[name], ID_NAMES), len(sheets[name])),
        default="",
    )  # fmt: skip
    columns, rows = _rows_of(sheets.get(name, []), source, options)
    if not columns:
        raise ModisteError(f"{source} is an empty workbook.", hint="Give it one row for each product.")
    table = Table(list(columns), Rows())
    read: list[str] = []
    others: list[str] = []
    joined: list[str] = []
    for other, cells in sheets.items():
        alike = other == name or (options.sheet is None and _has_columns(cells, columns))
        (read if alike else others).append(other)
        if alike:
            called, rows = _rows_of(cells, source, options)
            if called != columns:  # In another case, or in another order.
                names_of = {plain_name(one): one for one in columns}
                rows = [(at, {names_of[plain_name(one)]: cell for one, cell in row.items()}) for at, row in rows]
            _add_pictures(table, rows, placed_pictures(content, other))
            table.rows.extend(rows)
    further = [one for one in others if options.sheet is None and any(map(any, sheets[one]))]
    for other in sorted(further, key=lambda one: _has(sheets[one], SIZES)):  # Rows of variants come last.
        if join(table, *_rows_of(sheets[other], source, options)):
            others.remove(other)
            joined.append(other)
        elif _has(sheets[other], ID_NAMES) and _has(sheets[other], _TITLES):
            kind = f"the sheet {other!r} has other columns and is not read"
            table.remarks.append(Problem(1, None, kind, kind))
    filled = [repr(other) for other in others if any(map(any, sheets[other]))]
    beside = f"; not {', '.join(filled)}" if filled else ""
    filled_in = f", with {', '.join(map(repr, joined))}" if joined else ""
    table.format = f"workbook, sheet{'s' if read[1:] else ''} {', '.join(map(repr, read))}{filled_in}{beside}"
    return table


def read_sheet(cells: list[list[Any]], source: str, options: TableOptions) -> Table:
    """Read the rows of a sheet that was written as HTML or XML. Its cells are texts, as in a CSV."""
    columns, rows = _rows_of(cells, source, options)
    return Table(list(columns), Rows(rows), format="sheet in HTML or XML")


def _rows_of(
    sheet: list[list[Any]], source: str, options: TableOptions
) -> tuple[list[str], list[tuple[int, dict[str, Any]]]]:
    """The names of the columns of a sheet, and its rows with their numbers; both empty if it has no cells."""
    filled = [
        (number, [_value(cell) for cell in cells])
        for number, cells in enumerate(sheet, start=1)
        if any(cell not in ("", None) for cell in cells)
    ]
    if not filled:
        return [], []
    place = find_header([[str(cell) for cell in cells] for _, cells in filled[:20]], options.names)
    header = [str(cell) for cell in filled[place][1]]
    while header and not header[-1].strip() and not any(str(cells[len(header) - 1]) for _, cells in filled):
        header.pop()
    columns = column_names(header, source)
    return columns, [(number, dict(zip(columns, cells, strict=False))) for number, cells in filled[place + 1 :]]


def _has_columns(sheet: list[list[Any]], columns: Sequence[str]) -> bool:
    """Whether a sheet has a header with these columns."""
    wanted = set(map(plain_name, columns))
    return len(wanted) == len(columns) and any(
        len(filled := [text for cell in row if (text := str(cell).strip())]) == len(columns)
        and set(map(plain_name, filled)) == wanted
        for row in sheet[:HEADER_ROWS]
    )


def _has(rows: list[list[Any]], names: Collection[str]) -> bool:
    """Whether one of the first rows has a cell with one of some names."""
    return any(standard_name(str(cell)) in names for row in rows[:HEADER_ROWS] for cell in row)


def _add_pictures(table: Table, rows: Sequence[tuple[int, dict[str, Any]]], pictures: Sequence[Placed]) -> None:
    """Add the pictures on a sheet to the rows on which they are placed."""
    name = "image on the sheet" if "image" in table.columns and not table.rows else "image"
    by_number = dict(rows)
    for one in pictures:
        row = by_number.get(one.row)
        if row is not None:
            row.setdefault(name, []).append(one.picture)
            continue
        kind = "a picture on the sheet is beside no row of the table"
        table.remarks.append(Problem(one.row, None, kind, kind))
    if name not in table.columns and any(name in row for row in by_number.values()):
        table.columns.append(name)


def _unmerged(sheet: python_calamine.CalamineSheet) -> list[list[Any]]:
    """The rows of a sheet. A cell that spans rows is repeated in each of them, in its first column."""
    rows = sheet.to_python(skip_empty_area=False)
    merged = sheet.merged_cell_ranges or ()
    if sum(last - first for (first, _), (last, _) in merged) > MAX_CELLS:
        raise ModisteError(f"The sheet {sheet.name!r} merges too many cells.", hint="Save it as CSV.")
    for (first, column), (last, _) in merged:
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
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell
