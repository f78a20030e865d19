"""Merges the rows of a product: into one product for each look, with its sizes as variants."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from catalog.names.columns import SIZES, standard_name
from catalog.names.hidden import is_hidden
from catalog.product import Variant
from catalog.rows.lines import Line
from catalog.rows.merging import merged_values, variants_of
from catalog.table import Problem
from catalog.values import AttributeValue, plain_text


@dataclass(slots=True)
class Draft:
    """A product whose pictures have not been read yet. ``lines`` are the numbers of its rows."""

    id: str
    title: str
    attributes: dict[str, AttributeValue | list[AttributeValue]]
    pictures: list[Any]
    group: str
    variants: tuple[Variant, ...]
    lines: list[int]
    id_for_picture: str


@dataclass(slots=True)
class Grouping:
    """The rows that ``group`` leaves out of products.

    Attributes:
        left_out: Rows that are not for sale: of a whole product, or of some variants.
        problems: Rows that are in no product.
        repeated: Rows that are equal to another row of their product.
    """

    left_out: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    repeated: list[Problem] = field(default_factory=list)
    _columns: set[str] = field(default_factory=set)
    _of_further_rows: set[str] = field(default_factory=set)
    _has_further_rows: bool = False
    _are_further_titled: bool = False

    def add(self, members: Sequence[Line]) -> None:
        """Add the rows of a product to those that decide ``variant_columns``."""
        first, *further = members
        self._columns.update(first.values)
        for line in further:
            self._columns.update(line.values)
            self._of_further_rows.update(line.values)
        self._has_further_rows |= bool(further)
        self._are_further_titled |= any(line.title for line in further)

    @property
    def variant_columns(self) -> set[str]:
        """The columns in which variants may differ. Shopify fills those of the whole product, such as its title, on the
        first of its rows only."""
        first_only = self._has_further_rows and not self._are_further_titled
        return self._of_further_rows if first_only else self._columns


def group(
    groups: Iterable[Sequence[Line]], found: Grouping, *, looks: Sequence[str], dates: frozenset[str], keyed: bool,
    key_is_id: bool,
) -> Iterator[Draft]:  # fmt: skip
    """Merge rows into products, one group after another.

    Args:
        groups: Rows with the same key, each in the order of the table.
        found: Receives the rows that are left out.
        looks: Columns whose values change how a product looks.
        dates: Columns of dates, of which the earliest is used.
        keyed: Whether the table has a column with the product of a row. Otherwise rows belong together if they have the
            same id, and the same title or none.
        key_is_id: Whether that column's value is the id of products with one look.
    """
    taken: set[str] = set()
    for lines in groups:
        members: list[Line] = []
        for line in lines:
            twin = next((one for one in members if one.row == line.row), None)
            if twin is not None:
                reason = f"the row repeats row {twin.number}"
                found.repeated.append(Problem(line.number, line.id, reason, "the row repeats another"))
            elif first := _other_product(line, members, keyed=keyed):
                reason = f"the id is already used in row {first.number}"
                found.problems.append(Problem(line.number, line.id, reason, "the id is already used"))
            else:
                members.append(line)
        found.add(members)
        drafts, left_out = _products(members[0].key, members, looks, dates, key_is_id)
        found.left_out += left_out
        for draft in drafts:
            draft.id = _distinct(draft.id, taken)
            taken.add(draft.id)
            yield draft


def in_groups(keys: Sequence[str]) -> Iterator[list[int]]:
    """The places of equal keys, in the order in which the keys first occur."""
    codes = pa.array(keys, pa.large_string()).dictionary_encode().indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    start = 0
    for end in map(int, np.flatnonzero(np.diff(codes[order], append=-1)) + 1):
        yield order[start:end].tolist()
        start = end


def _other_product(line: Line, members: Sequence[Line], *, keyed: bool) -> Line | None:
    """The first row with the same id as ``line``, if it has another title; else None."""
    alike = [one for one in members if one.is_parent and line.is_parent] if keyed else members
    return alike[0] if alike and line.title and alike[0].title not in ("", line.title) else None


def _products(
    key: str, members: Sequence[Line], looks: Sequence[str], dates: frozenset[str], key_is_id: bool
) -> tuple[list[Draft], list[Problem]]:
    """The products of one group, one for each look, and the rows of those that are not for sale."""
    parents = [line for line in members if line.is_parent]
    variants = [line for line in members if not line.is_parent]
    if not parents and _is_above(variants):
        parents, variants = variants[:1], variants[1:]
    elif any(_has_own_size(line, variants) for line in parents):
        parents, variants = [], [*parents, *variants]
    if not variants:  # A product without variants, perhaps with rows for its further pictures.
        parents, variants = [], list(members)
    for line in variants:
        line.unsold = line.unsold or (parents[0].unsold if parents else "")
    by_look = _by_look(variants, looks)
    if len(by_look) == 1:
        (lines,) = by_look.values()
        id = key if key_is_id or parents else lines[0].id or key
        draft, left_out = _draft(id, key, lines, parents, members, dates, several=False)
        return [draft] if draft else [], left_out
    drafts: list[Draft] = []
    left_out = []
    for look, lines in by_look.items():
        id = lines[0].id if lines[0].id and not key_is_id else f"{key}:{_slug(look)}"
        draft, unsold = _draft(id, key, lines, parents, members, dates, several=True)
        drafts += [draft] if draft else []
        left_out += unsold
    if drafts:
        drafts[0].lines = [*(line.number for line in parents), *drafts[0].lines]
    else:
        left_out += [Problem(line.number, key, "no variant is for sale", "not for sale") for line in parents]
    return drafts, left_out


def _is_above(lines: Sequence[Line]) -> bool:
    """Whether the first row stands for the whole product, as in Rakuten's tables: unlike the others it has a title and
    no id, and it has none of the values that all others have."""
    first, *further = lines
    if first.id or not first.title or not further or not all(line.id and not line.title for line in further):
        return False
    common = set.intersection(*(set(line.values) for line in further))
    return bool(common) and common.isdisjoint(first.values)


def _has_own_size(parent: Line, variants: Sequence[Line]) -> bool:
    """Whether the row of a product is also one of its variants: it has another size than the others."""
    return any(
        set(_listed(size)).isdisjoint(one for line in variants for one in _listed(line.values.get(column)))
        for column, size in parent.values.items()
        if standard_name(column) in SIZES and variants and all(column in line.values for line in variants)
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _draft(
    id: str, key: str, lines: Sequence[Line], parents: Sequence[Line], members: Sequence[Line], dates: frozenset[str],
    *, several: bool,
) -> tuple[Draft | None, list[Problem]]:  # fmt: skip
    """The product with one look, if it is for sale, and its rows that are not.

    Args:
        id: Of the product.
        key: Of its group.
        lines: The variants with this look.
        parents: Rows of the group that are the whole product and no variants.
        members: All rows of the group.
        several: Whether the group has several looks.
    """
    shared = [] if several else parents
    for_sale = [line for line in lines if not line.unsold]
    if not any(_is_variant(line, lines) for line in for_sale):  # Rows of further pictures have no stock.
        for line in for_sale:
            line.unsold = lines[0].unsold
        for_sale = []
    unsold = [(line, line.unsold) for line in lines if line.unsold]
    if not for_sale:
        unsold += [(line, lines[0].unsold) for line in shared]
    left_out = [Problem(line.number, line.id or key, why, f"not for sale: {why}") for line, why in unsold]
    if not for_sale:
        return None, left_out
    sold = [line for line in for_sale if _is_variant(line, lines)] or for_sale
    titled = (*parents, *sold, *members) if several else (*parents, *members)
    draft = Draft(
        id=id, title=next((line.title for line in titled if line.title), ""),
        attributes=merged_values((parents or members)[0], sold, dates),
        pictures=_pictures(for_sale, parents, members, several=several) or [p for one in lines for p in one.pictures],
        group=key if several or len(members) > 1 else id,
        variants=variants_of(sold, len(members), id), lines=[line.number for line in (*shared, *for_sale)],
        id_for_picture=lines[0].id or key,
    )  # fmt: skip
    return draft, left_out


def _pictures(
    for_sale: Sequence[Line], parents: Sequence[Line], members: Sequence[Line], *, several: bool
) -> list[Any]:
    """The cells with the pictures of a look: its own, or those of the whole product if it has none. The only look of a
    product has both."""
    own = [cell for line in for_sale for cell in line.pictures]
    shared = [cell for line in parents for cell in line.pictures] + [cell for line in members for cell in line.gallery]
    return [*shared, *own] if not several else own or shared


def _is_variant(line: Line, lines: Sequence[Line]) -> bool:
    """Whether a row is a variant and not only a further picture of its product: it has its own id or public value."""
    first = lines[0]
    return (
        line is first or bool(line.id)
        or any(value != first.values.get(column) and not is_hidden(column) for column, value in line.values.items())
    )  # fmt: skip


def _by_look(variants: Sequence[Line], looks: Sequence[str]) -> dict[str, list[Line]]:
    """Rows by look, which is the values in ``looks``. All rows are one look unless each has pictures of its own."""
    found: dict[str, list[Line]] = {}
    without_look: list[Line] = []
    for line in variants:
        look = " ".join(plain_text(line.values[column]) for column in looks if column in line.values)
        if look:
            found.setdefault(look, []).append(line)
        else:
            without_look.append(line)
    if found:  # Rows without a look are further pictures, or variants for every colour.
        next(iter(found.values())).extend(without_look)
    if len(found) > 1:
        pictures = [frozenset(str(cell) for line in lines for cell in line.pictures) for lines in found.values()]
        if all(pictures) and len(set(pictures)) == len(pictures):
            return found
    return {"": list(variants)}


def _distinct(id: str, taken: Container[str]) -> str:
    """``id``, with a number as a suffix if it is taken."""
    distinct, number = id, 2
    while distinct in taken:
        distinct, number = f"{id}:{number}", number + 1
    return distinct


def _slug(look: str) -> str:
    return re.sub(r"[\W_]+", "-", look.casefold()).strip("-") or "other"
