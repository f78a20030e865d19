"""Which column of a table is the id, the title, a picture or the product of a variant, and which are attributes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from catalog.catalog import SpecialColumns
from catalog.errors import ModisteError
from catalog.names.columns import (
    BYTES_NAMES,
    GALLERY_PICTURES,
    GROUP_ORDER,
    HANDLES,
    ID_ORDER,
    LOOKS,
    NO_PARENT,
    PARENTS,
    PICTURE_ORDER,
    TITLE_ORDER,
    VARIANT_ID_ORDER,
    WEAK_GROUPS,
    WEAK_IDS,
    is_aside,
    is_picture,
    pick,
)
from catalog.names.plain import plain_name
from catalog.pictures import names_picture
from catalog.settings import CatalogSettings
from catalog.table import Row, Table
from catalog.values import plain_text

ENOUGH = 0.9
"""Share of rows in which an id column is filled; one with fewer gives way to another."""
LOOKED_AT = 200
"""Filled cells that tell whether a column with an unknown name has pictures."""
UNSPLIT = ' If these are several columns, name their separator in catalog.toml: [table] separator = "^".'


@dataclass(slots=True)
class Plan:
    """What each column is.

    Attributes:
        id: Column with the ids of rows; None if only their products have one.
        title: Column with the title.
        group: Column that is equal for all rows of one product.
        pictures: Columns with pictures of a row.
        gallery: Columns with pictures of the whole product.
        bytes_column: Column with encoded pictures, which replace those of other columns.
        looks: Columns whose values change how a product looks.
        attributes: All columns that may be attributes.
        key_is_id: Whether the id of a product is its group (a handle) and not the id of a row.
        by_parent: Whether ``group`` refers to the row of the whole product.
        other_ids: Further columns by which a row may be referred to.
    """

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
        ids = _ids(rows, self.id)
        if self.group is None:
            return [(id, id) for id in ids]
        keys = _ids(rows, self.group)
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
            plain = "" if plain.casefold() in NO_PARENT and plain not in known else plain
            found.append((id, known.get(plain, plain) or id))
        return found

    def special(self) -> SpecialColumns:
        """The columns that are more than attributes, in the words of ``catalog.toml``."""
        own = self.group if self.key_is_id or self.id is None else self.id
        assert own is not None  # A table without either is refused.
        return SpecialColumns(
            id=own, variant_id=self.id if self.id != own else None, title=self.title,
            pictures=(self.bytes_column,) if self.bytes_column else (*self.gallery, *self.pictures), group=self.group,
            looks=tuple(self.looks),
        )  # fmt: skip

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
        hint = f" {unlike!r} has another value in every row." if unlike else ""
        raise ModisteError(
            f"{source} has no column that looks like the id.{hint}",
            hint="Name one (--id-column, or [table] id in catalog.toml) of the columns that it has: "
            f"{', '.join(columns)}." + (UNSPLIT if len(columns) == 1 and table.textual else ""),
        )
    pictures = list(stated.pictures or ()) or ([image_column] if image_column else [])
    if not pictures:
        usual = [name for name in pick(columns, PICTURE_ORDER) if name not in (id, title, group)]
        pictures = [name for name in usual if _is_filled(table, name)][:1] or usual[:1]
    telling = [name for name in columns if name not in (id, title, group) and _names_pictures(table, name)]
    if not pictures:
        pictures = [name for name in telling if not is_aside(name)][:1] or telling[:1]
    if stated.pictures is None:
        pictures += [
            name for name in columns
            if name not in pictures and name not in (id, title, group) and not is_aside(name)
            and (is_picture(name) or name in telling)
        ]  # fmt: skip
    handles = group is not None and plain_name(group) in HANDLES
    gallery = [name for name in pictures if handles and plain_name(name) in GALLERY_PICTURES]
    looks = list(stated.looks) if stated.looks is not None else [n for n in columns if plain_name(n) in LOOKS]
    special = {id, title, *pictures, *(name for name in columns if plain_name(name) in BYTES_NAMES)}
    special |= {name for name in columns if plain_name(name) == "parentproduct"}
    special |= {name for name in telling if is_aside(name)}
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
    if enough or found:
        return enough[0] if enough else max(found, key=lambda name: filled[name])
    weak = [] if group is not None else pick(table.columns, WEAK_IDS)
    return next((name for name in weak if _is_distinct(table, name)), None)


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
    filled = list(islice((text for _, row in table.rows if (text := plain_text(row.get(column)))), LOOKED_AT))
    return bool(filled) and sum(names_picture(text) for text in filled) >= ENOUGH * len(filled)


def _is_filled(table: Table, column: str) -> bool:
    return any(row.get(column) not in (None, "", []) for _, row in table.rows)


def _is_distinct(table: Table, column: str) -> bool:
    """Whether the cells of a column are filled and all different."""
    cells = [plain_text(row.get(column)) for _, row in table.rows]
    return all(cells) and len(set(cells)) == len(cells)


def _with_distinct_cells(table: Table) -> str:
    """The first column whose cells are filled and all different; empty if there is none."""
    return next((column for column in table.columns if _is_distinct(table, column)), "")


def _ids(rows: Sequence[tuple[int, Row]], column: str | None) -> list[str]:
    """The ids in a column. Where all of them are written as ``1001.0``, a program had read them as numbers."""
    ids = [_id(row.get(column)) if column else "" for _, row in rows]
    if all(re.fullmatch(r"\d+\.0|", id) for id in ids):
        return [id.removesuffix(".0") for id in ids]
    return ids


def _id(cell: object) -> str:
    """An id without the signs by which spreadsheets keep it a text: ``'007`` and ``="007"``."""
    text = plain_text(cell)
    if text.startswith('="') and text.endswith('"'):
        return text[2:-1].strip()
    return text[1:].strip() if text.startswith("'") and not text.endswith("'") else text
