"""Reads a shop's table of products, for training and for indexing."""

from catalog.catalog import Catalog, Counts
from catalog.errors import CatalogRefused, MissingExtra, ModisteError
from catalog.formats import read_table
from catalog.names import Role
from catalog.product import Address, Picture, Product, Variant
from catalog.reader import read_catalog
from catalog.settings import CatalogSettings
from catalog.table import Problem, Row, Table, TableOptions, summed_up
from catalog.values import AttributeValue, Kind

__all__ = [
    "Address",
    "AttributeValue",
    "Catalog",
    "CatalogRefused",
    "CatalogSettings",
    "Counts",
    "Kind",
    "MissingExtra",
    "ModisteError",
    "Picture",
    "Problem",
    "Product",
    "Role",
    "Row",
    "Table",
    "TableOptions",
    "Variant",
    "read_catalog",
    "read_table",
    "summed_up",
]
