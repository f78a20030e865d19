"""Which column of a table is the id, the title, a picture or the product of a variant, and which are attributes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from catalog.catalog import SpecialColumns
from catalog.errors import ModisteError
from catalog.names.columns import (
    BYTES_NAMES,
    FORM_OF_ROWS,
    GALLERY_PICTURES,
    HANDLES,
    ID_ORDER,
    NO_PARENT,
    PARENTS,
    PICTURE_ORDER,
    UNSURE_PICTURES,
    is_aside,
    is_called,
    is_look,
    is_picture,
    pick,
)
from catalog.pictures import names_picture
from catalog.rows.identity import (
    find_group,
    id_and_group,
    id_of,
    may_use_titles,
    without_id,
)
from catalog.rows.references import parents_in
from catalog.rows.titles import find_title
from catalog.settings import CatalogSettings
from catalog.table import Row, Rows, Table
from catalog.values import plain_text

MIN_PICTURE_SHARE = 0.9
"""Share of the cells of a column with pictures that name one."""
MAX_LEVELS = 4
"""Levels of products above a variant."""
MAX_SAMPLED_CELLS = 200
"""Filled cells that tell whether a column with an unknown name has pictures."""


@dataclass(slots=True)
class Plan:
    """What each column is.

    Attributes:
        id: Column with the ids of rows; None if only their products have one, or if their titles are their ids.
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
        form: Column that tells rows of products from those of their variants.
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
    form: str | None = None

    def identify(self, rows: Rows) -> tuple[list[str], list[str]]:
        """The id of each row, and the key of its product; an empty key for a row without either."""
        ids = _ids(rows, self.id)
        if self.group is None:
            return ids, ids
        keys = _ids(rows, self.group)
        if not self.by_parent:
            return ids, [key or id for id, key in zip(ids, keys, strict=True)]
        known: dict[str, str] = {}
        for (_, row), id in zip(rows, ids, strict=True):
            for column in self.other_ids:
                other = id_of(row.get(column))
                if other:
                    known.setdefault(other, id or other)
        ids = [
            id or next((o for c in self.other_ids if (o := id_of(row.get(c)))), "")
            for (_, row), id in zip(rows, ids, strict=True)
        ]
        found = []
        for id, key in zip(ids, keys, strict=True):
            plain = key.removeprefix("id:")
            plain = "" if plain.casefold() in NO_PARENT and plain not in known else plain
            found.append(known.get(plain, plain) or id)
        return ids, _roots(ids, found)

    def special(self) -> SpecialColumns:
        """The columns that are more than attributes, in the words of ``catalog.toml``."""
        own = self.group if self.key_is_id or self.id is None else self.id
        return SpecialColumns(
            id=own, variant_id=self.id if self.id != own else None, title=self.title,
            pictures=(self.bytes_column,) if self.bytes_column else (*self.gallery, *self.pictures), group=self.group,
            looks=tuple(self.looks),
        )  # fmt: skip

    def is_parent(self, row: Row, id: str, key: str) -> bool:
        """Whether a row stands for the whole product and is no variant itself."""
        if self.form is not None:
            return plain_text(row.get(self.form)).casefold() == "product"
        return self.by_parent and id == key


def _roots(ids: Sequence[str], parents: Sequence[str]) -> list[str]:
    """The outermost product of each row: PIM systems have sizes below colours, and these below a model."""
    above = {id: parent for id, parent in zip(ids, parents, strict=True) if id != parent}
    roots = []
    for parent in parents:
        for _ in range(MAX_LEVELS):
            parent = above.get(parent, parent)
        roots.append(parent)
    return roots


def plan_columns(
    table: Table,
    source: Path,
    settings: CatalogSettings,
    id_column: str | None = None,
    title_column: str | None = None,
    image_column: str | None = None,
    is_file: Callable[[str], bool] | None = None,
) -> Plan:
    """Find the columns by the names that were given, or by the usual ones.

    Args:
        is_file: Whether a text names a file in the folder of the pictures.

    Raises:
        ModisteError: A named column is not there, or none looks like the id.
    """
    columns, stated = table.columns, settings.table
    named = [id_column or stated.id, title_column or stated.title, image_column, stated.group]
    _check_columns((*named, *(stated.pictures or ()), *(stated.looks or ()), *settings.leave_out), columns, source)
    title = title_column or stated.title or find_title(table)
    id, group, key_is_id = id_and_group(table, id_column or stated.id, stated.group or find_group(table, title))
    others = [name for name in columns if name not in (id, title, group)]
    unsure = [name for name in others if is_called(name, UNSURE_PICTURES)]
    found = [name for name in others if _names_pictures(table, name, is_file if name in unsure else None)]
    pictures = _picture_columns(table, others, found, stated.pictures, image_column)
    if id is None and group is None and not may_use_titles(table, title, pictures):
        raise without_id(table, source)
    handles = is_called(group, HANDLES)
    gallery = [name for name in pictures if handles and is_called(name, GALLERY_PICTURES)]
    encoded = [name for name in columns if is_called(name, BYTES_NAMES)]
    special = {id, title, *pictures, *encoded, *(name for name in found if is_aside(name))}
    special |= {name for name in columns if is_called(name, ("parentproduct",))} | ({group} if handles else set())
    referred = parents_in(table, [group] if group is not None else [])
    known = [name for name in columns if name != group]
    looks = stated.looks
    if looks is None:
        looks = tuple(name for name in columns if is_look(name) and name not in table.metafields)
    return Plan(
        id=id, title=title, group=group, pictures=[name for name in pictures if name not in gallery], gallery=gallery,
        bytes_column=encoded[0] if encoded else None, looks=list(looks),
        attributes=[name for name in columns if name not in special], key_is_id=key_is_id,
        by_parent=is_called(group, PARENTS) or referred is not None,
        other_ids=list(dict.fromkeys((*pick(known, ID_ORDER), *(referred[1:] if referred else ())))),
        form=next((name for name in columns if handles and is_called(name, FORM_OF_ROWS)), None),
    )  # fmt: skip


def _check_columns(named: Sequence[str | None], columns: Sequence[str], source: Path) -> None:
    for name in named:
        if name is not None and name not in columns:
            raise ModisteError(
                f"{source} has no column {name!r}.", hint=f"Name one of the columns that it has: {', '.join(columns)}."
            )


def _picture_columns(
    table: Table, others: Sequence[str], found: Sequence[str], stated: Sequence[str] | None, image_column: str | None
) -> list[str]:
    """The columns with pictures, the one with the main picture first.

    Args:
        others: Columns that are neither the id, the title nor the group.
        found: Those of them whose cells name pictures.
        stated: The columns in ``catalog.toml``, which are then the only ones.
        image_column: The column of the main picture, where it was named.
    """
    pictures = list(stated or ()) or ([image_column] if image_column else [])
    if not pictures:
        usual = [name for name in pick(table.columns, PICTURE_ORDER) if name in others]
        usual = [name for name in usual if name in found or not is_called(name, UNSURE_PICTURES)]
        filled = [name for name in usual if _is_filled(table, name)]
        pictures = (filled or usual or [name for name in found if not is_aside(name)] or list(found))[:1]
    if stated is None:
        pictures += [
            name for name in others
            if name not in pictures and not is_aside(name) and (is_picture(name) or name in found)
        ]  # fmt: skip
    return pictures


def _names_pictures(table: Table, column: str, is_file: Callable[[str], bool] | None) -> bool:
    """Whether the cells of a column with an unknown name are paths or addresses of pictures, or, with ``is_file``, name
    files without their ending."""
    filled = list(islice((cell for cell in table.rows.column(column) if plain_text(cell)), MAX_SAMPLED_CELLS))
    if filled and sum(map(names_picture, filled)) >= MIN_PICTURE_SHARE * len(filled):
        return True
    return is_file is not None and any(is_file(plain_text(cell)) for cell in filled if not isinstance(cell, list))


def _is_filled(table: Table, column: str) -> bool:
    return any(cell not in (None, "", []) for cell in table.rows.column(column))


def _ids(rows: Rows, column: str | None) -> list[str]:
    """The ids in a column. Where all of them are written as ``1001.0``, a program had read them as numbers."""
    ids = [id_of(cell) for cell in rows.column(column)] if column else [""] * len(rows)
    if all(re.fullmatch(r"\d+\.0|", id) for id in ids):
        return [id.removesuffix(".0") for id in ids]
    return ids
