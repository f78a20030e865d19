"""How far the sheets of a workbook reach. A single cell far from the others would take the memory of all between."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

from catalog.errors import ModisteError
from catalog.formats.workbooks.placed import ODF, Book, column_number

MAX_CELLS = 2**25
"""Maximum number of cells from the first to the last row and column of the sheets that are read, with empty ones."""
MAX_UNPACKED_BYTES = 2**30
"""Maximum number of bytes of the XML of a workbook."""
MAX_RATIO, ALWAYS_READ = 250, 64 * 2**20
"""How many times larger than its file the XML may be, if it is larger than a number of bytes. Sheets reach 20 to 60."""
_CELL = re.compile(rb'<(?:\w+:)?c\s[^<>]*?\br="([A-Z]{1,3})(\d{1,7})"[^<>]*(?<!/)>(?!</)')
"""A cell that is not empty. No attribute contains ``<``, so the time is linear."""
_ROW = re.compile(rb'<(?:\w+:)?row\s[^<>]*?\br="(\d{1,7})"')
_UNNAMED = re.compile(rb"<(?:\w+:)?(?:c|row)(?![^<>]*?\sr=)[\s/>]")
"""A cell or row without its place, which is the one behind the place before it."""
_TAG = re.compile(rb"<(?:\w+:)?(c|row)[\s/>]")
_ODF = re.compile(rb'<table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])((?:[^<>"]*"[^<"]*")*[^<>"]*)>')
_ODF_NAME = re.compile(rb'\btable:name="([^"]*)"')
_ODF_REPEATED = re.compile(rb'\btable:number-(?:rows|columns)-repeated="(\d{1,9})"')
_BLOCK, _OVERLAP = 2**20, 2**10


def check_extents(content: bytes, sheet: str | None, source: str) -> None:
    """Refuse an XLSX or ODS workbook that would take too much memory; sheets of XLS are small.

    Args:
        content: The file.
        sheet: Name of the sheet that is to be read; None checks all that are not hidden.
        source: The file's name, for messages.

    Raises:
        ModisteError: A sheet reaches too far, or the workbook is too large.
    """
    if not content.startswith(b"PK\x03\x04"):
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if "xl/workbook.bin" in archive.namelist():
            raise ModisteError(f"{source} is a binary workbook (XLSB).", hint="Save it as XLSX or CSV.")
        _check_sizes(archive, len(content), source)
        parts = Book(archive).parts(sheet)
        of_xlsx = ((name, _extent(archive, part)) for name, part in parts.items())
        cells = 0
        for name, (rows, columns) in _extents_of_odf(archive) if ODF in archive.namelist() else of_xlsx:
            cells += rows * columns
            if cells > MAX_CELLS:
                raise ModisteError(
                    f"The sheet {name!r} of {source} reaches to the row {rows:,} and the column {columns:,}.",
                    hint="Delete what is in cells beyond the table (Ctrl+End shows the last one), or save it as CSV.",
                )
        for one in archive.infolist():  # The parser does not stop where the size of a part is stated too small.
            if one.filename.endswith((".xml", ".rels")) and one.filename not in (ODF, *parts.values()):
                with archive.open(one) as stream:
                    while stream.read(_BLOCK):
                        pass


def _check_sizes(archive: zipfile.ZipFile, packed: int, source: str) -> None:
    unpacked = sum(one.file_size for one in archive.infolist() if one.filename.endswith((".xml", ".rels")))
    if unpacked > MAX_UNPACKED_BYTES or unpacked > max(ALWAYS_READ, MAX_RATIO * packed):
        raise ModisteError(
            f"{source} is too large for a workbook: {packed:,} bytes unpack to {unpacked:,}.",
            hint="Save its sheet as CSV.",
        )


def _extent(archive: zipfile.ZipFile, part: str) -> tuple[int, int]:
    """The last row and the last column of a sheet with a cell that is not empty, or at least these."""
    rows = numbered = row = column = widest = 0
    columns, unnamed, held = {b"A"}, False, b""
    with archive.open(part) as stream:
        while block := stream.read(_BLOCK):
            text = held + block
            cells = _CELL.findall(text)
            rows = max(rows, max((int(row) for _, row in cells), default=0))
            columns.update(column for column, _ in cells)
            numbered = max(numbered, max(map(int, _ROW.findall(text)), default=0))
            unnamed = unnamed or _UNNAMED.search(text) is not None
            for tag in _TAG.findall(block) if unnamed else ():
                row, column = (row + 1, 0) if tag == b"row" else (row, column + 1)
                widest = max(widest, column)
            held = block[-_OVERLAP:]
    rows = max(rows, numbered) + row if unnamed else rows
    return rows, max(widest, max(column_number(column.decode()) for column in columns))


def _extents_of_odf(archive: zipfile.ZipFile) -> Iterator[tuple[str, tuple[int, int]]]:
    """The names of the sheets of an ODS workbook, each with its last row and last column that are not empty.

    Rows and cells may be repeated: ``table:number-rows-repeated="1000"``.
    """
    name, row, column, repeated, last = "", 0, 0, 1, (0, 0)
    held = b""
    with archive.open(ODF) as stream:
        while block := stream.read(_BLOCK):
            held += block
            end = held.rfind(b"<")
            for tag, attributes in _ODF.findall(held, 0, end):
                found = _ODF_REPEATED.search(attributes)
                times = int(found[1]) if found else 1
                if tag == b"table":
                    yield name, last
                    stated = _ODF_NAME.search(attributes)
                    name, row, column, repeated, last = stated[1].decode() if stated else "", 0, 0, 1, (0, 0)
                elif tag == b"table-row":
                    row, column, repeated = row + repeated, 0, times
                else:
                    column += times
                    if b"value-type=" in attributes:
                        last = max(last[0], row + repeated), max(last[1], column)
            held = held[max(end, 0) :]
    yield name, last
