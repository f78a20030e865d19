"""Finds the columns with the id of a row and with the product of a variant, by their names and cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from catalog.errors import ModisteError
from catalog.names.columns import (
    BARCODES,
    GROUP_ORDER,
    HANDLES,
    ID_ORDER,
    LOOKS,
    PICTURE_ORDER,
    PRICES,
    PRODUCT_IDS,
    ROW_IDS,
    SIZES,
    TITLE_ORDER,
    VARIANT_ID_ORDER,
    WEAK_GROUPS,
    WEAK_IDS,
    is_called,
    is_code,
    known,
    pick,
    standard_name,
)
from catalog.names.hidden import is_hidden
from catalog.names.plain import plain_name
from catalog.names.sale import SALE_NAMES
from catalog.pictures import names_picture
from catalog.rows.references import continued, parents_in
from catalog.rows.titles import has_titles
from catalog.table import Row, Rows, Table
from catalog.values import plain_text
from catalog.values.dates import read_date

MIN_SHARE = 0.9
"""Minimum share of rows in which an id column is filled; otherwise another column is chosen."""
NEARLY = 0.95
"""Share of different cells that an id column needs if no column is different in every row: ids may be used twice."""
VARIANT_IDS_OF_JSON = (
    "variantsku", "variantcode", "variantskuid", "variantnumber", "variantarticlenumber", "variantartikelnummer",
    "variantnummer", "variantanr", "variantid", "variantproductid", "variantitemid",
)  # fmt: skip
"""Columns of the ids of variants that were nested in products."""
UNSPLIT = ' If these are several columns, name their separator in catalog.toml: [table] separator = "^".'
_CODE = re.compile(r"(?=.*\d)(?=.*[^\W\d_]|.*\d{4})[\w./#+-]{2,64}")
"""An article number: letters and digits, or at least four digits."""
_AMOUNT = re.compile(r"\d+[.,]\d{1,2}")
_SIZE = re.compile(r"(?:[2-7]?x{0,5}[sl]|m|\d{2,3}|\d{1,2}[.,/]\d{1,2})", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
_OF_DATABASE = re.compile(
    r"[0-9a-f]{24}|[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|gid://.+|https?://.+|/\S+/\S+",
    re.IGNORECASE,
)
"""A key of a database: of MongoDB, a UUID, a global id of Shopify, or an address (``@id`` of JSON-LD)."""
_GUIDS = ("guid", "uuid")
_OF_GROUP = re.compile(r"group|grup|gruppe|groupe|grupo|gruppo|grupa|групп|груп|グループ|组|組")
"""Names of columns with equal values for all variants of a product, or for all products of a category."""


def id_and_group(table: Table, id: str | None, group: str | None) -> tuple[str | None, str | None, bool]:
    """The columns of the row's id and of its product, and whether the id of a product is its group.

    Args:
        id: The column of the id, if it was stated.
        group: The column of the product, if it was stated or found.
    """
    if group is None and is_called(id, HANDLES):
        group = id
    key_is_id = is_called(group, HANDLES) and id in (None, group)
    if id is None or id == group:
        id = _id_column(table, group)
    of_variants = id is not None and (plain_name(id) in VARIANT_IDS_OF_JSON or is_called(id, BARCODES))
    return id, group, key_is_id or (group is not None and of_variants)


def _id_column(table: Table, group: str | None) -> str | None:
    """The first known id column that is filled, or else the one with the most values."""
    variants: tuple[str, ...] = VARIANT_ID_ORDER if is_called(group, HANDLES) else ()
    if group is not None:
        variants += VARIANT_IDS_OF_JSON
    order = variants + ID_ORDER
    barcodes = pick(table.columns, BARCODES)
    found = [name for name in pick(table.columns, order) if name != group and name not in barcodes]
    if any(is_called(name, ("productidtype",)) for name in table.columns):  # Amazon's product-id is a barcode or ASIN.
        found.sort(key=lambda name: is_called(name, ("productid",)))
    if group is None or not found:
        found += [name for name in pick(table.columns, HANDLES) if name not in found and name != group]
    if group is not None:
        split = Rows(one for one in table.rows if any(name.startswith("variant ") for name in one[1]))
        for name in pick(table.columns, VARIANT_IDS_OF_JSON) if len(split) else ():
            if sum(map(bool, map(plain_text, split.column(name)))) >= MIN_SHARE * len(split):
                return name
        found = [name for name in found if not _is_of_products(table, name, group)] or found
    found = sorted(found, key=lambda name: _is_of_database(table, name, found))
    filled = {name: sum(1 for cell in table.rows.column(name) if plain_text(cell)) for name in found}
    enough = [name for name in found if filled[name] >= MIN_SHARE * len(table.rows)]
    if enough:
        return enough[0]
    best = max(found, key=lambda name: filled[name], default=None)
    if best is not None and filled[best] > len(table.rows) / 2:
        return best
    if group is not None and not barcodes:
        return best
    codes = _of_codes(table, barcodes)  # Running numbers come last.
    weak = [*pick(table.columns, WEAK_IDS), *(name for name in pick(table.columns, WEAK_GROUPS) if name in codes)]
    weak = [*(name for name in weak if name in codes), *codes, *barcodes, *weak]
    weak = [name for name in weak if name != group]
    weak.sort(key=lambda name: has_titles(table, name))  # Texts that people change come last.
    distinct = (name for share in (1, NEARLY) for name in weak if _is_distinct(table, name, share))
    return next(distinct, best or next(iter(barcodes), None))


def _is_of_database(table: Table, column: str, others: Sequence[str]) -> bool:
    """Whether a column has keys of a database and another one has an article number in every row.

    Other tables of the shop, such as its stock, have the article number. The ``id`` of Magento's API is a key, and
    so is one beside a GUID, as in feeds of Shoptet; that of WooCommerce is not.
    """
    if is_called(column, HANDLES):
        return False
    names = set(map(plain_name, table.columns))
    is_key = is_called(column, ("id",)) and ({"typeid", "attributesetid"} <= names or not names.isdisjoint(_GUIDS))
    if not is_key and not _has_keys(table, column):
        return False
    numbers = (name for name in others if name != column and not is_called(name, HANDLES))
    return any(_is_distinct(table, name) and not _has_keys(table, name) for name in numbers)


def _has_keys(table: Table, column: str) -> bool:
    return all(_OF_DATABASE.fullmatch(key) for cell in table.rows.column(column) if (key := plain_text(cell)))


def _of_codes(table: Table, barcodes: Sequence[str]) -> list[str]:
    """Columns with unknown names whose cells look like article numbers."""
    others = PRICES | SIZES | SALE_NAMES
    rows = _rows_of_products(table)
    return [
        name for name in table.columns
        if not is_hidden(name) and standard_name(name) not in others and name not in barcodes
        and all(_is_article_number(id_of(row.get(name))) for row in rows)
    ]  # fmt: skip


def id_of(cell: object) -> str:
    """An id without the signs with which spreadsheets mark text: ``'007`` and ``="007"``."""
    text = plain_text(cell)
    if text.startswith('="') and text.endswith('"'):
        return text[2:-1].strip()
    return text[1:].strip() if text.startswith("'") and not text.endswith("'") else text


def _is_article_number(text: str) -> bool:
    return bool(
        _CODE.fullmatch(text)
        and not _AMOUNT.fullmatch(text)
        and not _YEAR.fullmatch(text)
        and not names_picture(text)
        and read_date(text, None) is None
    )


def _is_of_products(table: Table, column: str, group: str) -> bool:
    """Whether all rows of a product have the same value in a column, which is then not the id of rows."""
    ids: dict[str, set[str]] = {}
    cells = [(plain_text(row.get(group)), plain_text(row.get(column))) for _, row in table.rows]
    cells = [(key, id) for key, id in cells if key and id]
    for key, id in cells:
        ids.setdefault(key, set()).add(id)
    return len(ids) < len(cells) and all(len(one) == 1 for one in ids.values())


def find_group(table: Table, title: str | None) -> str | None:
    """The column with the product of a variant. One with an ambiguous name is used only if the titles agree with it."""
    for name in pick(table.columns, GROUP_ORDER):
        if any(map(plain_text, table.rows.column(name))):
            return name
    product = next(iter(pick(table.columns, PRODUCT_IDS)), None)
    if product is not None and pick(table.columns, ROW_IDS):
        ids = [id for cell in table.rows.column(product) if (id := plain_text(cell))]
        if len(set(ids)) < len(ids):
            return product
    parent = parents_in(table, table.columns)
    if parent is not None:
        return parent[0]
    names = {plain_name(name): name for name in table.columns}
    if "itemname" in names and "variationname" in names:  # Square, without handles.
        return names["itemname"]
    for name in _weak_groups(table):
        if name == title:
            continue
        titles: dict[str, list[str]] = {}
        for _, row in table.rows:
            if key := plain_text(row.get(name)):
                titles.setdefault(key, []).append(_without_size(row, title) if title else "")
        several = [found for found in titles.values() if len(found) > 1]  # An id that is used twice makes no group.
        if title and several and sum(len(set(found)) == 1 for found in several) >= MIN_SHARE * len(several):
            return name
    return continued(table, title)


def _without_size(row: Row, title: str) -> str:
    """The title of a row without the size at its end, which is also in another cell: ``Robe Anna T.38``."""
    text = plain_text(row.get(title))
    sizes = (plain_text(cell) for name, cell in row.items() if name != title)
    size = max((one for one in sizes if _SIZE.fullmatch(one) and text.endswith(one)), key=len, default="")
    return text.removesuffix(size).rstrip(" -.,/(") if size else text


def _weak_groups(table: Table) -> list[str]:
    """Columns with ambiguous names, and columns of codes or article numbers if the rows with the same value differ in
    size or look."""
    named = pick(table.columns, WEAK_GROUPS)
    named += [name for name in table.columns if name not in named and _OF_GROUP.search(plain_name(name))]
    varying = [name for name in table.columns if standard_name(name) in LOOKS | SIZES]
    if not any(standard_name(name) in SIZES for name in varying):
        return named
    found = []
    for name in table.columns:
        if name in named or known(plain_name(name)) or is_hidden(name):
            continue
        keys = [key for cell in table.rows.column(name) if (key := plain_text(cell))]
        if not is_code(name) and not (all(map(_is_article_number, keys)) and _share_pictures(table, name, varying)):
            continue
        rows = {tuple(plain_text(row.get(one)) for one in (name, *varying)) for _, row in table.rows}
        if len(keys) == len(table.rows) and len(rows) >= NEARLY * len(keys) > NEARLY * len(set(keys)):
            found.append(name)
    return [*named, *found]


def _share_pictures(table: Table, column: str, varying: Sequence[str]) -> bool:
    """Whether rows with the same value and the same look have the same main picture, unlike the rows of a season."""
    picture = next(iter(pick(table.columns, PICTURE_ORDER)), None)
    looks = [name for name in varying if standard_name(name) not in SIZES]
    shown: dict[tuple[str, ...], str] = {}
    return standard_name(column) not in PRICES and (
        picture is None
        or all(
            shown.setdefault(tuple(plain_text(row.get(one)) for one in (column, *looks)), text) == text
            for _, row in table.rows
            if (text := plain_text(row.get(picture)))
        )
    )


def _rows_of_products(table: Table) -> list[Row]:
    """The rows with more than one cell. A note below a table of several columns has one."""
    if len(table.columns) < 3:
        return [row for _, row in table.rows]
    rows = [row for _, row in table.rows if sum(1 for cell in row.values() if cell not in (None, "")) > 1]
    return rows or [row for _, row in table.rows]


def _is_distinct(table: Table, column: str, share: float = 1) -> bool:
    """Whether the cells of a column are filled and, for a share of them, different from those before."""
    cells = [plain_text(row.get(column)) for row in _rows_of_products(table)]
    return all(cells) and len(set(cells)) >= share * len(cells)


def may_use_titles(table: Table, title: str | None, pictures: Sequence[str]) -> bool:
    """Whether titles may be the ids of a table without ids, as in exports of Etsy: there are titles and pictures, and
    no column with an unknown name has a different word or number in every row."""
    if not is_called(title, TITLE_ORDER) or not pictures:
        return False
    others = [
        name for name in table.columns
        if name not in (title, *pictures) and not known(standard_name(name)) and not is_hidden(name)
    ]  # fmt: skip
    return not any(
        _is_distinct(table, name) and all(re.fullmatch(r"\S+", plain_text(row.get(name))) for _, row in table.rows)
        for name in others
    )


def without_id(table: Table, source: Path) -> ModisteError:
    distinct = next((column for column in table.columns if _is_distinct(table, column)), None)
    hint = f" {distinct!r} has another value in every row." if distinct else ""
    return ModisteError(
        f"{source} has no column that looks like the id.{hint}",
        hint="Name one (--id-column, or [table] id in catalog.toml) of the columns that it has: "
        f"{', '.join(table.columns)}." + (UNSPLIT if len(table.columns) == 1 and table.textual else ""),
    )
