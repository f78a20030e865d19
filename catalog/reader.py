"""Reads a shop's table of products. Training and indexing share it, so that both have the same products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from catalog.catalog import Catalog, Counts
from catalog.errors import ModisteError, NoPictures
from catalog.formats import read_table
from catalog.formats.packed import SUFFIXES
from catalog.layouts.sales import drop_other_sales
from catalog.layouts.sums import drop_notes, drop_sums
from catalog.layouts.systems.metafields import name_metafields
from catalog.layouts.unfold import unfold
from catalog.pictures import PictureFinder
from catalog.product import Picture, Product
from catalog.products import Products
from catalog.rows.grouping import Draft, Grouping, group, in_groups
from catalog.rows.lines import Encoded, Lines
from catalog.rows.merging import as_kind
from catalog.rows.plan import Plan, plan_columns
from catalog.rows.roles import column_roles
from catalog.settings import SETTINGS_NAME, CatalogSettings, find_settings, read_settings
from catalog.table import Problem, Table, TableOptions, ended
from catalog.values import AttributeValue
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

    ``path`` is a table (``catalog.formats``), or a folder with exactly one, called ``catalog.*``; or a folder with
    ``styles.csv`` and ``images/``, as in the *Fashion Product Images* set. The ``catalog.toml`` beside it is applied.

    Columns are recognised by the names that shop systems use, unless they are stated here or in the settings. Rows of
    one product are merged (``catalog.rows``), rows that are not for sale are left out, and columns that are not public
    are hidden.

    Pictures are read from the row (bytes, base64, ``data:`` URLs) or from the paths in it; without these, from
    ``<id>.jpg`` and similar names. Addresses of pictures are not fetched here.

    Args:
        path: The table or its folder.
        images: Folder of the pictures; None uses the table's folder and its ``images/``.
        id_column: Name of the column with the id; likewise ``title_column`` and ``image_column``.
        images_required: Whether a row without a picture is a problem. Otherwise pictures are not read at all.
        allow: Checks that may fail, such as ``quotes`` (``catalog.table.Check``).
        settings: Replace those in ``catalog.toml``.

    Raises:
        CatalogRefused: Rows may be missing.
        ModisteError: The table is missing, cannot be decoded or is empty, lacks a column, or no row of it can be used.
    """
    source = _find_table(path)
    settings = settings if settings is not None else find_settings(source)
    if images is None and settings.pictures.folder is not None:
        images = source.parent / settings.pictures.folder
    if images is not None and not images.is_dir():
        raise ModisteError(f"There is no folder of pictures at {images}.", hint="Check its path.")
    stated = settings.table
    named = [id_column or stated.id, title_column or stated.title, image_column]
    options = TableOptions(
        encoding=stated.encoding, separator=stated.separator, sheet=stated.sheet,
        names=frozenset(name for name in named if name), allow=allow,
    )  # fmt: skip
    table = read_table(source, options)
    rows = len(table.rows) + len(table.problems)
    unfold(table)
    name_metafields(table, settings.names)
    drop_other_sales(table)
    sums = [*drop_sums(table), *drop_notes(table)]
    finder = PictureFinder(source.parent, images)
    plan = plan_columns(table, source, settings, id_column, title_column, image_column, finder.has)
    lines = Lines(table, plan, settings, options, source)
    typed = lines.typed
    found = Grouping(problems=[*table.problems, *lines.problems], left_out=sums)
    remarks = [*table.remarks, *lines.availability.doubts(table.rows), *typed.oddities]
    drafts = group(
        map(lines.of, in_groups(lines.keys)), found, looks=plan.looks,
        dates=frozenset(n for n, c in typed.columns.items() if c.kind == "date"), keyed=plan.group is not None,
        key_is_id=plan.key_is_id,
    )  # fmt: skip
    products = Products()
    listed: set[str] = set()
    used = 0
    without_picture: list[Problem] = []
    for draft in drafts:
        pictures: list[Picture] = []
        if images_required:
            try:
                pictures = _pictures(draft, finder, remarks)
            except NoImage as error:
                without_picture += [Problem(line, draft.id, str(error), error.kind) for line in draft.lines]
                continue
        listed |= {name for name, value in draft.attributes.items() if isinstance(value, list)}
        used += len(draft.lines)
        if plan.title is not None and not draft.title:
            remarks.append(Problem(draft.lines[0], draft.id, "the title is empty", "the title is empty"))
        products.append(
            Product(
                id=draft.id, title=draft.title, image=pictures[0] if pictures else None,
                attributes=draft.attributes,  # type: ignore[arg-type]  # ``_catalog`` converts them.
                more_images=tuple(pictures[1:]), group=draft.group, variants=draft.variants,
            ),
            draft.lines[0],
        )  # fmt: skip
    found.problems += without_picture
    found.problems.sort(key=lambda problem: problem.row)
    found.repeated.sort(key=lambda problem: problem.row)
    if not products:
        if without_picture:
            _refuse_without_pictures(source, table, rows, plan, without_picture[0])
        _refuse_empty(source, table, rows, found.problems, found.left_out)
    merged = used + len(found.repeated) + table.folded - len(products)
    counts = Counts(rows, len(products), merged, len(found.left_out), len(found.problems))
    table.rows.clear()
    return _catalog(source, table, products, listed, lines, settings, plan, counts, found, [*remarks, *found.repeated])


def _pictures(draft: Draft, finder: PictureFinder, remarks: list[Problem]) -> list[Picture]:
    cells = [from_base64(cell) if isinstance(cell, Encoded) else cell for cell in draft.pictures]
    if not cells:
        return [finder.find_by_id(draft.id_for_picture, draft.id, draft.group)]
    found, missing = finder.find_all(cells)
    if not found:
        raise missing[0] if missing else NoImage("the row has no picture", "the row has no picture")
    for error in missing:
        remarks.append(Problem(draft.lines[0], draft.id, f"{error}; its other pictures are used", error.kind))
    return found


def _catalog(
    source: Path, table: Table, products: Products, listed: set[str], lines: Lines, settings: CatalogSettings,
    plan: Plan, counts: Counts, found: Grouping, remarks: list[Problem],
) -> Catalog:  # fmt: skip
    """The catalogue of products whose merged values do not have the kinds of their columns yet.

    Args:
        listed: Columns with lists among their merged values.
    """
    typed = lines.typed
    columns = dict(typed.columns)
    pinned = {name for name, one in settings.columns.items() if one.kind}
    for name in listed:
        if columns[name].kind == "text" and name not in pinned:
            columns[name] = columns[name]._replace(kind="list")
    roles = column_roles(table, columns, typed, settings, lines.availability.unnamed)
    typed.attributes.clear()
    hidden = {name for name, role in roles.items() if role == "hidden"}
    needed = {name for name in settings.default_filters if name in hidden}
    for name in listed:
        cells, kind = products.attributes.column(name), columns[name].kind
        products.attributes.put(name, (None if cell is None else as_kind(cell, kind) for cell in cells))
    for name in needed:
        products.private.put(name, products.attributes.column(name))
    products.attributes.drop(hidden)
    own = found.variant_columns - hidden
    for row, variants in products.variants.items():
        products.variants[row] = tuple(
            replace(one, attributes={n: _single(v) for n, v in one.attributes.items() if n in own}) for one in variants
        )
    return Catalog(
        products, source=source, columns={n: c.kind for n, c in columns.items() if n not in hidden},
        problems=found.problems, details={n: c for n, c in columns.items() if n not in hidden},
        private={n: c.kind for n, c in columns.items() if n in needed}, roles=roles, left_out=found.left_out,
        remarks=remarks, counts=counts, settings=settings, special=plan.special(), format=table.format,
    )  # fmt: skip


def _single(value: AttributeValue) -> AttributeValue:
    """The value of a variant: the word, such as its size, instead of a list of one word."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _refuse_without_pictures(source: Path, table: Table, rows: int, plan: Plan, first: Problem) -> NoReturn:
    columns = [plan.bytes_column] if plan.bytes_column else [*plan.gallery, *plan.pictures]
    where = f"pictures are taken from {', '.join(map(repr, columns))}" if columns else "no column has pictures"
    raise NoPictures(
        f"None of the {rows} rows of {source} has a picture: {where}; row {first.row}: {ended(first.reason)}",
        hint=f'Name the column of the pictures in {SETTINGS_NAME}, [table] pictures = ["..."], or their folder with '
        f"--images; the table has: {', '.join(table.columns)}.",
    )


def _refuse_empty(
    source: Path, table: Table, rows: int, problems: Sequence[Problem], left_out: Sequence[Problem]
) -> None:
    if problems:
        first = problems[0]
        raise ModisteError(
            f"None of the {rows} rows of {source} can be used; row {first.row}: {ended(first.reason)}",
            hint=f"Correct the rows, or specify the columns; the table has: {', '.join(table.columns)}.",
        )
    raise ModisteError(
        f"None of the {rows} rows of {source} is for sale; row {left_out[0].row}: {ended(left_out[0].reason)}",
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
