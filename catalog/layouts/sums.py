"""Removes rows within and below a price list that are no products: sums, headings of parts, notes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

from catalog.table import Problem, Table
from catalog.values import plain_text
from catalog.values.numbers import read_number

_SUM = re.compile(
    r"(?:(?:zwischen|gesamt|end|teil)?summe|gesamt|(?:sub|grand|sous|net)?[ -]?total|totals?|totale|totaal|subtotaal|"
    r"subtotale|total ?général|suma|razem|итого)\b[\s:=.]*(?:eur|usd|gbp|chf|€|\$|£)?[\s:]*",
    re.IGNORECASE,
)
MIN_COLUMNS = 4
"""Minimum number of columns of a table in which a row with half of the cells is a sum."""
MIN_FILLED = 3
"""Minimum number of cells of most rows for which a row with a single cell is no product."""


def drop_sums(table: Table) -> list[Problem]:
    """Drop rows whose first cell is a word such as *Subtotal*, if they have at most half as many cells as most rows, or
    only sums of the numbers above them.

    Returns:
        The dropped rows.
    """
    filled: Counter[int] = Counter()
    named: dict[int, int] = {}
    for place, (_, row) in enumerate(table.rows):
        texts = [text for cell in row.values() if (text := plain_text(cell))]
        filled[len(texts)] += 1
        if texts and _SUM.fullmatch(texts[0]):
            named[place] = len(texts)
    usual = max(filled, key=lambda number: (filled[number], number), default=0)
    few = usual / 2 if len(table.columns) >= MIN_COLUMNS else 1
    sums = {place for place, number in named.items() if number <= few}
    sums |= _adding_up(table, named.keys() - sums)
    kind = "the row is a sum, not a product"
    found = [Problem(table.rows.numbers[place], None, kind, kind) for place in sorted(sums)]
    if sums:
        table.rows.keep([place for place in range(len(table.rows)) if place not in sums])
    return found


def drop_notes(table: Table) -> list[Problem]:
    """Drop rows with one cell, which has words, where most rows have at least three.

    Returns:
        The dropped rows.
    """
    filled = [sum(1 for cell in row.values() if plain_text(cell)) for _, row in table.rows]
    usual = max(set(filled), key=lambda number: (filled.count(number), number), default=0)
    if usual < MIN_FILLED:
        return []
    notes = {
        place for place, (_, row) in enumerate(table.rows)
        if filled[place] == 1 and is_note(next(text for cell in row.values() if (text := plain_text(cell))))
    }  # fmt: skip
    kind = "the row is a heading or a note, not a product"
    found = [Problem(table.rows.numbers[place], None, kind, kind) for place in sorted(notes)]
    if notes:
        table.rows.keep([place for place in range(len(table.rows)) if place not in notes])
    return found


def is_note(text: str) -> bool:
    """Whether the only cell of a row is no id: it has several words, or one without digits."""
    return len(text.split()) > 1 or not re.search(r"\d", text)


def _adding_up(table: Table, places: Collection[int]) -> set[int]:
    """Those rows of which all cells behind the first one are the sums of the numbers above them."""
    found: set[int] = set()
    totals: dict[str, float] = dict.fromkeys(
        (name for place in places for name, cell in table.rows[place][1].items() if plain_text(cell)), 0.0
    )
    for place, (_, row) in enumerate(table.rows if places else ()):
        numbers = {name: read_number(plain_text(row.get(name))) for name in totals}
        if place in places and place > 1:
            stated = [(numbers[name], totals[name]) for name in table.columns if plain_text(row.get(name))][1:]
            sums = (number is not None and abs(total - number.value) <= 0.005 for number, total in stated)
            found |= {place} if stated and all(sums) else set()
        for name, number in numbers.items():
            totals[name] += number.value if number is not None else 0
    return found
