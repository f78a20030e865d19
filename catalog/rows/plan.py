"""Which column of a table is the id, the title, a picture or the product of a variant, and which are attributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from catalog.errors import ModisteError
from catalog.names import (
    BYTES_NAMES,
    GALLERY_PICTURES,
    GROUP_ORDER,
    HANDLES,
    ID_ORDER,
    LOOKS,
    OTHER_PICTURES,
    PARENTS,
    PICTURE_ORDER,
    TITLE_ORDER,
    VARIANT_ID_ORDER,
    WEAK_GROUPS,
    is_picture,
    pick,
    plain_name,
)
from catalog.pictures import names_picture
from catalog.settings import CatalogSettings
from catalog.table import Row, Table
from catalog.values import plain_text

ENOUGH = 0.9
"""Share of rows in which an id column is filled; one with fewer gives way to another."""


@dataclass(slots=True)
class Plan:
    """Columns by what they are. ``key_is_id``: a product is known by its group (a handle), not by a row's own id."""

    id: str | None
    title: str | None
    group: str | None
    pictures: list[str]
    gallery: list[str]
    bytes_column: str | None
    looks: list[str]
    attributes: list[str]
    key_is_id: bool = False
    by_parent: bool = False
    other_ids: list[str] = field(default_factory=list)

    def identify(self, rows: Sequence[tuple[int, Row]]) -> list[tuple[str, str]]:
        """The id of each row and the key of its product; an empty key for a row without either."""
        ids = [_id(row.get(self.id)) if self.id else "" for _, row in rows]
        if self.group is None:
            return [(id, id) for id in ids]
        keys = [_id(row.get(self.group)) for _, row in rows]
        if not self.by_parent:
            return [(id, key or id) for id, key in zip(ids, keys, strict=True)]
        known: dict[str, str] = {}
        for (_, row), id in zip(rows, ids, strict=True):
            for column in self.other_ids:
                other = _id(row.get(column))
                if other:
                    known.setdefault(other, id or other)
        ids = [
            id or next((o for c in self.other_ids if (o := _id(row.get(c)))), "")
            for (_, row), id in zip(rows, ids, strict=True)
        ]
        found = []
        for id, key in zip(ids, keys, strict=True):
            plain = key.removeprefix("id:")
            found.append((id, known.get(plain, plain) or id))
        return found

    def is_parent(self, row: Row, id: str, key: str) -> bool:
        """Whether a row stands for the whole product and is no variant itself."""
        return self.by_parent and id == key


def plan_columns(
    table: Table,
    source: Path,
    settings: CatalogSettings,
    id_column: str | None = None,
    title_column: str | None = None,
    image_column: str | None = None,
) -> Plan:
    """Find the columns by the names that were given, or by the usual ones.

    Raises:
        ModisteError: A named column is not there, or none looks like the id.
    """
    columns, stated = table.columns, settings.table
    named = [id_column or stated.id, title_column or stated.title, image_column, stated.group]
    named += [*(stated.pictures or ()), *(stated.looks or ()), *settings.leave_out]
    for name in named:
        if name is not None and name not in columns:
            raise ModisteError(
                f"{source} has no column {name!r}.", hint=f"Name one of the columns that it has: {', '.join(columns)}."
            )
    title = title_column or stated.title or next(iter(pick(columns, TITLE_ORDER)), None)
    id = id_column or stated.id
    group = stated.group or _group(table, title)
    if group is None and id is not None and plain_name(id) in HANDLES:
        group = id
    key_is_id = group is not None and plain_name(group) in HANDLES and (id is None or id == group)
    if id is None or id == group:
        id = _id_column(table, group)
    key_is_id = key_is_id or (group is not None and id is not None and plain_name(id) in ("variantsku", "variantid"))
    if id is None and group is None:
        unlike = _with_distinct_cells(table)
        telling = f" {unlike!r} has another value in every row." if unlike else ""
        raise ModisteError(
            f"{source} has no column that looks like the id.{telling}",
            hint="Name one (--id-column, or [table] id in catalog.toml) of the columns that it has: "
            f"{', '.join(columns)}.",
        )
    pictures = list(stated.pictures or ()) or ([image_column] if image_column else [])
    if not pictures:
        pictures = [name for name in pick(columns, PICTURE_ORDER) if name not in (id, title, group)][:1]
    if not pictures:
        pictures = [name for name in columns if name not in (id, title, group) and _names_pictures(table, name)][:1]
    if stated.pictures is None:
        pictures += [name for name in columns if is_picture(name) and name not in pictures]
    handles = group is not None and plain_name(group) in HANDLES
    gallery = [name for name in pictures if handles and plain_name(name) in GALLERY_PICTURES]
    looks = list(stated.looks) if stated.looks is not None else [n for n in columns if plain_name(n) in LOOKS]
    special = {id, title, *pictures, *(name for name in columns if plain_name(name) in BYTES_NAMES)}
    special |= {name for name in columns if plain_name(name) in OTHER_PICTURES or plain_name(name) == "parentproduct"}
    if handles:
        special.add(group)
    return Plan(
        id=id, title=title, group=group, pictures=[name for name in pictures if name not in gallery], gallery=gallery,
        bytes_column=next((name for name in columns if plain_name(name) in BYTES_NAMES), None), looks=looks,
        attributes=[name for name in columns if name not in special], key_is_id=key_is_id,
        by_parent=group is not None and plain_name(group) in PARENTS,
        other_ids=[name for name in pick(columns, ID_ORDER) if name != group],
    )  # fmt: skip


def _id_column(table: Table, group: str | None) -> str | None:
    """The usual id column that is filled, or the best filled one."""
    variants: tuple[str, ...] = VARIANT_ID_ORDER if group is not None and plain_name(group) in HANDLES else ()
    if group is not None:  # The variants of products in JSON.
        variants += ("variantsku", "variantid")
    order = variants + ID_ORDER
    found = [name for name in pick(table.columns, order) if name != group]
    if group is None or not found:
        found += [name for name in pick(table.columns, HANDLES) if name not in found and name != group]
    filled = {name: sum(1 for _, row in table.rows if plain_text(row.get(name))) for name in found}
    enough = [name for name in found if filled[name] >= ENOUGH * len(table.rows)]
    return enough[0] if enough else max(found, key=lambda name: filled[name], default=None)


def _group(table: Table, title: str | None) -> str | None:
    """The column that names the product of a variant; one with an ambiguous name only if titles agree with it."""
    for name in pick(table.columns, GROUP_ORDER):
        if any(plain_text(row.get(name)) for _, row in table.rows):
            return name
    for name in pick(table.columns, WEAK_GROUPS):
        titles: dict[str, set[str]] = {}
        rows = 0
        for _, row in table.rows:
            key = plain_text(row.get(name))
            if key:
                rows += 1
                titles.setdefault(key, set()).add(plain_text(row.get(title)) if title else "")
        alike = sum(len(found) == 1 for found in titles.values())
        if title and titles and len(titles) < rows and alike >= ENOUGH * len(titles):
            return name
    return None


def _names_pictures(table: Table, column: str) -> bool:
    """Whether the cells of a column with an unknown name are paths or addresses of pictures."""
    filled = [text for _, row in table.rows if (text := plain_text(row.get(column)))]
    return bool(filled) and sum(names_picture(text) for text in filled) >= ENOUGH * len(filled)


def _with_distinct_cells(table: Table) -> str:
    """The first column whose cells are filled and all different; empty if there is none."""
    for column in table.columns:
        cells = [plain_text(row.get(column)) for _, row in table.rows]
        if all(cells) and len(set(cells)) == len(cells):
            return column
    return ""


def _id(cell: object) -> str:
    """An id without the signs by which spreadsheets keep it a text: ``'007`` and ``="007"``."""
    text = plain_text(cell)
    if text.startswith('="') and text.endswith('"'):
        return text[2:-1].strip()
    return text[1:].strip() if text.startswith("'") and not text.endswith("'") else text
