"""Text tables separated by commas, semicolons, tabs or bars.

The standard library's ``csv`` module splits the cells. It reads a stray quote as the start of a cell that extends over
all lines up to the next quote. Such cells are detected here, because no row may be lost.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from catalog.formats.encodings import Decoded
from catalog.formats.header import LOOKED_AT, column_names, find_header
from catalog.names.columns import ID_NAMES
from catalog.names.plain import plain_name
from catalog.table import Problem, Table, TableOptions

LONGEST_CELL = 256 * 1024 * 1024  # characters; base64 images far exceed the csv module's own 128 KiB
SEPARATORS = (",", ";", "\t", "|")
_SAMPLE = 50
_TITLE_LAST = frozenset({"productdisplayname"})  # The Kaggle set: commas in the last column are not quoted.
_NAMES = {",": '","', ";": '";"', "\t": "tabs", "|": '"|"'}


class _Record(NamedTuple):
    """One row of the file: its first line, its cells, and its lines unchanged."""

    line: int
    cells: list[str]
    lines: list[str]


class _Lines:
    """Lines of a text, counted and kept until they are taken."""

    def __init__(self, text: str) -> None:
        self._stream = io.StringIO(text, newline="")
        self._held: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._stream)
        self._held.append(line)
        return line

    def take(self) -> list[str]:
        held, self._held = self._held, []
        return held


class _Dialect(NamedTuple):
    separator: str
    space_after: bool


def read_delimited(decoded: Decoded, source: str, options: TableOptions) -> Table:
    """Read a CSV or TSV table.

    Args:
        decoded: The file's text.
        source: Its name, for messages.
        options: ``encoding`` is ignored.

    Raises:
        CatalogRefused: A quoted cell contains rows, or the file is truncated.
        ModisteError: It has no usable header.
    """
    limit = csv.field_size_limit(LONGEST_CELL)
    try:
        return _read(decoded, source, options)
    finally:
        csv.field_size_limit(limit)


def _read(decoded: Decoded, source: str, options: TableOptions) -> Table:
    text = decoded.text
    stated = re.match(r'\s*"?sep=(.)"?[ \t;,|]*(\r\n|\r|\n|$)', text, re.IGNORECASE)
    if stated:  # Excel's own way to name the separator; blanked so that lines keep their numbers.
        text = text[: stated.start(2)].count("\n") * "\n" + text[stated.start(2) :]
    dialect = _dialect(text, options.separator or (stated and stated[1]) or None, options.names)
    separator = dialect.separator
    records = _records(text, dialect)
    first = list(islice(records, LOOKED_AT))
    place = find_header([record.cells for record in first], options.names)
    columns = column_names(first[place].cells if first else [], source)
    while len(columns) > 1 and columns[-1] == f"column {len(columns)}" and _unused(first[place + 1 :], len(columns)):
        columns.pop()  # A separator at the end of every line.
    table = Table(columns, [], remarks=decoded.remarks, textual=True)
    table.format = f"CSV separated by {_NAMES.get(separator, repr(separator))} in {decoded.encoding}"
    rest = plain_name(columns[-1]) in _TITLE_LAST if columns else False
    short: list[_Record] = []
    multiline: list[_Record] = []
    shapes: Counter[str] = Counter()
    last: _Record | None = None
    for record in (*first[place + 1 :], *records):
        last = record
        if len(record.lines) > 1:
            multiline.append(record)
        elif len(record.cells) == len(columns):
            shapes[_shape(record.cells[0])] += 1
        _add(table, record, separator, rest, short)
    _check_quotes(table, multiline, last, text, separator, shapes, source, options)
    _check_short_rows(table, short, last, text, shapes, source, options)
    table.rows.sort(key=lambda row: row[0])
    return table


def _unused(records: list[_Record], width: int) -> bool:
    return all(len(record.cells) < width or not "".join(record.cells[width - 1 :]).strip() for record in records)


def _records(text: str, dialect: _Dialect) -> Iterator[_Record]:
    """The non-empty rows."""
    lines = _Lines(text)
    separator = dialect.separator
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=dialect.space_after)
    well_formed = _well_formed(separator, dialect.space_after)
    at = 1
    for cells in reader:
        raw = lines.take()
        if any(cell and not cell.isspace() for cell in cells):
            whole = "".join(raw).rstrip("\r\n")
            if '"' in whole and not well_formed.fullmatch(whole):
                cells = _split_leniently(whole, separator)
            yield _Record(at, cells, raw)
        at += len(raw)


def _well_formed(separator: str, space_after: bool) -> re.Pattern[str]:
    """A record whose quotes stand around whole cells, doubled inside, or within a cell that begins otherwise."""
    s = re.escape(separator)
    cell = rf'(?:{" *" if space_after else ""}(?:"(?:[^"]|"")*"|(?!")[^{s}\r\n]*))'
    return re.compile(rf"{cell}(?:{s}{cell})*")


def _split_leniently(record: str, separator: str) -> list[str]:
    """Split a record with stray quotes: a quoted cell ends at the first quote before a separator or the end."""
    s = re.escape(separator)
    cell = re.compile(rf' *"((?:[^"]|""|"(?!"|\s*(?:{s}|$)))*)"\s*(?={s}|$)|([^{s}]*)')
    cells, at = [], 0
    while True:
        match = cell.match(record, at)
        assert match is not None  # The second pattern also matches an empty cell.
        quoted, plain = match.groups()
        cells.append(plain if quoted is None else quoted.replace('""', '"').replace('\\"', '"'))
        at = match.end() + 1
        if at > len(record):
            return cells


def _add(table: Table, record: _Record, separator: str, rest: bool, short: list[_Record]) -> None:
    """Add a record to the rows, the problems, or the short records."""
    width, cells = len(table.columns), record.cells
    if len(cells) > width:
        if not "".join(cells[width:]).strip():
            cells = cells[:width]
        elif rest:
            cells = [*cells[: width - 1], separator.join(cells[width - 1 :])]
    if len(cells) < width:
        short.append(record)
    elif len(cells) > width:
        reason = f"the row has {len(cells)} values for {width} columns"
        table.problems.append(Problem(record.line, None, reason, "more values than columns"))
    else:
        table.rows.append((record.line, dict(zip(table.columns, cells, strict=True))))


def _check_quotes(
    table: Table, multiline: list[_Record], last: _Record | None, text: str, separator: str, shapes: Counter[str],
    source: str, options: TableOptions,
) -> None:  # fmt: skip
    """Refuse cells that contain lines which look like rows; if that is allowed, read these lines as rows."""
    width = len(table.columns)
    swallowed = []
    for record in multiline:
        ends_open = record is last and "".join(record.lines).count('"') % 2 == 1
        if ends_open or len(record.cells) != width or _hides_rows(record, width, separator, shapes):
            swallowed.append(record)
    if last is not None and len(last.lines) == 1 and last.lines[0].count('"') % 2 == 1 and len(last.cells) < width:
        swallowed.append(last)
    if not swallowed:
        return
    one = swallowed[0]
    end = one.line + len(one.lines) - 1
    where = f"runs on to line {end}" if len(one.lines) > 1 else "is never closed"
    options.doubt(
        "quotes",
        f"{source} has a quote on line {one.line} that opens a cell which {where}; "
        f"rows of products would be lost in it ({len(swallowed):,} such cell{'s' if len(swallowed) > 1 else ''}).",
        hint=f'Remove the quote on line {one.line}, or double it ("") inside a quoted cell.',
    )
    lost = {record.line for record in swallowed}
    table.rows = [row for row in table.rows if row[0] not in lost]
    table.problems = [problem for problem in table.problems if problem.row not in lost]
    for record in swallowed:
        for place, line in enumerate(record.lines):
            if line.strip():
                cells = _split_leniently(line.rstrip("\r\n"), separator)
                _add(table, _Record(record.line + place, cells, [line]), separator, False, [])
        kind = "a stray quote, read as part of the cell"
        table.remarks.append(Problem(record.line, None, kind, kind))


def _hides_rows(record: _Record, width: int, separator: str, shapes: Counter[str]) -> bool:
    """Whether lines inside a record look like rows: as many cells as columns, the first like that of other rows."""

    def is_row(line: str) -> bool:
        line = line.rstrip("\r\n")
        counted = line.count(separator) + 1 == width or (
            line.count('"') % 2 == 0 and '"' in line and len(next(csv.reader([line], delimiter=separator), [])) == width
        )
        return counted and width > 1 and (not shapes or _shape(line.split(separator, 1)[0]) in shapes)

    return is_row(record.lines[0]) and any(is_row(line) for line in record.lines[1:])


def _check_short_rows(
    table: Table, short: list[_Record], last: _Record | None, text: str, shapes: Counter[str], source: str,
    options: TableOptions,
) -> None:  # fmt: skip
    """Fill short rows with empty cells, unless they are the end of a truncated file or parts of a broken row."""
    width = len(table.columns)
    read = {line for line, _ in table.rows}
    by_line = {record.line: record for record in short}
    broken: set[int] = set()
    for record in short:
        follower = by_line.get(record.line + len(record.lines))
        if follower is None or len(record.cells) + len(follower.cells) - 1 != width:
            continue
        if shapes and _shape(follower.cells[0]) not in shapes:
            broken |= {record.line, follower.line}
    for record in short:
        if record.line in read:
            continue
        cut = record is last and not text.endswith(("\n", "\r"))
        if cut and _usually_full(table, short):
            options.doubt(
                "truncated",
                f"{source} ends within a row: line {record.line} has {len(record.cells)} of {width} values "
                "and no line end.",
                hint="The file may be truncated; write or copy it again.",
            )
        stray = "".join(record.lines).count('"') % 2 == 1
        if cut or stray or record.line in broken or len(record.lines) > 1:
            why = "a line break inside a cell without quotes" if record.line in broken else "fewer values than columns"
            reason = f"the row has {len(record.cells)} values for {width} columns"
            table.problems.append(Problem(record.line, None, reason, why))
        else:
            cells = [*record.cells, *[""] * (width - len(record.cells))]
            table.rows.append((record.line, dict(zip(table.columns, cells, strict=True))))


def _usually_full(table: Table, short: list[_Record]) -> bool:
    """Whether rows of this file have all their cells, so that a short one is suspicious."""
    return len(table.rows) >= len(short) - 1


def _shape(cell: str) -> str:
    """The shape of a cell: ``9`` for digits, ``a`` for letters, other characters unchanged."""
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", cell.strip(' "\r\n')))


def _dialect(text: str, stated: str | None, names: frozenset[str]) -> _Dialect:
    """The separator for which the first records are most alike and contain known column names."""
    best: tuple[tuple[float, ...], str] = ((-1.0,), ",")
    for separator in (stated,) if stated else SEPARATORS:
        records = [record.cells for record in islice(_records(text, _Dialect(separator, False)), _SAMPLE)]
        if not records:
            continue
        header = records[find_header(records, names)]
        plain = {plain_name(cell) for cell in header}
        widths = Counter(len(record) for record in records)
        width, count = widths.most_common(1)[0]
        has_id = bool(plain & ID_NAMES) or bool(names & set(header))
        alike = count / len(records) if width > 1 else 0.0
        score = (
            float(has_id and len(header) > 1),
            float(width > 1 and alike > 0.5),
            alike,
            float(width),
            float(has_id),
        )
        if score > best[0]:
            best = (score, separator)
    separator = best[1]
    sample = text[:20_000]
    spaced = sample.count(f'{separator} "') > sample.count(f'{separator}"')
    return _Dialect(separator, spaced)
