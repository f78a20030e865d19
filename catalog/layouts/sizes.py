"""Tables with a column for each size, with its stock: ``Größe S``, ``Größe M``, or ``36``, ``38``."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, NamedTuple

from catalog.names.columns import SIZES, standard_name
from catalog.names.plain import group, plain_name
from catalog.names.sale import SIGNS, STOCK_COUNTS, read_flag
from catalog.table import Problem, Table
from catalog.values import plain_text
from catalog.values.numbers import MISSING, read_number

MIN_COLUMNS, MIN_BARE_COLUMNS = 2, 3
"""Minimum number of columns of sizes, with a word beside the size and without one."""
NAME, STOCK = "size", "stock"
"""Columns for the sizes, if their own names have no word for a size, and for the sum of their stock."""
LONGEST_ABBREVIATION = 3
"""Letters of words such as *Gr.* and *Str*, which are no names of columns."""
_WORDS = SIZES | STOCK_COUNTS | group("gr sz sizes grössen strl str rozm tam tg konfgr qty pcs stk")
_LETTERS = r"(?:[2-7]?x{0,5}[sl]|m|one ?size|einheitsgrö(?:ß|ss)e|unique|única|unica|uni)"
_NUMBERS = r"\d{1,3}(?:[.,]5|[½⅓⅔]| ?1/2)?"
_ONE = rf"(?:{_LETTERS}|{_NUMBERS})"
_SYSTEM = r"(?:(?:eu|eur|uk|us|fr|it|de|int)[\s_.:-]*)?"
_SIZE = rf"{_SYSTEM}(?P<size>{_ONE}(?:\s?[/-]\s?{_ONE})?)"
_WORD = r"(?P<word>[^\W\d_]+(?: [^\W\d_]+)?)"
_NAMES = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (_SIZE, rf"{_WORD}(?:[\s_:.#([-]+|(?=\d)){_SIZE}[)\]]?", rf"{_SIZE}[\s_:-]+{_WORD}")
)
_SMALLEST, _LARGEST = 15, 188
"""The range of numbers that are sizes of clothes and shoes without a word for size."""
_MARKS = frozenset({"x", *SIGNS})


class _SizeColumn(NamedTuple):
    column: str
    word: str
    """The rest of the name; empty if the name is only the size."""
    size: str


def sizes_in_columns(table: Table) -> set[str]:
    """Turn the columns of sizes into one with the sizes of each row that are in stock, and return them.

    Without another column of the stock, their sum is in a column ``stock``, so that a row whose sizes are all sold out
    is sold out. Marks such as ``x`` state which sizes exist, but not how many.
    """
    found = _size_columns(table)
    if not found:
        return set()
    words = (one.word for one in found if plain_name(one.word) in SIZES)
    named = next((word for word in words if len(plain_name(word)) > LONGEST_ABBREVIATION), NAME)
    name = named if named not in table.columns else NAME
    counted = not any(standard_name(column) in STOCK_COUNTS for column in table.columns if column not in _names(found))
    marked = any(plain_text(cell).casefold() in _MARKS for one in found for cell in table.rows.column(one.column))
    for _, row in table.rows.edited():
        counts = {one.size: _count(row.get(one.column)) for one in found}
        stated = [count for count in counts.values() if count is not None]
        row[name] = [size for size, count in counts.items() if count and count > 0]
        if counted and stated and not marked:
            row[STOCK] = sum(max(count, 0) for count in stated)
    kind = f"columns of sizes are the column {name}: {', '.join(one.column for one in found)}"
    table.remarks.append(Problem(0, None, kind, kind))
    return _names(found)


def _names(found: list[_SizeColumn]) -> set[str]:
    return {one.column for one in found}


def _size_columns(table: Table) -> list[_SizeColumn]:
    """The columns of sizes that have the same word, or none, and only counts, flags and marks as cells."""
    by_word: dict[str, list[_SizeColumn]] = {}
    for column in table.columns:
        written = unicodedata.normalize("NFKC", column).strip()
        match = next(filter(None, (form.fullmatch(written) for form in _NAMES)), None)
        if match is None:
            continue
        word = match.groupdict().get("word") or ""
        if not word or plain_name(word) in _WORDS or standard_name(word) in _WORDS:
            by_word.setdefault(plain_name(word), []).append(_SizeColumn(column, word, match["size"].upper()))
    for word, columns in by_word.items():
        if len(columns) < (MIN_COLUMNS if word else MIN_BARE_COLUMNS) or not _are_sizes(
            word, [one.size for one in columns]
        ):
            continue
        cells = [cell for one in columns for cell in table.rows.column(one.column)]
        if any(plain_text(cell) for cell in cells) and all(map(_is_count, cells)):
            return columns
    return []


def _are_sizes(word: str, sizes: list[str]) -> bool:
    """Whether numbers are sizes, and not numbers of warehouses or places: ``Stock 1``, ``Size 2``."""
    numbers = [int(size) for size in sizes if size.isdecimal()]
    if word in SIZES:
        return sorted(numbers) != list(range(1, len(sizes) + 1))
    return all(_SMALLEST <= number <= _LARGEST for number in numbers)


def _is_count(cell: Any) -> bool:
    text = plain_text(cell)
    if not text or text.casefold() in MISSING or text.casefold() in _MARKS or read_flag(text) is not None:
        return True
    number = read_number(text)
    return number is not None and not number.currency and number.value.is_integer()


def _count(cell: Any) -> int | None:
    """The number of pieces in a cell; 1 or 0 for a flag; None if it is empty."""
    text = plain_text(cell)
    flag = read_flag(text)
    if flag is not None or text.casefold() == "x":
        return int(flag is not False)
    number = read_number(text)
    return None if number is None else int(number.value)
