"""Reads tables from files of any format."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from catalog.errors import ModisteError
from catalog.formats.delimited import read_delimited
from catalog.formats.encodings import decode
from catalog.formats.feeds.feed import read_feed
from catalog.formats.header import drop_descriptions
from catalog.formats.json_table import read_json, read_json_lines
from catalog.formats.packed import SUFFIXES, joined, member, members_of, unpacked
from catalog.formats.parquet import read_parquet
from catalog.formats.variants import split_variants
from catalog.formats.workbooks.markup import sheet_in
from catalog.formats.workbooks.workbook import read_sheet, read_workbook
from catalog.table import Problem, Table, TableOptions

WORKBOOKS = (".xlsx", ".xls", ".ods")


def read_table(path: Path, options: TableOptions | None = None) -> Table:
    """Read a table: CSV, TSV, JSON, JSON Lines, Parquet, a workbook or an XML feed, plain or in gzip or zip.

    The format is detected from the content, not from the name.

    Raises:
        CatalogRefused: Rows may be missing (``TableOptions.allow``).
        ModisteError: The file is missing, of another kind, damaged, or has no rows.
    """
    options = options or TableOptions()
    if not path.is_file():
        raise ModisteError(f"There is no catalogue at {path}.", hint="Check the path; it must be a file or a folder.")
    names = members_of(path)
    if len(names) > 1:
        table = _read_several(path, names, options)
    else:
        table = _read(partial(member, path, names[0]) if names else partial(unpacked, path), str(path), options)
    _drop_headers(table)
    drop_descriptions(table)
    if not table.rows and not table.problems:
        found = f" with the columns {', '.join(table.columns)}" if table.columns else ""
        raise ModisteError(f"{path} is an empty table{found}.", hint="Give it one row for each product.")
    split_variants(table)
    return table


def _drop_headers(table: Table) -> None:
    """Drop rows that repeat the header, as in several exports that were joined."""
    kept = array("q")
    for place, (number, row) in enumerate(table.rows):
        filled = [(name, cell) for name, cell in row.items() if cell not in (None, "")]
        if len(filled) > 1 and all(isinstance(cell, str) and cell.strip() == name for name, cell in filled):
            table.remarks.append(Problem(number, None, "the row repeats the header", "the row repeats the header"))
        else:
            kept.append(place)
    if len(kept) < len(table.rows):
        table.rows.keep(kept)


def _read_several(path: Path, names: Sequence[str], options: TableOptions) -> Table:
    """The tables in a zip file as one. If one of them cannot be read, none is, because products would be missing."""
    return joined({name: _read(partial(member, path, name), f"{path}: {name}", options) for name in names})


def _read(load: Callable[[], tuple[bytes, str]], source: str, options: TableOptions) -> Table:
    """The table in the content and name of a file."""
    content, name = load()
    suffix = Path(name).suffix.lower()
    if content.startswith(b"PAR1") or suffix == ".parquet":
        return read_parquet(content, source, options)
    if content.startswith(b"SQLite format 3\0"):
        raise ModisteError(
            f"{source} is an SQLite database.",
            hint=f"Export its products: sqlite3 -header -csv {name} 'SELECT * FROM products' > products.csv",
        )
    start = content[:64].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
    if start.startswith(b"<"):  # Shop systems also write web pages under the name of a workbook.
        sheet = sheet_in(content, options.encoding)
        return read_sheet(sheet, source, options) if sheet else read_feed(content, source, options)
    is_text = suffix == ".xls" and b"\t" in content[:4000]  # Programs also write text under this name.
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")) or (suffix in WORKBOOKS and not is_text):
        return read_workbook(content, source, options)
    if content.startswith((b"\xff\xd8\xff", b"\x89PNG", b"%PDF", b"GIF8")):
        raise ModisteError(
            f"{source} is not a table.", hint=f"Use a file of one of these kinds: {', '.join(SUFFIXES)}."
        )
    decoded = decode(content, options.encoding)
    del content  # It takes as much memory as the text.
    beginning = decoded.text[:2000]
    if sum(sign < " " and sign not in "\t\r\n\f" for sign in beginning) > len(beginning) / 20:
        raise ModisteError(
            f"{source} is not a table.", hint=f"Use a file of one of these kinds: {', '.join(SUFFIXES)}."
        )
    first = next(iter(re.findall(r"^\s*(\S)", beginning)), "")
    if suffix in (".jsonl", ".ndjson"):
        return read_json_lines(decoded, source, options)
    if suffix == ".json" or (first in ("[", "{") and suffix not in (".csv", ".tsv")):
        lines = decoded.text.strip().split("\n", 2)
        several = first == "{" and len(lines) > 1 and lines[0].rstrip().endswith("}")
        return read_json_lines(decoded, source, options) if several else read_json(decoded, source, options)
    if suffix == ".tsv" and options.separator is None and "\t" in decoded.text[:10_000]:
        options = replace(options, separator="\t")
    return read_delimited(decoded, source, options)
