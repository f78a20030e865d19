"""Tables in gzip and zip files. An archive may have parts of one table, or tables that refer to its products."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from catalog.errors import ModisteError
from catalog.formats.workbooks.joined import join
from catalog.names.columns import ID_NAMES, PRICES, TITLE_ORDER, has_picture_name, standard_name
from catalog.names.plain import plain_name
from catalog.table import Problem, Table

SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".xls", ".ods", ".xml")
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff", ".heic")
MAX_BYTES = 4 * 2**30
MIN_UNPACKED_BYTES, MAX_RATIO = 2**28, 200
"""A file in gzip or zip may unpack to so many bytes, or to so many times its own, but not to more than ``MAX_BYTES``.
Tables of text are seldom compressed to a fiftieth."""
_TITLES = frozenset(TITLE_ORDER)
MAX_TABLES = 100
"""Tables of one archive that are read."""


def unpacked(path: Path) -> tuple[bytes, str]:
    """The content and name of a file, or of the file inside a gzip file.

    Raises:
        ModisteError: It cannot be read, is damaged, or unpacks to too many bytes.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModisteError(f"{path} cannot be read ({error.strerror}).", hint="Check its permissions.") from error
    if not content.startswith(b"\x1f\x8b"):
        return content, path.name
    limit = _limit(len(content))
    stream = gzip.GzipFile(fileobj=io.BytesIO(content))
    try:
        inner = stream.read(limit + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ModisteError(
            f"{path} is a damaged or truncated gzip file.", hint="Write or copy it again; nothing was read."
        ) from error
    if len(inner) > limit:
        raise _too_large(path, limit)
    return inner, path.name.removesuffix(".gz")


def members_of(path: Path) -> list[str]:
    """The names of the tables in a zip file; empty for other files and for workbooks.

    Raises:
        ModisteError: It is damaged, unpacks to too many bytes, has no table, or has pictures.
    """
    try:
        with path.open("rb") as stream:
            if stream.read(4) != b"PK\x03\x04":
                return []
        with zipfile.ZipFile(path) as archive:
            sizes = {one.filename: one.file_size for one in archive.infolist()}
    except OSError:
        return []  # Reported when the file is read.
    except zipfile.BadZipFile as error:
        raise _damaged(path) from error
    if "[Content_Types].xml" in sizes or "mimetype" in sizes:
        return []
    # macOS adds hidden files with the names of the others, and Excel one that is open, such as "~$export.xlsx".
    shown = [name for name in sizes if PurePosixPath(name).name[:1] not in (".", "~") and "__MACOSX" not in name]
    tables = [name for name in shown if name.lower().endswith(SUFFIXES)]
    tables = [name for name in tables if not name.lower().endswith(".txt")] or tables
    if not tables or len(tables) > MAX_TABLES:
        raise ModisteError(f"{path} contains {len(tables)} tables.", hint="Unpack it and specify one of its files.")
    if any(name.lower().endswith(PICTURES) for name in shown):
        raise ModisteError(
            f"{path} contains pictures beside {tables[0]}.", hint="Unpack it, and specify the table there."
        )
    if sum(sizes[name] for name in tables) > (limit := _limit(path.stat().st_size)):
        raise _too_large(path, limit)
    return tables


def member(path: Path, name: str) -> tuple[bytes, str]:
    """The content and name of a file in a zip file.

    Raises:
        ModisteError: It is damaged or protected.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(name), name
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
        raise _damaged(path) from error


def joined(tables: Mapping[str, Table]) -> Table:
    """The largest table with ids and titles, with the rows of those that have the same columns and with the columns of
    those that refer to its products. Remarks name the others."""

    def rank(one: tuple[str, Table]) -> tuple[bool, bool, bool, int]:
        names = {standard_name(name) for name in one[1].columns}
        is_sold = not names.isdisjoint(PRICES) or any(map(has_picture_name, one[1].columns))  # A category is not.
        return not names.isdisjoint(_TITLES), not names.isdisjoint(ID_NAMES), is_sold, len(one[1].rows)

    main, table = max(tables.items(), key=rank)
    others = [(name, other) for name, other in tables.items() if other is not table]
    parts = [other for _, other in others if _is_part(other, table)]
    for other in parts:
        names_of = {plain_name(one): one for one in table.columns}
        table.rows.extend(
            (at, {names_of[plain_name(one)]: cell for one, cell in row.items()}) for at, row in other.rows
        )
        table.problems += other.problems
        table.remarks += other.remarks
    for name, other in others:
        rows = [(number, dict(row)) for number, row in other.rows]
        if not any(other is part for part in parts) and not join(table, other.columns, rows):
            kind = f"the file {name!r} of the archive is not read"
            table.remarks.append(Problem(1, None, kind, kind))
    if others:
        table.format = f"{table.format}, {main} in an archive of {len(tables)} tables"
    return table


def _is_part(other: Table, table: Table) -> bool:
    """Whether a table has the same columns as another one, in any order."""
    return sorted(map(plain_name, other.columns)) == sorted(set(map(plain_name, table.columns)))


def _limit(size: int) -> int:
    return min(MAX_BYTES, max(MIN_UNPACKED_BYTES, MAX_RATIO * size))


def _too_large(path: Path, limit: int) -> ModisteError:
    return ModisteError(f"{path} unpacks to more than {limit:,} bytes.", hint="Unpack it and check the table.")


def _damaged(path: Path) -> ModisteError:
    return ModisteError(f"{path} is a damaged or protected archive.", hint="Write or copy it again.")
