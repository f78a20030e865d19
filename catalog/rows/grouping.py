"""Rows of one product become one product for each of its looks, with its sizes as variants."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from catalog.product import Variant
from catalog.table import Problem, Row
from catalog.values import AttributeValue, Kind, plain_text


@dataclass(slots=True, eq=False)
class Line:
    """A row that is not merged into a product yet.

    Attributes:
        number: Of the row in its file.
        id: Its own id; empty where the table names only the product.
        key: Its product.
        is_parent: Whether it stands for the whole product and is no variant.
        row: The cells.
        values: The attributes among them.
        title: Its own title.
        unsold: Why it is not for sale, empty if it is.
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


@dataclass(slots=True)
class Draft:
    """A product whose pictures have not been looked for yet. ``lines`` are the numbers of its rows."""

    id: str
    title: str
    attributes: dict[str, AttributeValue | list[AttributeValue]]
    pictures: list[Any]
    group: str
    variants: tuple[Variant, ...]
    lines: list[int]
    id_for_picture: str


class Grouping(NamedTuple):
    """Drafts, and rows that are in none of them."""

    drafts: list[Draft]
    left_out: list[Problem]
    problems: list[Problem]
    repeated: list[Problem]
    """Rows that are equal to another row of their product."""


def group(
    lines: Iterable[Line], *, looks: Sequence[str], dates: frozenset[str], keyed: bool, key_is_id: bool
) -> Grouping:
    """Merge rows into products.

    Args:
        lines: In the order of the table.
        looks: Columns whose values change how a product looks.
        dates: Columns of dates, of which the earliest counts.
        keyed: Whether the table has a column that names the product of a row. Else rows belong together if they have
            the same id, and the same title or none.
        key_is_id: Whether that column's value is the id of products with one look.
    """
    groups: dict[str, list[Line]] = {}
    problems: list[Problem] = []
    repeated: list[Problem] = []
    for line in lines:
        members = groups.setdefault(line.key, [])
        twin = next((one for one in members if one.row == line.row), None)
        if twin is not None:
            repeated.append(
                Problem(line.number, line.id, f"the row repeats row {twin.number}", "the row repeats another")
            )
        elif not keyed and members and line.title and members[0].title and line.title != members[0].title:
            reason = f"the id is already used in row {members[0].number}"
            problems.append(Problem(line.number, line.id, reason, "the id is already used"))
        else:
            members.append(line)
    drafts: list[Draft] = []
    left_out: list[Problem] = []
    for key, members in groups.items():
        made, out = _products(key, members, looks, dates, key_is_id)
        drafts += made
        left_out += out
    return Grouping(_with_distinct_ids(drafts), left_out, problems, repeated)


def _products(
    key: str, members: Sequence[Line], looks: Sequence[str], dates: frozenset[str], key_is_id: bool
) -> tuple[list[Draft], list[Problem]]:
    """The products of one group, one for each look, and the rows of those that are not for sale."""
    parents = [line for line in members if line.is_parent] if len(members) > 1 else []
    variants = [line for line in members if line not in parents] if parents else list(members)
    head = (parents or members)[0]
    if parents and parents[0].unsold:
        for line in variants:
            line.unsold = line.unsold or parents[0].unsold
    gallery = [cell for line in members for cell in line.gallery]
    by_look = _by_look(variants, looks)
    drafts, left_out = [], []
    for look, lines in by_look.items():
        sold = [line for line in lines if not line.unsold and _is_variant(line, lines)] or [
            line for line in lines if not line.unsold
        ]
        numbers = [line.number for line in (lines if len(by_look) > 1 or not parents else [*parents, *lines])]
        if not sold:
            left_out += [
                Problem(number, lines[0].id or key, lines[0].unsold, f"not for sale: {lines[0].unsold}")
                for number in numbers
            ]
            continue
        own = [cell for line in lines if not line.unsold for cell in line.pictures]
        several = len(by_look) > 1
        shared = [cell for line in parents for cell in line.pictures] + gallery
        titled = (*parents, *sold, *members) if several else (*parents, *members)
        if several:
            id = lines[0].id if lines[0].id and not key_is_id else f"{key}:{_slug(look)}"
        else:
            id = key if key_is_id or parents else lines[0].id or key
        drafts.append(
            Draft(
                id=id, title=next((line.title for line in titled if line.title), ""),
                attributes=_merged(head, sold, dates),
                pictures=own + ([] if several and own else shared) if several else [*shared, *own],
                group=key if several or len(members) > 1 else id,
                variants=_variants(sold, len(members), id), lines=numbers, id_for_picture=lines[0].id or key,
            )
        )  # fmt: skip
    if parents and len(by_look) > 1 and drafts:
        drafts[0].lines = [*(line.number for line in parents), *drafts[0].lines]
    elif parents and len(by_look) > 1:
        left_out += [Problem(line.number, key, "no variant is for sale", "not for sale") for line in parents]
    return drafts, left_out


def _is_variant(line: Line, lines: Sequence[Line]) -> bool:
    """Whether a row is more than a further picture of its product."""
    return line is lines[0] or bool(line.id) or bool(line.values)


def _by_look(variants: Sequence[Line], looks: Sequence[str]) -> dict[str, list[Line]]:
    """Rows by look, which is the values in ``looks``. All rows are one look unless each has pictures of its own."""
    found: dict[str, list[Line]] = {}
    unsaid: list[Line] = []
    for line in variants:
        look = " ".join(plain_text(line.values[column]) for column in looks if column in line.values)
        if look:
            found.setdefault(look, []).append(line)
        else:
            unsaid.append(line)
    if found:  # Rows without a look are further pictures, or variants that exist in every colour.
        next(iter(found.values())).extend(unsaid)
    pictures = [frozenset(str(cell) for line in lines for cell in line.pictures) for lines in found.values()]
    if len(found) > 1 and all(pictures) and len(set(pictures)) == len(pictures):
        return found
    return {"": list(variants)}


def _merged(
    head: Line, sold: Sequence[Line], dates: frozenset[str]
) -> dict[str, AttributeValue | list[AttributeValue]]:
    """The values of a product: those of its variants where they have any, else those of its head."""
    merged: dict[str, Any] = dict(head.values) if head not in sold else {}
    own: set[str] = set()
    for line in sold:
        for column, value in line.values.items():
            if column not in own:
                own.add(column)
                merged[column] = value
                continue
            merged[column] = merged_value(merged[column], value, is_date=column in dates)
    for column, value in head.values.items():
        merged.setdefault(column, value)
    return merged


def merged_value(held: Any, value: Any, *, is_date: bool) -> Any:
    """One value of a product whose variants have different ones: the smallest number, the earliest date, all words."""
    if held == value:
        return held
    if isinstance(held, bool) and isinstance(value, bool):
        return held or value
    if (isinstance(value, int | float) and isinstance(held, int | float)) or is_date:
        return min(held, value)
    both = [one for values in (held, value) for one in (values if isinstance(values, list) else [values])]
    return list(dict.fromkeys(both))


def fitting(value: AttributeValue | list[AttributeValue], kind: Kind) -> AttributeValue:
    """A merged value in the form of its column's kind."""
    if kind in ("list", "path"):
        return [str(one) for one in value] if isinstance(value, list) else [str(value)]
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return value


def _variants(sold: Sequence[Line], rows: int, id: str) -> tuple[Variant, ...]:
    """What can be bought of a product, each with what it does not share with all others. One row is a variant only if
    it has an id beside that of the product: an article number beside a handle."""
    if rows == 1:
        return (Variant(sold[0].id, {}),) if sold[0].id and sold[0].id != id else ()
    lines = [line for line in sold if line.id or line.values]
    if not lines:
        return ()
    shared = {
        column for column, value in lines[0].values.items() if all(line.values.get(column) == value for line in lines)
    }  # fmt: skip
    if len(lines) == 1:
        shared = set()
    return tuple(
        Variant(line.id, {column: value for column, value in line.values.items() if column not in shared})
        for line in lines
    )


def _with_distinct_ids(drafts: list[Draft]) -> list[Draft]:
    taken: set[str] = set()
    for draft in drafts:
        id, number = draft.id, 2
        while draft.id in taken:
            draft.id, number = f"{id}:{number}", number + 1
        taken.add(draft.id)
    return drafts


def _slug(look: str) -> str:
    return re.sub(r"[\W_]+", "-", look.casefold()).strip("-") or "other"
