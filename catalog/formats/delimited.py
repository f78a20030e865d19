"""Text tables separated by commas, semicolons, tabs or bars.

The ``csv`` module reads a stray quote as the start of a cell that contains all lines up to the next quote. Such cells
are found here, so that no rows are lost.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice

from catalog.errors import ModisteError
from catalog.formats.encodings import Decoded
from catalog.formats.header import HEADER_ROWS, column_names, find_header, refuse_without_header
from catalog.formats.records import (
    SEPARATORS,
    Record,
    dialect_of,
    quote_of,
    records_of,
    split_leniently,
    without_rules,
)
from catalog.names.plain import plain_name
from catalog.table import MAX_COLUMNS, Problem, Rows, Table, TableOptions

MAX_CELL_CHARACTERS = 256 * 1024 * 1024  # characters; base64 images far exceed the csv module's own 128 KiB
_TITLE_LAST = frozenset({"productdisplayname"})  # The Kaggle set: commas in the last column are not quoted.
_NAMES = {"\t": "tabs"}
_FILLING = re.compile(r";[; \t]*(?=\r?\n|\r|\Z)")


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
    limit = csv.field_size_limit(MAX_CELL_CHARACTERS)
    try:
        return _read(decoded, source, options)
    except csv.Error as error:
        raise ModisteError(
            f"{source} cannot be read as a table: {error}.", hint="A quotation mark may be missing. Export it again."
        ) from error
    finally:
        csv.field_size_limit(limit)


def _read(decoded: Decoded, source: str, options: TableOptions) -> Table:
    text = without_rules(decoded.text)
    stated = re.match(r'\s*"?sep=(.)"?[ \t;,|]*(\r\n|\r|\n|$)', text, re.IGNORECASE)
    if stated:  # Excel's own way to name the separator; blanked so that lines keep their numbers.
        text = text[: stated.start(2)].count("\n") * "\n" + text[stated.start(2) :]
    quote = quote_of(text)
    swapped = str.maketrans({quote: '"', '"': quote} if quote else {})
    if quote:
        text = text.translate(swapped)
    dialect = dialect_of(text, options.separator or (stated and stated[1]) or None, options.names)
    separator = dialect.separator
    if separator != ";" and (unfilled := _without_filling(text)) != text:
        return _read(replace(decoded, text=unfilled), source, options)
    records = records_of(text, dialect)
    first = list(islice(records, HEADER_ROWS))
    if _are_quoted_whole(first, separator):
        return _read(replace(decoded, text="".join(_at_their_lines([*first, *records]))), source, options)
    beginning = [record.cells[: MAX_COLUMNS + 1] for record in first]
    place = find_header(beginning, options.names)
    refuse_without_header(beginning, place, source)
    used = max((_width(record.cells) for record in first[place:]), default=0)  # Lines may end with separators.
    columns = column_names(first[place].cells[: max(1, used)] if first else [], source)
    table = Table(columns, Rows(), remarks=decoded.remarks, textual=True)
    separated = _NAMES.get(separator) or f'"{separator}"'
    table.format = f"CSV separated by {separated} in {decoded.encoding}"
    rest = plain_name(columns[-1]) in _TITLE_LAST if columns else False
    short: list[Record] = []
    multiline: list[Record] = []
    shapes: Counter[str] = Counter()
    last: Record | None = None
    for record in chain(first[place + 1 :], records):
        last = record
        if len(record.lines) > 1:
            multiline.append(record)
        elif len(record.cells) == len(columns):
            shapes[_shape(record.cells[0])] += 1
        _add(table, record, separator, rest, short)
    _check_quotes(table, multiline, last, text, separator, shapes, source, options)
    _check_short_rows(table, short, last, text, shapes, source, options)
    _check_end(table, last, text, separator, source, options)
    table.rows.sort()
    if quote:
        for _, row in table.rows.edited():
            row.update({name: cell.translate(swapped) for name, cell in row.items()})
    return table


def _without_filling(text: str) -> str:
    """The lines without the empty cells that a spreadsheet added behind the only one of each. They are removed only if
    all of the first lines have some."""
    lines = [line for line in re.split(r"\r\n|\r|\n", text[:20_000])[:-1] if line.strip()]
    filled = len(lines) > 1 and all(_FILLING.search(line) for line in lines)
    return _FILLING.sub("", text) if filled else text


def _are_quoted_whole(records: Sequence[Record], separator: str) -> bool:
    """Whether lines are one quoted cell that contains a row, as spreadsheets save a file that they did not split. Lines
    without quotes are then as they were."""
    whole = [_is_quoted_whole(record) for record in records]
    if len(records) < 2 or not any(whole):
        return False
    widths = {
        len(next(csv.reader([record.cells[0]], delimiter=separator), [])) if quoted else len(record.cells)
        for record, quoted in zip(records, whole, strict=True)
    }
    return all(whole) or (len(widths) == 1 and max(widths) > 1)


def _is_quoted_whole(record: Record) -> bool:
    return (
        len(record.cells) == 1
        and record.lines[0].startswith('"')
        and any(sign in record.cells[0] for sign in SEPARATORS)
    )


def _at_their_lines(records: Sequence[Record]) -> Iterator[str]:
    """The single cells of records, and other records, as lines of a table, each on the line on which it was."""
    at = 1
    for record in records:
        text = record.cells[0] if _is_quoted_whole(record) else "".join(record.lines).rstrip("\r\n")
        yield "\n" * (record.line - at) + text + "\n"
        at = record.line + text.count("\n") + 1


def _width(cells: Sequence[str]) -> int:
    """The number of cells up to the last one that is not empty."""
    return next((at for at in range(len(cells), 0, -1) if cells[at - 1].strip()), 0)


def _add(table: Table, record: Record, separator: str, rest: bool, short: list[Record]) -> None:
    """Add a record to the rows, to the problems, or to ``short`` if it has too few cells."""
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
        table.rows.append(record.line, dict(zip(table.columns, cells, strict=True)))


def _check_quotes(
    table: Table, multiline: list[Record], last: Record | None, text: str, separator: str, shapes: Counter[str],
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
    options.refuse_unless_allowed(
        "quotes",
        f"{source} has a quote on line {one.line} that opens a cell which {where}; "
        f"rows of products would be lost in it ({len(swallowed):,} such cell{'s' if len(swallowed) > 1 else ''}).",
        hint=f'Remove the quote on line {one.line}, or double it ("") inside a quoted cell.',
    )
    lost = {record.line for record in swallowed}
    table.rows.keep([place for place, number in enumerate(table.rows.numbers) if number not in lost])
    table.problems = [problem for problem in table.problems if problem.row not in lost]
    for record in swallowed:
        for place, line in enumerate(record.lines):
            if line.strip():
                cells = split_leniently(line.rstrip("\r\n"), separator)
                _add(table, Record(record.line + place, cells, [line]), separator, False, [])
        kind = "a stray quote, read as part of the cell"
        table.remarks.append(Problem(record.line, None, kind, kind))


def _hides_rows(record: Record, width: int, separator: str, shapes: Counter[str]) -> bool:
    """Whether lines inside a record look like rows: as many cells as columns, the first like that of other rows."""

    def is_row(line: str) -> bool:
        line = line.rstrip("\r\n")
        counted = line.count(separator) + 1 == width or (
            line.count('"') % 2 == 0 and '"' in line and len(next(csv.reader([line], delimiter=separator), [])) == width
        )
        return counted and width > 1 and (not shapes or _shape(line.split(separator, 1)[0]) in shapes)

    return is_row(record.lines[0]) and any(is_row(line) for line in record.lines[1:])


def _check_short_rows(
    table: Table, short: list[Record], last: Record | None, text: str, shapes: Counter[str], source: str,
    options: TableOptions,
) -> None:  # fmt: skip
    """Fill short rows with empty cells, unless they are the end of a truncated file or parts of a broken row."""
    width = len(table.columns)
    read = set(table.rows.numbers) if short else set()
    by_line = {record.line: record for record in short}
    broken: set[int] = set()
    for record in short:
        follower = by_line.get(record.line + len(record.lines))
        if follower is None or len(record.cells) + len(follower.cells) - 1 != width:
            continue
        if shapes and _shape(follower.cells[0]) not in shapes:
            broken |= {record.line, follower.line}
    usually_full = _usually_full(table, short)
    for record in short:
        if record.line in read:
            continue
        cut = record is last and not text.endswith(("\n", "\r"))
        reason = f"the row has {len(record.cells)} values for {width} columns"
        if cut and usually_full:
            options.refuse_unless_allowed(
                "truncated",
                f"{source} ends within a row: line {record.line} has {len(record.cells)} of {width} values "
                "and no line end.",
                hint="The file may be truncated; write or copy it again.",
            )
        stray = "".join(record.lines).count('"') % 2 == 1
        below = record is last and len(record.cells) == 1 and shapes and _shape(record.cells[0]) not in shapes
        if below and not cut and not stray and width > 2 and len(record.lines) == 1:  # A note, or no product.
            table.rows.append(record.line, {**dict.fromkeys(table.columns, ""), table.columns[0]: record.cells[0]})
        elif cut or stray or below or record.line in broken or len(record.lines) > 1:
            why = "a line break inside a cell without quotes" if record.line in broken else "fewer values than columns"
            table.problems.append(Problem(record.line, None, reason, why))
        else:
            if usually_full:
                remark = "fewer values than columns; the others are empty"
                table.remarks.append(Problem(record.line, None, reason, remark))
            cells = [*record.cells, *[""] * (width - len(record.cells))]
            table.rows.append(record.line, dict(zip(table.columns, cells, strict=True)))


def _check_end(
    table: Table, last: Record | None, text: str, separator: str, source: str, options: TableOptions
) -> None:
    """Refuse a file that ends within a quoted cell of its last column; if that is allowed, skip its last row."""
    if last is None or len(last.lines) > 1 or len(last.cells) < len(table.columns) or text.endswith(("\n", "\r")):
        return
    line = last.lines[0]
    opens = re.search(rf'(?:^|{re.escape(separator)}) *"[^"]*(?:""[^"]*)*$', line)
    if line.count('"') % 2 == 0 or opens is None or "\\" in line:
        return
    options.refuse_unless_allowed(
        "truncated", f"{source} ends within a quoted cell on line {last.line}.",
        hint="The file may be truncated; write or copy it again.",
    )  # fmt: skip
    table.rows.keep([place for place, number in enumerate(table.rows.numbers) if number != last.line])
    if len(last.cells) == len(table.columns):  # A longer row is among the problems already.
        table.problems.append(Problem(last.line, None, "the file ends within the row", "the file ends within the row"))


def _usually_full(table: Table, short: list[Record]) -> bool:
    """Whether rows of this file have all their cells, so that a short one is suspicious."""
    return len(table.rows) >= len(short) - 1


def _shape(cell: str) -> str:
    """The shape of a cell: ``9`` for digits, ``a`` for letters, other characters unchanged."""
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", cell.strip(' "\r\n')))
