"""Finds columns that relate rows to other rows: their cells are ids of these, or the key of the row above."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from catalog.names.columns import ID_ORDER, TITLE_ORDER, pick
from catalog.names.plain import plain_name
from catalog.table import Table
from catalog.values import plain_text

_OF_PARENT = re.compile(
    r"parent|variantof|vater|eltern|haupt|master|padre|\bpai\b|père|ouder|nadrzędn|rodzic|rodič|родител|父|상위"
)
"""Matches the names of columns that refer to the row of the whole product."""


def parents_in(table: Table, columns: Sequence[str]) -> tuple[str, str] | None:
    """The first of some columns that refers to rows, and the column of the ids by which it does.

    Its cells are ids of other rows, which are then the whole products. Its name or the titles of the rows must confirm
    this, because a column may also name a replacement of the product.
    """
    ids: dict[str, dict[str, int]] | None = None
    for column in columns:
        cells = _texts(table, column)
        named = set(cells) - {""}
        if not named or all(cells) or len(named) == len(cells):
            continue
        ids = dict(_ids(table)) if ids is None else ids
        found = next((name for name in ids if name != column and _refers(table, column, cells, named, ids[name])), None)
        if found is not None:
            return column, found
    return None


def _texts(table: Table, column: str) -> list[str]:
    return [plain_text(cell) for cell in table.rows.column(column)]


def _ids(table: Table) -> Iterator[tuple[str, dict[str, int]]]:
    """The columns whose filled cells are all different, with the place of each; those with the name of an id first."""
    for column in dict.fromkeys((*pick(table.columns, ID_ORDER), *table.columns)):
        texts = _texts(table, column)
        places = {text: place for place, text in enumerate(texts) if text}
        if 2 * len(places) > len(texts) and len(places) == sum(map(bool, texts)):
            yield column, places


def _refers(table: Table, column: str, cells: Sequence[str], named: set[str], places: Mapping[str, int]) -> bool:
    if not named <= places.keys() or any(cells[places[one]] for one in named):
        return False
    if _OF_PARENT.search(" ".join((*re.split(r"[\W_]+", column.casefold()), plain_name(column)))):
        return True
    title = next(iter(pick(table.columns, TITLE_ORDER)), None)
    titles = _texts(table, title) if title is not None else [""]
    refers = [(place, places[cell]) for place, cell in enumerate(cells) if cell]
    return title is not None and all(
        titles[to] and (not titles[place] or titles[place].startswith(titles[to])) for place, to in refers
    )


def continued(table: Table, title: str | None) -> str | None:
    """The first column before that of the titles whose values are repeated in the rows below a row with a title: these
    rows have no title."""
    titled = list(map(bool, _texts(table, title))) if title else []
    if title is None or all(titled) or not titled[0]:
        return None
    for name in table.columns[: table.columns.index(title)]:
        keys = _texts(table, name)
        begins = [place == 0 or key != keys[place - 1] for place, key in enumerate(keys)]
        if begins == titled and all(keys) and len(set(keys)) == sum(begins):
            return name
    return None
