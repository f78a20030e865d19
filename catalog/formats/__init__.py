"""Reads tables from files of any format."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from array import array
from dataclasses import replace
from pathlib import Path

from catalog.errors import ModisteError
from catalog.formats.delimited import read_delimited
from catalog.formats.encodings import decode
from catalog.formats.feed import read_feed
from catalog.formats.header import drop_descriptions
from catalog.formats.json_table import read_json, read_json_lines
from catalog.formats.parquet import read_parquet
from catalog.formats.variants import split_variants
from catalog.formats.workbooks.markup import sheet_in
from catalog.formats.workbooks.workbook import read_sheet, read_workbook
from catalog.table import Problem, Table, TableOptions

SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".xls", ".ods", ".xml")
WORKBOOKS = (".xlsx", ".xls", ".ods")
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff", ".heic")
MAX_BYTES = 4 * 2**30
MIN_UNPACKED_BYTES, MAX_RATIO = 2**28, 200
"""A file in gzip or zip may unpack to so many bytes, or to so many times its own, but not to more than ``MAX_BYTES``.
Tables of text are seldom compressed to a fiftieth."""


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
    table = _read(path, options)
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


def _read(path: Path, options: TableOptions) -> Table:
    content, name = _unpacked(path, options)
    source = str(path)
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


def _unpacked(path: Path, options: TableOptions) -> tuple[bytes, str]:
    """The content and name of the file, or of the file inside a gzip or zip file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModisteError(f"{path} cannot be read ({error.strerror}).", hint="Check its permissions.") from error
    limit = min(MAX_BYTES, max(MIN_UNPACKED_BYTES, MAX_RATIO * len(content)))
    too_large = ModisteError(f"{path} unpacks to more than {limit:,} bytes.", hint="Unpack it and check the table.")
    if content.startswith(b"\x1f\x8b"):
        stream = gzip.GzipFile(fileobj=io.BytesIO(content))
        unpacked = b""
        try:
            unpacked = stream.read(limit + 1)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ModisteError(
                f"{path} is a damaged or truncated gzip file.", hint="Write or copy it again; nothing was read."
            ) from error
        if len(unpacked) > limit:
            raise too_large
        return unpacked, path.name.removesuffix(".gz")
    if content.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                names = archive.namelist()
                if "[Content_Types].xml" in names or "mimetype" in names:
                    return content, path.name
                tables = [name for name in names if name.lower().endswith(SUFFIXES) and "__MACOSX" not in name]
                pictures = [name for name in names if name.lower().endswith(PICTURES) and "__MACOSX" not in name]
                if len(tables) == 1 and pictures:
                    raise ModisteError(
                        f"{path} contains pictures beside {tables[0]}.", hint="Unpack it, and specify the table there."
                    )
                if len(tables) == 1:
                    if archive.getinfo(tables[0]).file_size > limit:
                        raise too_large
                    return archive.read(tables[0]), tables[0]
        except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
            raise ModisteError(f"{path} is a damaged or protected archive.", hint="Write or copy it again.") from error
        raise ModisteError(f"{path} contains {len(tables)} tables.", hint="Unpack it and specify one of them.")
    return content, path.name
