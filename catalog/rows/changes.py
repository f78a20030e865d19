"""A small table of changes: products by id, with new prices, stock or other values."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from catalog.errors import ModisteError
from catalog.formats import read_table
from catalog.layouts.sales import drop_other_sales
from catalog.layouts.sums import drop_sums
from catalog.layouts.systems.metafields import name_metafields
from catalog.layouts.unfold import unfold
from catalog.names import Role
from catalog.names.columns import CURRENCY_COLUMNS, TITLE_ORDER, WEAK_TITLES, is_called, standard_name
from catalog.names.plain import plain_name
from catalog.rows.availability import Availability
from catalog.rows.identity import without_id
from catalog.rows.pinned import refuse_strange
from catalog.rows.plan import plan_columns
from catalog.settings import CatalogSettings
from catalog.table import Problem, Row, Table, TableOptions
from catalog.values import AttributeValue, Kind, plain_text, type_columns, untagged
from catalog.values.columns import CURRENCY, Typed
from catalog.values.currencies import are_same
from catalog.values.kinds import normal_cell
from catalog.values.numbers import MISSING


@dataclass(frozen=True, slots=True)
class Change:
    """The changes of one product or variant, from one row.

    Attributes:
        row: Line or row in the file, as in ``Problem``.
        id: The id of the product or variant.
        title: Its new title; None if the table has none, and for variants, because a product has the title of its
            parent row.
        values: The values by column; None for an empty cell, which removes the value.
        unsold: Why it is not for sale, by what the table states of it (``Availability.aspects``); empty if it is.
    """

    row: int
    id: str
    title: str | None
    values: dict[str, AttributeValue | None]
    unsold: dict[str, str]


@dataclass(slots=True)
class ChangeTable:
    """A table of changes.

    Attributes:
        changes: In the order of the table.
        columns: Columns of the catalogue that the table has.
        ignored: Columns that the catalogue does not have.
        problems: Rows and cells that cannot be used; the products keep their values.
        id_column: Column of the ids; None if the table has only a group.
    """

    changes: list[Change] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    id_column: str | None = None


def read_changes(
    path: Path,
    kinds: Mapping[str, Kind],
    *,
    id_column: str | None = None,
    settings: CatalogSettings | None = None,
    allow: frozenset[str] = frozenset(),
    currencies: Mapping[str, str] | None = None,
    roles: Mapping[str, Role] | None = None,
    ids: Sequence[str] = (),
    title: str | None = None,
) -> ChangeTable:
    """Read a table that has an id and some columns of a catalogue.

    An empty cell removes the value of a product. Columns that are not in the table do not change.

    Args:
        path: The table, in any format of ``read_table``.
        kinds: The catalogue's columns with the kind of their values.
        id_column: Column of the id, if its name is not recognised.
        settings: The settings of the catalogue; they may name columns that this table lacks.
        allow: Checks that may fail.
        currencies: Currencies of the catalogue's prices, by column.
        roles: Roles of the catalogue's columns. Those with the role ``stock`` state what is for sale.
        ids: The catalogue's columns of ids; the first one that this table has is its column of ids.
        title: The catalogue's column of titles.

    Raises:
        CatalogRefused: Many cells are not of their column's kind, or rows may be missing.
        ModisteError: The table cannot be read, has no id or no column of the catalogue, or has prices in
            another currency.
    """
    settings = settings or CatalogSettings()
    stated = settings.table
    names = frozenset(name for name in (id_column, stated.id, stated.title) if name)
    options = TableOptions(
        encoding=stated.encoding, separator=stated.separator, sheet=stated.sheet, names=names, allow=allow
    )
    table = read_table(path, options)
    _use_names(table, dict.fromkeys(name for name in (*kinds, *ids, title) if name))
    unfold(table)
    name_metafields(table, kinds)
    drop_other_sales(table)
    sums = drop_sums(table)
    id_column = id_column or next((name for name in (stated.id, *ids) if name in table.columns), None)
    own_title = next((name for name in (stated.title, title) if name in table.columns), None)
    plan = plan_columns(table, path, _without_absent(settings, table.columns), id_column, own_title)
    if plan.id is None and plan.group is None:
        raise without_id(table, path)
    # Cells of a few rows do not tell that a column has titles, only its name does.
    titled = is_called(plan.title, (*TITLE_ORDER, *WEAK_TITLES)) and plan.title not in kinds
    plan.title = plan.title if titled else own_title
    read = ChangeTable(id_column=plan.id, problems=[*table.problems, *table.remarks, *sums])
    own = {plan.id, plan.group, plan.title, *plan.pictures, *plan.gallery}
    read.columns = [name for name in table.columns if name in kinds and name != plan.id]
    leave_out = {name: one for name, one in settings.leave_out.items() if name in table.columns}
    states = {name for name, role in (roles or {}).items() if role == "stock"} | settings.stock_columns
    availability = Availability(table, leave_out if settings.states_leave_out else None, kinds, states)
    own |= availability.columns
    read.ignored = [name for name in table.columns if name not in kinds and name not in own]
    if not read.columns and plan.title is None and not availability.aspects:
        raise ModisteError(
            f"{path} has no column of the catalogue beside the id.",
            hint=f"Give it some of these columns: {', '.join(kinds) or 'none has been indexed'}.",
        )
    pinned = {name: kinds[name] for name in read.columns}
    decimals = {name: one.decimal for name, one in settings.columns.items() if one.decimal}
    currency_columns = [name for name in table.columns if standard_name(name) in CURRENCY_COLUMNS and name not in kinds]
    columns = [*read.columns, *currency_columns]
    typed = type_columns(table.rows, columns, pinned, decimals, settings.table.currency or "")
    refuse_strange(typed, pinned, options, path)
    _refuse_other_currencies(typed, currencies or {}, path)
    read.problems += typed.oddities
    ids, keys = plan.identify(table.rows)
    for (number, row), id, key, (_, values) in zip(table.rows, ids, keys, typed.attributes, strict=True):
        if not (id or key):
            read.problems.append(Problem(number, None, f"the column {plan.id} is empty", "the id is empty"))
            continue
        values = {name: value for name, value in values.items() if name in kinds}
        cleared = {name: None for name in read.columns if name not in values and name in row and _is_empty(row, name)}
        is_variant = plan.by_parent and bool(id) and id != key
        title = untagged(plain_text(row.get(plan.title))) if plan.title and not is_variant else ""
        unsold = dict.fromkeys(availability.aspects, "") | dict(availability.reasons(row, row, in_group=id != key))
        if not unsold.get("stock") and availability.undecided(row):
            unsold.pop("stock", None)
        read.changes.append(Change(number, id or key, title or None, {**values, **cleared}, unsold))
    # A product with a row for each warehouse is for sale if any row says so.
    sold = {(one.id, aspect) for one in read.changes for aspect, reason in one.unsold.items() if not reason}
    read.changes = [
        replace(one, unsold={aspect: "" if (one.id, aspect) in sold else why for aspect, why in one.unsold.items()})
        for one in read.changes
    ]
    return read


def _use_names(table: Table, names: Collection[str]) -> None:
    """Give columns the names that the catalogue has for them, where only case, spaces and signs differ."""
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(plain_name(name), []).append(name)
    for place, column in enumerate(table.columns):
        found = alike.get(plain_name(column), [])
        if column not in names and len(found) == 1 and found[0] not in table.columns:
            table.columns[place] = found[0]
            table.rows.put(found[0], table.rows.column(column))
            table.rows.drop([column])


def _refuse_other_currencies(typed: Typed, currencies: Mapping[str, str], source: Path) -> None:
    for name, held in currencies.items():
        column = typed.columns.get(name)
        stated = "several currencies" if f"{name}{CURRENCY}" in typed.columns else column.currency if column else ""
        if stated and not are_same(stated, held):
            raise ModisteError(
                f"{source} has {name} in {stated}, but the index has it in {held}; amounts are not converted.",
                hint=f"Give {name} in {held}, or build the index again.",
            )


def _is_empty(row: Row, column: str) -> bool:
    cell = normal_cell(row[column])
    return cell in ("", []) or (isinstance(cell, str) and cell.casefold() in MISSING)


def _without_absent(settings: CatalogSettings, columns: list[str]) -> CatalogSettings:
    """The settings without the columns that a table does not have."""
    table = settings.table
    kept = {
        name: value if value in columns else None
        for name, value in {"id": table.id, "title": table.title, "group": table.group}.items()
    }
    return settings.model_copy(
        update={"table": table.model_copy(update={**kept, "pictures": None, "looks": None}), "leave_out": {}}
    )
