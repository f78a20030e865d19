"""Finds the role of each column: a wish, a fact, stock, running text, or hidden."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from catalog.names import Role
from catalog.names.columns import CURRENCY_COLUMNS, PARENTS, TEXTS, is_code, standard_name
from catalog.names.hidden import is_hidden
from catalog.names.plain import group, plain_name
from catalog.names.sale import (
    GONE_SINCE,
    NOT_SOLD_FLAGS,
    OVERSOLD,
    SALE_BEGINS,
    SALE_ENDS,
    SALE_FLAGS,
    SALE_PERIODS,
    STATES,
    STATUS,
    STOCK_COUNTS,
    STOCK_FLAGS,
    TRACKED,
    read_flag,
)
from catalog.settings import CatalogSettings
from catalog.values import Column
from catalog.values.columns import CURRENCY, Typed
from catalog.values.states import are_about_something_else, says_no

if TYPE_CHECKING:
    from catalog.table import Table

LONG_TEXT = 60
"""Mean characters from which a column is running text."""
MIN_FACT_VALUES = 50
"""Number of values from which a column is a fact if most of them are different, such as names of models."""
YEARS = frozenset({"year", "modelyear", "jahr", "année", "año", "anno", "jaar"})
"""Numbers that are asked for: "from the 2025 collection"."""
BRANDS, VENDORS = group("brand brandname marke marca marque merk märke mærke marka бренд"), group("vendor")
"""Without a column of brands, the vendor is the brand, as in Shopify. Beside one, it is the supplier."""
FORM_COLUMNS = frozenset({"type", "producttype", "itemtype"})
FORMS = frozenset({
    "simple", "variable", "variation", "configurable", "bundle", "grouped", "virtual", "downloadable", "external",
    "subscription", "physical", "digital",
})  # fmt: skip
"""How shop systems name the form of a product, in one of ``FORM_COLUMNS``."""
FACTS = (
    CURRENCY_COLUMNS
    | SALE_FLAGS
    | SALE_BEGINS
    | SALE_ENDS
    | SALE_PERIODS
    | group("url producturl link productlink permalink slug urlslug webaddress href sizesystem sizetype ribbon badge")
)
"""Columns that are public, but no wishes."""
SALE = STATUS | STOCK_FLAGS | STOCK_COUNTS | OVERSOLD | TRACKED | NOT_SOLD_FLAGS | GONE_SINCE


def column_roles(
    table: Table, columns: dict[str, Column], typed: Typed, settings: CatalogSettings, states: Collection[str]
) -> dict[str, Role]:
    """The role of every attribute column: from the settings, else by its name and values; ``states`` tell what is for
    sale."""
    roles: dict[str, Role] = {}
    has_brands = any(plain_name(name) in BRANDS for name in columns)
    for name, column in columns.items():
        stated = settings.columns.get(name)
        if stated is not None and stated.role is not None:
            roles[name] = stated.role
        elif is_hidden(name) or plain_name(name) in PARENTS or (has_brands and plain_name(name) in VENDORS):
            roles[name] = "hidden"
        else:
            roles[name] = "stock" if name in table.outlets or name in states else _role(name, column, typed)
    return roles


def _role(name: str, column: Column, typed: Typed) -> Role:
    plain = standard_name(name)
    values = [str(value) for value in typed.attributes.column(name) if value is not None]
    of_something_else = (plain in NOT_SOLD_FLAGS and _are_words(column, values)) or (
        plain in STATES and are_about_something_else(values)
    )  # The hide of a bag is suede, and the state of a used one is good.
    if plain in SALE and not of_something_else:
        return "stock"
    if plain in YEARS:
        return "wish"
    if plain in FACTS or column.kind in ("number", "date") or is_code(name) or name.endswith(CURRENCY):
        return "fact"
    if column.kind != "text":
        return "wish"
    if plain in FORM_COLUMNS and values and FORMS.issuperset(map(plain_name, values)):
        return "hidden"
    if TEXTS.search(plain) or sum(map(len, values)) > LONG_TEXT * len(values):
        return "text"
    if any("://" in value for value in values[:MIN_FACT_VALUES]):  # Such as the address of a product page.
        return "fact"
    many = len(values) >= MIN_FACT_VALUES and len(set(values)) > len(values) / 2
    return "fact" if many else "wish"


def _are_words(column: Column, values: list[str]) -> bool:
    """Whether a column has texts, none of which is a flag, a mark or a state."""
    flags = (text in ("1", "X", "x") or read_flag(text) is not None or says_no(text) for text in values)
    return column.kind == "text" and bool(values) and not any(flags)
