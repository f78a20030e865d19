"""The shop's table of products, read once for training and for indexing, so that both see the same products."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from catalog.catalog import Catalog, Counts
from catalog.errors import ModisteError, NoPictures
from catalog.formats import SUFFIXES, read_table
from catalog.layouts.sales import drop_other_sales
from catalog.layouts.sums import drop_sums
from catalog.layouts.unfold import unfold
from catalog.pictures import PictureFinder
from catalog.product import Picture, Product
from catalog.products import Products
from catalog.rows.availability import Availability
from catalog.rows.grouping import Draft, Grouping, Line, fitting, group, in_groups
from catalog.rows.pinned import refuse_strange
from catalog.rows.plan import Plan, plan_columns
from catalog.rows.roles import column_roles
from catalog.rows.titles import has_titles
from catalog.settings import SETTINGS_NAME, CatalogSettings, find_settings, read_settings
from catalog.table import Problem, Row, Table, TableOptions
from catalog.values import AttributeValue, plain_text, type_columns, untagged
from catalog.values.columns import Typed
from catalog.values.embedded import NoImage, from_base64

NEW_TITLE = "a new title is a new product: add a column of numbers"


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
    drop_other_sales(table)
    sums = drop_sums(table)
    finder = PictureFinder(source.parent, images)
    plan = plan_columns(table, source, settings, id_column, title_column, image_column, finder.has)
    _note_titles_as_ids(table, plan)
    lines = _Lines(table, plan, settings, options, source)
    typed = lines.typed
    found = Grouping(problems=[*table.problems, *lines.problems], left_out=sums)
    remarks = [*table.remarks, *typed.oddities]
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
        products.append(
            Product(
                id=draft.id, title=draft.title, image=pictures[0] if pictures else None,
                attributes=draft.attributes,  # type: ignore[arg-type]  # Made fitting by ``_catalog``.
                more_images=tuple(pictures[1:]), group=draft.group, variants=draft.variants,
            )
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
    return _catalog(source, table, products, listed, typed, settings, plan, counts, found, [*remarks, *found.repeated])


def _note_titles_as_ids(table: Table, plan: Plan) -> None:
    """Say that a column of ids has texts such as titles, which people change."""
    if plan.id is not None and plan.id not in (plan.group, plan.title) and has_titles(table, plan.id):
        kind = f"the ids in {plan.id} are texts like titles"
        table.remarks.append(Problem(0, None, f"{kind}; {NEW_TITLE}", kind))


class _Lines:
    """The rows that have an id, and their typed values.

    Attributes:
        keys: The product of each row.
        typed: Their values.
        problems: The rows without an id, which are dropped from the table.
    """

    def __init__(
        self, table: Table, plan: Plan, settings: CatalogSettings, options: TableOptions, source: Path
    ) -> None:
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
        self.typed = type_columns(table.rows, plan.attributes, pinned, decimals)
        refuse_strange(self.typed, pinned, options, source)
        self._availability = Availability(table, settings.leave_out if settings.states_leave_out else None)

    def _use_titles(self, table: Table) -> None:
        """Take the titles of rows with pictures, but without an id, as their ids: a SKU is optional on Etsy. Equal
        titles are numbered in the order of their rows."""
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
        """The rows of a product."""
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
        pictures = [row[column] for column in plan.pictures if row.get(column) not in (None, "")]
        return Line(
            number=number, id=id, key=key, is_parent=is_parent, row=row, values=self.typed.attributes[place][1],
            title=untagged(plain_text(row.get(plan.title))) if plan.title else "",
            unsold=self._availability.reason(
                row, head, in_group=plan.by_parent and id != key, has_variants=has_variants
            ),
            pictures=pictures if encoded in (None, "") else [_Encoded(encoded)],
            gallery=[row[column] for column in plan.gallery if row.get(column) not in (None, "")],
        )  # fmt: skip


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
    source: Path, table: Table, products: Products, listed: set[str], typed: Typed, settings: CatalogSettings,
    plan: Plan, counts: Counts, found: Grouping, remarks: list[Problem],
) -> Catalog:  # fmt: skip
    """The catalogue of products whose merged values are not in the form of their columns yet.

    Args:
        listed: Columns with lists among their merged values.
    """
    columns = dict(typed.columns)
    pinned = {name for name, one in settings.columns.items() if one.kind}
    for name in listed:
        if columns[name].kind == "text" and name not in pinned:
            columns[name] = columns[name]._replace(kind="list")
    roles = column_roles(table, columns, typed, settings, plan)
    typed.attributes.clear()
    hidden = {name for name, role in roles.items() if role == "hidden"}
    needed = {name for name in settings.default_filters if name in hidden}
    for name in listed:
        cells, kind = products.attributes.column(name), columns[name].kind
        products.attributes.put(name, (None if cell is None else fitting(cell, kind) for cell in cells))
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
    """A variant's value: a word, such as its size, in place of a list with this word alone."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _refuse_without_pictures(source: Path, table: Table, rows: int, plan: Plan, first: Problem) -> NoReturn:
    columns = [plan.bytes_column] if plan.bytes_column else [*plan.gallery, *plan.pictures]
    where = f"pictures are taken from {', '.join(map(repr, columns))}" if columns else "no column has pictures"
    raise NoPictures(
        f"None of the {rows} rows of {source} has a picture: {where}; row {first.row}: {first.reason}.",
        hint=f'Name the column of the pictures in {SETTINGS_NAME}, [table] pictures = ["..."], or their folder with '
        f"--images; the table has: {', '.join(table.columns)}.",
    )


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
