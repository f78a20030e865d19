"""Rows of a table file: CSV, JSON Lines or Parquet, as they stand, before anything is made of them."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from models.errors import ModisteError

Row = dict[str, Any]  # by column; a cell is str, int, float, bool, bytes, list, dict or None

LONGEST_FIELD = 256 * 1024 * 1024  # characters; base64 images far exceed the csv module's own 128 KiB


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that cannot be used.

    Attributes:
        row: Line in the file for CSV and JSON Lines, number of the row from 1 for Parquet.
        id: The product's id where the row tells it.
        reason: What is wrong, in words.
    """

    row: int
    id: str | None
    reason: str


@dataclass(slots=True)
class Table:
    """A table as read: column names in order, numbered rows, and the lines that could not be read.

    ``textual`` says that every cell is text whose type is still to be found out (CSV).
    """

    columns: list[str]
    rows: list[tuple[int, Row]]
    problems: list[Problem] = field(default_factory=list)
    textual: bool = False


def read_table(path: Path, *, last_column_takes_rest: bool = False) -> Table:
    """Read ``path`` by its suffix: .csv, .tsv, .jsonl, .ndjson or .parquet.

    Args:
        path: The file.
        last_column_takes_rest: For CSV whose last column is free text with separators that nobody quoted.

    Raises:
        ModisteError: The file is missing, of another kind, not decodable, or has no rows.
    """
    if not path.is_file():
        raise ModisteError(f"There is no catalogue at {path}.", hint="Check the path; it names a file or a folder.")
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv"):
        table = _read_csv(path, last_column_takes_rest)
    elif suffix in (".jsonl", ".ndjson"):
        table = _read_jsonl(path)
    elif suffix == ".parquet":
        table = _read_parquet(path)
    else:
        raise ModisteError(
            f"{path.name} is no catalogue that can be read.", hint="Use a .csv, .jsonl or .parquet file."
        )
    if not table.rows and not table.problems:
        found = f" with the columns {', '.join(table.columns)}" if table.columns else ""
        raise ModisteError(f"{path} is an empty table{found}.", hint="Give it one row for each product.")
    return table


def _decode(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ModisteError(
            f"{path} is not UTF-8 text (line {line}).", hint="Save it with the encoding UTF-8 and try again."
        ) from error


def _read_csv(path: Path, last_column_takes_rest: bool) -> Table:
    text = _decode(path)
    header_line = text.split("\n", 1)[0]
    separator = max(",;\t", key=header_line.count)
    limit = csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        columns = [name.strip() or f"column {place}" for place, name in enumerate(next(reader, []), start=1)]
        _refuse_repeated(columns, path)
        table = Table(columns, [], textual=True)
        line = reader.line_num + 1
        for values in reader:
            if len(values) > len(columns) and last_column_takes_rest:
                values = [*values[: len(columns) - 1], separator.join(values[len(columns) - 1 :])]
            if len(values) == len(columns):
                table.rows.append((line, dict(zip(columns, values, strict=True))))
            elif any(value.strip() for value in values):
                reason = f"the row has {len(values)} values for {len(columns)} columns"
                table.problems.append(Problem(line, None, reason))
            line = reader.line_num + 1
    except csv.Error as error:
        raise ModisteError(
            f"{path} cannot be read as CSV at line {reader.line_num}: {error}.", hint="Mend that line and try again."
        ) from error
    finally:
        csv.field_size_limit(limit)
    return table


def _read_jsonl(path: Path) -> Table:
    columns: dict[str, None] = {}
    table = Table([], [])
    # Not splitlines(): it also breaks at U+2028 and friends, which JSON allows inside a string.
    for number, line in enumerate(_decode(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_constant=lambda _: None)  # NaN
        except ValueError as error:
            table.problems.append(Problem(number, None, f"the line is not JSON: {error}"))
            continue
        if not isinstance(row, dict):
            table.problems.append(Problem(number, None, "the line is JSON but not an object with named values"))
            continue
        columns.update(dict.fromkeys(row))
        table.rows.append((number, row))
    table.columns = list(columns)
    if not table.rows and table.problems:
        raise ModisteError(
            f"No line of {path} is a JSON object.",
            hint='Write one product a line, such as {"id": "1", "title": "..."}.',
        )
    return table


def _read_parquet(path: Path) -> Table:
    try:
        content = pyarrow.parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise ModisteError(
            f"{path} cannot be read as Parquet.", hint="The file may be cut off; write or copy it again."
        ) from error
    _refuse_repeated(content.column_names, path)
    rows = [(number, _without_nan(row)) for number, row in enumerate(content.to_pylist(), start=1)]
    return Table(list(content.column_names), rows)


def _without_nan(row: Row) -> Row:
    """Parquet written by pandas marks a missing number by NaN."""
    return {name: None if isinstance(cell, float) and math.isnan(cell) else cell for name, cell in row.items()}


def _refuse_repeated(columns: list[str], path: Path) -> None:
    repeated = sorted({name for name in columns if columns.count(name) > 1})
    if repeated:
        raise ModisteError(
            f"{path} names a column twice: {', '.join(repeated)}.", hint="Give every column its own name."
        )
