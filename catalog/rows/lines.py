"""The rows of a table with their ids and typed values, before they are merged into products."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalog.rows.availability import Availability
from catalog.rows.pinned import refuse_strange
from catalog.rows.plan import Plan
from catalog.rows.titles import has_titles
from catalog.settings import CatalogSettings
from catalog.table import Problem, Row, Table, TableOptions
from catalog.values import AttributeValue, plain_text, type_columns, untagged

NEW_TITLE = "a new title is a new product: add a column of numbers"


class Encoded(str):
    """Base64, in a column of encoded pictures."""

    __slots__ = ()


@dataclass(slots=True, eq=False)
class Line:
    """A row that is not merged into a product yet.

    Attributes:
        number: The number of the row in its file.
        id: Its own id; empty if the table has only ids of products.
        key: The key of its product.
        is_parent: Whether it is the row of a whole product and not a variant.
        row: The cells.
        values: The attributes among them.
        title: Its own title.
        unsold: Why it is not for sale; empty if it is.
        pictures: Cells with pictures of this row.
        gallery: Cells with pictures of the whole product.
    """

    number: int
    id: str
    key: str
    is_parent: bool
    row: Row
    values: dict[str, AttributeValue]
    title: str
    unsold: str
    pictures: list[Any] = field(default_factory=list)
    gallery: list[Any] = field(default_factory=list)


class Lines:
    """The rows that have an id, and their typed values.

    Args:
        table: Rows without an id are removed from it.
        plan: What its columns are.
        settings: The settings of the catalogue.
        options: The checks that may fail.
        source: The file, for messages.

    Attributes:
        keys: The key of the product of each row.
        typed: The values of the rows.
        problems: The rows without an id.

    Raises:
        CatalogRefused: Too many cells of a column are not of the kind in the settings.
    """

    def __init__(
        self, table: Table, plan: Plan, settings: CatalogSettings, options: TableOptions, source: Path
    ) -> None:
        _note_titles_as_ids(table, plan)
        self._rows, self._plan = table.rows, plan
        self._ids, self.keys = plan.identify(table.rows)
        self._use_titles(table)
        own = plan.id or plan.group
        empty = f"the column {own} is empty" if own else "the row has no title, which is the id, or no picture"
        self.problems = [
            Problem(number, None, empty, "the id is empty")
            for number, key in zip(table.rows.numbers, self.keys, strict=True)
            if not key
        ]
        if self.problems:
            usable = [place for place, key in enumerate(self.keys) if key]
            self._ids, self.keys = ([some[place] for place in usable] for some in (self._ids, self.keys))
            table.rows.keep(usable)
        pinned = {name: one.kind for name, one in settings.columns.items() if one.kind}
        decimals = {name: one.decimal for name, one in settings.columns.items() if one.decimal}
        self.typed = type_columns(table.rows, plan.attributes, pinned, decimals, settings.table.currency or "")
        refuse_strange(self.typed, pinned, options, source)
        leave_out = settings.leave_out if settings.states_leave_out else None
        self.availability = Availability(table, leave_out, stated=settings.stock_columns)

    def _use_titles(self, table: Table) -> None:
        """Use the titles of rows with pictures but without an id as their ids: a SKU is optional on Etsy. Equal titles
        are numbered in the order of their rows."""
        plan, rows = self._plan, table.rows
        empty = [place for place, key in enumerate(self.keys) if not key]
        titles = rows.column(plan.title) if empty and plan.title else []
        taken = {*self.keys, *self._ids}
        pictures = [rows.column(one) for one in plan.pictures] if titles else []
        alike: Counter[str] = Counter()
        for place in empty if titles else ():
            title = untagged(plain_text(titles[place]))
            if title and any(plain_text(cells[place]) for cells in pictures):
                alike[title] += 1
                while (id := title if alike[title] == 1 else f"{title} {alike[title]}") in taken:
                    alike[title] += 1
                taken.add(id)
                self._ids[place] = self.keys[place] = id
                own = plan.id or plan.group
                kind = f"{own} is empty, so the title is the id" if own else "no column has ids, so the title is the id"
                table.remarks.append(Problem(rows.numbers[place], id, f"{kind}; {NEW_TITLE}", kind))

    def of(self, places: Sequence[int]) -> list[Line]:
        """The rows of a product, given their places in the table."""
        plan = self._plan
        rows = [self._rows[place] for place in places]
        key = self.keys[places[0]]
        parents = [plan.is_parent(row, self._ids[place], key) for place, (_, row) in zip(places, rows, strict=True)]
        head = next((row for (_, row), parent in zip(rows[::-1], parents[::-1], strict=True) if parent), rows[0][1])
        return [
            self._line(place, number, row, head, is_parent, has_variants=is_parent and len(rows) > 1)
            for place, (number, row), is_parent in zip(places, rows, parents, strict=True)
        ]

    def _line(self, place: int, number: int, row: Row, head: Row, is_parent: bool, *, has_variants: bool) -> Line:
        plan, id, key = self._plan, self._ids[place], self.keys[place]
        encoded = row.get(plan.bytes_column) if plan.bytes_column else None
        if encoded in (None, ""):
            pictures = [row[column] for column in plan.pictures if row.get(column) not in (None, "")]
        else:
            pictures = [encoded if isinstance(encoded, bytes) else Encoded(encoded)]
        return Line(
            number=number, id=id, key=key, is_parent=is_parent, row=row, values=self.typed.attributes[place][1],
            title=untagged(plain_text(row.get(plan.title))) if plan.title else "",
            unsold=self.availability.reason(
                row, head, in_group=plan.by_parent and id != key, has_variants=has_variants
            ),
            pictures=pictures,
            gallery=[row[column] for column in plan.gallery if row.get(column) not in (None, "")],
        )  # fmt: skip


def _note_titles_as_ids(table: Table, plan: Plan) -> None:
    """Add a remark if the ids are texts such as titles, because people change titles."""
    if plan.id is not None and plan.id not in (plan.group, plan.title) and has_titles(table, plan.id):
        kind = f"the ids in {plan.id} are texts like titles"
        table.remarks.append(Problem(0, None, f"{kind}; {NEW_TITLE}", kind))
