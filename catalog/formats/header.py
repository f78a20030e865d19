"""Finds the header of a table and names its columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from catalog.errors import ModisteError
from catalog.names.columns import ID_NAMES, known
from catalog.names.plain import plain_name

LOOKED_AT = 20


def find_header(records: Sequence[Sequence[str]], names: frozenset[str]) -> int:
    """The index of the header among the first records: exports may have a title or notes above it.

    Args:
        records: The first records of the table.
        names: Column names that the caller expects.
    """
    first = records[:LOOKED_AT]
    if not first:
        return 0
    filled = [sum(1 for cell in record if str(cell).strip()) for record in first]
    usual = Counter(filled[1:] or filled).most_common(1)[0][0]
    for place, record in enumerate(first):
        cells = {str(cell).strip() for cell in record}
        if names and names <= cells:
            return place
    for wanted in (ID_NAMES, None):
        for place, record in enumerate(first):
            plain = [plain_name(str(cell)) for cell in record]
            hits = sum(name in wanted if wanted else known(name) for name in plain)
            if hits and filled[place] >= max(1, usual // 2) and len(set(plain)) > len(plain) // 2:
                return place
    return next((place for place, count in enumerate(filled) if count >= max(1, usual // 2)), 0)


def column_names(cells: Sequence[str], source: str) -> list[str]:
    """Names of the columns; those without a name are numbered, and so are repeated ones (``tag``, ``tag (2)``).

    Raises:
        ModisteError: Two columns that may be the id have the same name.
    """
    names: list[str] = []
    counts: Counter[str] = Counter()
    for place, cell in enumerate(cells, start=1):
        name = " ".join(str(cell).split()) or f"column {place}"
        counts[name] += 1
        if counts[name] > 1 and plain_name(name) in ID_NAMES:
            raise ModisteError(
                f"{source} has two columns with the same name: {name}.", hint="Give every column a unique name."
            )
        names.append(name if counts[name] == 1 else f"{name} ({counts[name]})")
    return names
