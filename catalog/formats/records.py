"""Records of text tables: how a file separates and quotes its cells, and the cells of each record.

The standard library's ``csv`` module splits the cells.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from catalog.errors import ModisteError
from catalog.formats.header import find_header
from catalog.names.columns import ID_NAMES, standard_name
from catalog.table import MAX_COLUMNS

SEPARATORS = (",", ";", "\t", "|", "^", "¦")
QUOTES = ("'", "~", "`")
"""Signs that a file may have in place of quotes."""
_SAMPLE = 50
_RULE = re.compile(r"[|+]?[ :]*[-=]{3,}[-=+|: ]*")
"""A line that separates the rows of a table that is drawn with signs."""
_COUNT = re.compile(r"\(\d+ \w+\)|\d+ rows? in set.*")
"""What databases write below a table."""
_BLOCK = 1 << 20
MAX_EMPTY = 2 * 2**20
"""Maximum number of empty lines in succession; Excel writes one for each row that was ever used, up to 2**20."""


def without_rules(text: str) -> str:
    """A text without the lines and outer bars of a table that is drawn with signs, as SAP, MySQL and Markdown do.
    The rows stay on their lines."""
    lines = text[:20_000].splitlines()[:-1] or text.splitlines()
    lines = [line.strip() for line in lines if line.strip()]
    rules = [place for place, line in enumerate(lines) if _RULE.fullmatch(line)]
    drawn = sum(map(_is_drawn, lines))
    mostly = drawn > 1 and drawn >= (len(lines) - len(rules)) / 2
    if not rules or not (mostly or (rules == [1] and "-+-" in lines[1])):
        return text
    kept = []
    for line in text.splitlines():
        bare = line.strip()
        if _is_drawn(line):
            bare = "|".join(cell.strip() for cell in bare[1:-1].split("|"))
        kept.append("" if _RULE.fullmatch(line.strip()) or _COUNT.fullmatch(bare) else bare)
    return "\n".join(kept) + "\n"


def _is_drawn(line: str) -> bool:
    bare = line.strip()
    return len(bare) > 2 and bare[0] == bare[-1] == "|" and _RULE.fullmatch(bare) is None


class Record(NamedTuple):
    """One row of the file: where it begins, its cells, and its lines as they are."""

    line: int
    cells: list[str]
    lines: list[str]


class _Lines:
    """The lines of a text. Lines that were read are stored until ``take`` returns them as the lines of a record."""

    def __init__(self, text: str) -> None:
        self._stream = _lines_of(text)
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


def _lines_of(text: str) -> Iterator[str]:
    """The lines of a text with their ends. ``StringIO`` takes four bytes a character, so it gets blocks."""
    at = 0
    while at < len(text):
        end = text.find("\n", at + _BLOCK) + 1 or len(text)
        yield from io.StringIO(text[at:end], newline="")
        at = end


class Dialect(NamedTuple):
    """How a file is written.

    Attributes:
        separator: Between cells.
        space_after: Whether a space follows it.
        escapes: Whether quotes in cells are escaped with a backslash, as in exports of databases, and not doubled.
    """

    separator: str
    space_after: bool = False
    escapes: bool = False


def records_of(text: str, dialect: Dialect) -> Iterator[Record]:
    """The rows that are not empty.

    Raises:
        ModisteError: Too many empty lines follow each other.
    """
    lines = _Lines(text)
    separator = dialect.separator
    reader = csv.reader(
        lines, delimiter=separator, skipinitialspace=dialect.space_after, escapechar="\\" if dialect.escapes else None
    )
    well_formed = _well_formed(separator, dialect.space_after)
    at, empty = 1, 0
    for cells in reader:
        raw = lines.take()
        empty += 1
        if any(cell and not cell.isspace() for cell in cells):
            whole = "".join(raw).rstrip("\r\n")
            if dialect.escapes and "\\" in whole:
                cells = _split_escaped(whole, separator)
            elif '"' in whole and not well_formed.fullmatch(whole):
                cells = split_leniently(whole, separator)
            yield Record(at, cells, raw)
            empty = 0
        elif empty > MAX_EMPTY:
            raise ModisteError(
                f"The table has more than {MAX_EMPTY:,} empty lines in succession, up to line {at:,}.",
                hint="Remove them, or export the table again.",
            )
        at += len(raw)


def _well_formed(separator: str, space_after: bool) -> re.Pattern[str]:
    """A pattern of records in which quotes enclose whole cells and are doubled inside, or are within a cell that does
    not begin with one."""
    # A repeated group takes memory for each repetition, so in all patterns here it repeats by quote, not by character.
    s = re.escape(separator)
    cell = rf'(?:{" *" if space_after else ""}(?:"[^"]*(?:""[^"]*)*"|(?!")[^{s}\r\n]*))'
    return re.compile(rf"{cell}(?:{s}{cell})*")


def split_leniently(record: str, separator: str) -> list[str]:
    """Split a record with stray quotes: a quoted cell ends at the first quote before a separator or the end."""
    s = re.escape(separator)
    cell = re.compile(rf' *"([^"]*(?:(?:""|"(?!"|\s*(?:{s}|$)))[^"]*)*)"\s*(?={s}|$)|([^{s}]*)')
    cells, at = [], 0
    while True:
        match = cell.match(record, at)
        assert match is not None  # The second way matches anything, even nothing.
        quoted, plain = match.groups()
        cells.append(plain if quoted is None else quoted.replace('""', '"').replace('\\"', '"'))
        at = match.end() + 1
        if at > len(record):
            return cells


def _split_escaped(record: str, separator: str) -> list[str]:
    """Split a record in which a quote within a cell is written with a backslash."""
    s = re.escape(separator)
    cell = re.compile(rf' *"([^"\\]*(?:(?:\\.|"")[^"\\]*)*)" *(?={s}|$)|([^{s}]*)', re.DOTALL)
    cells, at = [], 0
    while at <= len(record):
        match = cell.match(record, at)
        assert match is not None  # The second way matches anything, even nothing.
        quoted, plain = match.groups()
        text = plain if quoted is None else quoted.replace('""', '"')
        cells.append(re.sub(r'\\(["\\])', r"\1", text))
        at = match.end() + 1
    return cells


def quote_of(text: str) -> str:
    """The sign that a file has in place of quotes; empty if it has none."""
    lines = [line.strip("\r") for line in text[:20_000].split("\n")[1:_SAMPLE] if line.strip()]
    between = f"[{re.escape(''.join(SEPARATORS))}]"
    for quote in QUOTES:
        quoted = sum(re.fullmatch(f"{quote}.*{quote}{between}.*{quote}", line) is not None for line in lines)
        if quoted > 1 and quoted >= 0.9 * len(lines):
            return quote
    return ""


def dialect_of(text: str, stated: str | None, names: frozenset[str]) -> Dialect:
    """The dialect with the separator for which the first records are most similar and have known column names."""
    best: tuple[tuple[float, ...], str] = ((-1.0,), ",")
    for separator in (stated,) if stated else SEPARATORS:
        sample = islice(records_of(text, Dialect(separator)), _SAMPLE)
        records = [record.cells[: MAX_COLUMNS + 1] for record in sample]
        if not records:
            continue
        header = records[find_header(records, names)]
        plain = {standard_name(cell) for cell in header}
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
    start = text[:20_000]
    spaced = start.count(f'{separator} "') > start.count(f'{separator}"')
    escapes = re.search(rf'\\"[^{re.escape(separator)}"\r\n]', start) is not None
    return Dialect(separator, spaced, escapes)
