"""Rows with sums within and below a price list, which are no products."""

from __future__ import annotations

import re
from collections import Counter

from catalog.table import Problem, Table
from catalog.values import plain_text

_SUM = re.compile(
    r"(?:(?:zwischen|gesamt|end|teil)?summe|gesamt|(?:sub|grand|sous|net)?[ -]?total|totals?|totale|totaal|subtotaal|"
    r"subtotale|total ?général|suma|razem|итого)\b[\s:=.]*(?:eur|usd|gbp|chf|€|\$|£)?[\s:]*",
    re.IGNORECASE,
)
LEAST = 4
"""Columns of a table in which a sum can be told from a product."""


def drop_sums(table: Table) -> list[Problem]:
    """Drop the rows whose first cell is a word such as *Subtotal* and that have at most half of the cells that most
    rows have, and say which they are."""
    if len(table.columns) < LEAST:
        return []
    filled: Counter[int] = Counter()
    named: dict[int, int] = {}
    for place, (_, row) in enumerate(table.rows):
        texts = [text for cell in row.values() if (text := plain_text(cell))]
        filled[len(texts)] += 1
        if texts and _SUM.fullmatch(texts[0]):
            named[place] = len(texts)
    usual = max(filled, key=lambda number: (filled[number], number), default=0)
    sums = {place for place, number in named.items() if number <= usual / 2}
    kind = "the row is a sum, not a product"
    found = [Problem(table.rows.numbers[place], None, kind, kind) for place in sorted(sums)]
    if sums:
        table.rows.keep([place for place in range(len(table.rows)) if place not in sums])
    return found
