"""The shop's table of products, read once for training and for indexing, so that both see the same products."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from catalog.catalog import Catalog, Counts
from catalog.errors import ModisteError
from catalog.formats import SUFFIXES, read_table
from catalog.pictures import PictureFinder
from catalog.product import Picture, Product
from catalog.rows.availability import Availability
from catalog.rows.grouping import Draft, Line, fitting, group
from catalog.rows.layouts import unfold
from catalog.rows.pinned import refuse_strange
from catalog.rows.plan import Plan, plan_columns
from catalog.rows.roles import column_roles
from catalog.rows.sales import drop_other_sales
from catalog.settings import SETTINGS_NAME, CatalogSettings, find_settings, read_settings
from catalog.table import Problem, Row, Table, TableOptions
from catalog.values import AttributeValue, plain_text, type_columns, unescaped
from catalog.values.columns import Typed
from catalog.values.embedded import NoImage, from_base64


def read_catalog(
    path: Path,
    *,
    images: Path | None = None,
    id_column: str | None = None,
    title_column: str | None = None,
    image_column: str | None = None,
    images_required: bool = True,
    allow: frozenset[str] = frozenset(),
    settings: CatalogSettings | None = None,
) -> Catalog:
    """Read a catalogue.

    ``path`` is a table (``catalog.formats``), or a folder that holds exactly one, called ``catalog.*``; or the
    ``styles.csv`` and ``images/`` of the *Fashion Product Images* set. A ``catalog.toml`` beside it is followed.

    Columns are found by the names that shop systems use, unless named here or in the settings. Rows of one product are
    merged (``catalog.rows``), rows that are not for sale are left out, and columns that are not public are hidden.

    Pictures are taken from the row itself (bytes, base64, ``data:`` URLs), from the paths that it names, or from
    ``<id>.jpg`` and the like where it names none. Addresses are kept and not fetched here.

    Args:
        path: The table or its folder.
        images: Folder of the pictures; None takes the table's folder and its ``images/``.
        id_column: Name of the column with the id; likewise ``title_column`` and ``image_column``.
        images_required: Whether a row without a picture is a problem. If not, pictures are not looked for at all.
        allow: Checks that may fail, such as ``quotes`` (``catalog.table.Doubt``).
        settings: In place of those in ``catalog.toml``.

    Raises:
        CatalogRefused: Rows may be missing.
        ModisteError: The table is missing, cannot be decoded or is empty, lacks a column, or no row of it can be used.
    """
    source = _find_table(path)
    settings = settings if settings is not None else find_settings(source)
    if images is None and settings.pictures.folder is not None:
        images = source.parent / settings.pictures.folder
    if images is not None and not images.is_dir():
        raise ModisteError(f"There is no folder of images at {images}.", hint="Check the path of the images.")
    stated = settings.table
    named = [id_column or stated.id, title_column or stated.title, image_column]
    options = TableOptions(
        encoding=stated.encoding, separator=stated.separator, sheet=stated.sheet,
        names=frozenset(name for name in named if name), allow=allow,
    )  # fmt: skip
    table = read_table(source, options)
    rows = len(table.rows) + len(table.problems)
    unfold(table)
    drop_other_sales(table)
    plan = plan_columns(table, source, settings, id_column, title_column, image_column)
    lines, typed, problems = _lines(table, plan, settings, options, source)
    made = group(
        lines, looks=plan.looks, dates=frozenset(n for n, c in typed.columns.items() if c.kind == "date"),
        keyed=plan.group is not None, key_is_id=plan.key_is_id,
    )  # fmt: skip
    lines.clear()  # A large table takes more memory as rows than as products.
    table.rows.clear()
    problems = [*table.problems, *problems, *made.problems]
    remarks = [*table.remarks, *typed.oddities, *made.repeated]
    finder = PictureFinder(source.parent, images) if images_required else None
    kept: list[tuple[Draft, list[Picture]]] = []
    for draft in made.drafts:
        pictures: list[Picture] = []
        if finder is not None:
            try:
                pictures = _pictures(draft, finder, remarks)
            except NoImage as error:
                problems += [Problem(line, draft.id, str(error), error.kind) for line in draft.lines]
                continue
        kept.append((draft, pictures))
    problems.sort(key=lambda problem: problem.row)
    if not kept:
        _refuse_empty(source, table, rows, problems, made.left_out)
    return _catalog(
        source,
        table,
        kept,
        typed,
        settings,
        plan,
        rows,
        problems,
        made.left_out,
        remarks,
        len(made.repeated) + table.folded,
    )


def _lines(
    table: Table, plan: Plan, settings: CatalogSettings, options: TableOptions, source: Path
) -> tuple[list[Line], Typed, list[Problem]]:
    """The rows with an id, the typed values, and the rows without an id as problems."""
    problems: list[Problem] = []
    ids = plan.identify(table.rows)
    usable = [(number, row, id, key) for (number, row), (id, key) in zip(table.rows, ids, strict=True) if key]
    for (number, _), (_, key) in zip(table.rows, ids, strict=True):
        if not key:
            problems.append(Problem(number, None, f"the column {plan.id or plan.group} is empty", "the id is empty"))
    pinned = {name: one.kind for name, one in settings.columns.items() if one.kind}
    typed = type_columns([(number, row) for number, row, _, _ in usable], plan.attributes, pinned)
    refuse_strange(typed, pinned, options, source)
    availability = Availability(table.columns, settings.leave_out if settings.states_leave_out else None)
    heads: dict[str, Row] = {}
    members = Counter(key for _, _, _, key in usable)
    lines = []
    for _, row, id, key in usable:
        if key not in heads or plan.is_parent(row, id, key):
            heads[key] = row
    for (number, row, id, key), values in zip(usable, typed.attributes, strict=True):
        head = heads[key]
        lines.append(
            Line(
                number=number, id=id, key=key, is_parent=plan.is_parent(row, id, key), row=row, values=values,
                title=unescaped(plain_text(row.get(plan.title))) if plan.title else "",
                unsold=availability.reason(
                    row, head, in_group=plan.by_parent and id != key,
                    has_variants=members[key] > 1 and plan.is_parent(row, id, key),
                ),
                pictures=[row[column] for column in plan.pictures if row.get(column) not in (None, "")],
                gallery=[row[column] for column in plan.gallery if row.get(column) not in (None, "")],
            )
        )  # fmt: skip
    if plan.bytes_column:
        for line in lines:
            encoded = line.row.get(plan.bytes_column)
            if encoded not in (None, ""):
                line.pictures = [_Encoded(encoded)]
    return lines, typed, problems


class _Encoded(str):
    """Text that is base64 because its column says so."""

    __slots__ = ()

    def __new__(cls, content: Any) -> Any:
        return content if isinstance(content, bytes) else super().__new__(cls, str(content))


def _pictures(draft: Draft, finder: PictureFinder, remarks: list[Problem]) -> list[Picture]:
    cells = [from_base64(cell) if isinstance(cell, _Encoded) else cell for cell in draft.pictures]
    if not cells:
        return [finder.find_by_id(draft.id_for_picture, draft.id, draft.group)]
    found, missing = finder.find_all(cells)
    if not found:
        raise missing[0] if missing else NoImage("the row has no picture", "the row has no picture")
    for error in missing:
        remarks.append(Problem(draft.lines[0], draft.id, f"{error}; its other pictures are used", error.kind))
    return found


def _catalog(
    source: Path, table: Table, kept: list[tuple[Draft, list[Picture]]], typed: Typed, settings: CatalogSettings,
    plan: Plan, rows: int, problems: list[Problem], left_out: list[Problem], remarks: list[Problem],
    repeated: int,
) -> Catalog:  # fmt: skip
    columns = dict(typed.columns)
    listed = {
        name for draft, _ in kept for name, value in draft.attributes.items() if isinstance(value, list)
    }  # fmt: skip
    pinned = {name for name, one in settings.columns.items() if one.kind}
    for name in listed:
        if columns[name].kind == "text" and name not in pinned:
            columns[name] = columns[name]._replace(kind="list")
    roles = column_roles(table, columns, typed, settings, plan)
    typed.attributes.clear()
    hidden = {name for name, role in roles.items() if role == "hidden"}
    needed = {name for name in settings.default_filters if name in hidden}
    products = []
    for draft, pictures in kept:
        values = {name: fitting(value, columns[name].kind) for name, value in draft.attributes.items()}
        products.append(
            Product(
                id=draft.id, title=draft.title, image=pictures[0] if pictures else None,
                attributes={name: value for name, value in values.items() if name not in hidden},
                more_images=tuple(pictures[1:]), group=draft.group,
                variants=tuple(
                    replace(one, attributes={n: _single(v) for n, v in one.attributes.items() if n not in hidden})
                    for one in draft.variants
                ),
                private={name: value for name, value in values.items() if name in needed},
            )
        )  # fmt: skip
        draft.attributes.clear()
    used = repeated + sum(len(draft.lines) for draft, _ in kept)
    return Catalog(
        products, source=source, columns={n: c.kind for n, c in columns.items() if n not in hidden}, problems=problems,
        details={n: c for n, c in columns.items() if n not in hidden},
        private={n: c.kind for n, c in columns.items() if n in needed}, roles=roles, left_out=left_out, remarks=remarks,
        counts=Counts(rows, len(products), used - len(products), len(left_out), len(problems)), settings=settings,
        special=plan.special(), format=table.format,
    )  # fmt: skip


def _single(value: AttributeValue) -> AttributeValue:
    """A variant's value: a word, such as its size, in place of a list with this word alone."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _refuse_empty(
    source: Path, table: Table, rows: int, problems: Sequence[Problem], left_out: Sequence[Problem]
) -> None:
    if problems:
        first = problems[0]
        raise ModisteError(
            f"None of the {rows} rows of {source} can be used; row {first.row}: {first.reason}.",
            hint=f"Correct the rows, or specify the columns; the table has: {', '.join(table.columns)}.",
        )
    raise ModisteError(
        f"None of the {rows} rows of {source} is for sale; row {left_out[0].row}: {left_out[0].reason}.",
        hint=f"State in {SETTINGS_NAME} under [leave_out] which products are not to be indexed.",
    )


def _find_table(path: Path) -> Path:
    if not path.is_dir():
        return path
    if (path / SETTINGS_NAME).is_file():
        named = read_settings(path / SETTINGS_NAME).table.file
        if named is not None:
            return path / named
    stems = [f"catalog{suffix}{packed}" for suffix in SUFFIXES for packed in ("", ".gz")]
    found = [path / name for name in stems if (path / name).is_file()]
    if not found and (path / "styles.csv").is_file():
        return path / "styles.csv"
    if len(found) == 1:
        return found[0]
    what = f"several catalogues: {', '.join(table.name for table in found)}" if found else "no catalogue"
    raise ModisteError(
        f"The folder {path} holds {what}.",
        hint="Put one catalog.csv, catalog.jsonl or catalog.parquet there, or give the path of the table itself.",
    )
