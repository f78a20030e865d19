"""Sheets that are written as HTML or XML: tables of web pages, Excel 2003 XML, and FileMaker's results."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from catalog.formats.encodings import decode
from catalog.formats.header import HEADER_ROWS
from catalog.formats.workbooks.extent import MAX_CELLS
from catalog.names.columns import known, standard_name

MIN_KNOWN_NAMES = 2
"""Known names of columns by which a table of a web page is a catalogue and not a part of its layout."""
MAX_WIDTH = 16_384
"""Columns of a sheet of Excel."""
_FIRST_ELEMENT = re.compile(r"(?:[^<]|<[!?])*<(\w+)")
_OF_PAGES = frozenset({
    "html", "head", "title", "meta", "base", "link", "style", "script", "body", "main", "section", "header", "div",
    "center", "form", "font", "span", "p", "b", "strong", "br", "hr", "h1", "h2", "h3", "table", "thead", "tbody", "tr",
})  # fmt: skip
"""Elements with which web pages begin. Descriptions in feeds may contain tables as well."""
_EXCEL, _FILEMAKER = "urn:schemas-microsoft-com:office:spreadsheet", "http://www.filemaker.com/fmpxmlresult"


def sheet_in(content: bytes, encoding: str | None = None) -> list[list[Any]]:
    """The rows of the largest sheet in a file; empty if it has none."""
    start = content[:4000].decode("latin-1").replace("\0", "")
    if _EXCEL in start or _FILEMAKER in start:
        try:
            root = defusedxml.ElementTree.fromstring(content)
        except (DefusedXmlException, defusedxml.ElementTree.ParseError):
            return []
        if root.tag == f"{{{_FILEMAKER}}}FMPXMLRESULT":
            return _of_filemaker(root)
        if root.tag == f"{{{_EXCEL}}}Workbook":
            tables = [_of_excel(table) for table in root.iter(f"{{{_EXCEL}}}Table")]
            return max(tables, key=len, default=[])
    first = _FIRST_ELEMENT.match(start)
    if first is None or first[1].casefold() not in _OF_PAGES:
        return []
    page = _Page()
    page.feed(decode(content, encoding).text)
    page.close()
    return max(filter(_is_catalogue, page.tables), key=len, default=[])


def _of_excel(table: Any) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for row in table.iter(f"{{{_EXCEL}}}Row"):
        cells: list[Any] = []
        for cell in row.iter(f"{{{_EXCEL}}}Cell"):
            place = cell.get(f"{{{_EXCEL}}}Index", "")
            if place.isdigit():  # Empty cells before it are not written.
                cells += [""] * (min(int(place[:6]), MAX_WIDTH) - 1 - len(cells))
            data = cell.find(f"{{{_EXCEL}}}Data")
            cells.append("" if data is None else "".join(data.itertext()).strip())
        rows.append(cells)
    return _of_equal_length(rows)


def _of_filemaker(root: Any) -> list[list[Any]]:
    names = [field.get("NAME", "") for field in root.iter(f"{{{_FILEMAKER}}}FIELD")]
    rows = [
        ["|".join("".join(one.itertext()).strip() for one in column) for column in row.iter(f"{{{_FILEMAKER}}}COL")]
        for row in root.iter(f"{{{_FILEMAKER}}}ROW")
    ]
    return _of_equal_length([names, *rows])


def _of_equal_length(rows: list[list[Any]]) -> list[list[Any]]:
    """The rows with empty cells at their ends; none if these would be too many."""
    width = max(map(len, rows), default=0)
    if width * len(rows) > MAX_CELLS:
        return []
    return [[*row, *([""] * (width - len(row)))] for row in rows]


def _is_catalogue(rows: list[list[Any]]) -> bool:
    return len(rows) > 1 and any(
        len({name for cell in row if known(name := standard_name(cell))}) >= MIN_KNOWN_NAMES
        for row in rows[:HEADER_ROWS]
    )


class _Page(HTMLParser):
    """Collects the cells of all tables of a page, with the pictures in cells without text."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[Any]]] = []
        self._open: list[list[list[Any]]] = []
        self._cell: list[str] | None = None
        self._picture = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._open.append([])
            self.tables.append(self._open[-1])
        elif tag == "tr" and self._open:
            self._end_cell()
            self._open[-1].append([])
        elif tag in ("td", "th") and self._open:
            self._end_cell()
            self._cell, self._picture = [], ""
        elif tag == "img" and self._cell is not None:
            self._picture = self._picture or dict(attrs).get("src") or ""
        elif tag == "br" and self._cell is not None:
            self._cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr"):
            self._end_cell()
        elif tag == "table" and self._open:
            self._end_cell()
            table = self._open.pop()
            table[:] = _of_equal_length([row for row in table if row])

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def close(self) -> None:
        super().close()
        while self._open:
            self.handle_endtag("table")

    def _end_cell(self) -> None:
        if self._cell is not None and self._open and self._open[-1]:
            lines = (" ".join(line.split()) for line in "".join(self._cell).split("\n"))
            self._open[-1][-1].append("\n".join(filter(None, lines)) or self._picture)
        self._cell = None
