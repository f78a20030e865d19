"""The products of a table, and the rows that are not among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import overload

from catalog.errors import ModisteError
from catalog.names import Role
from catalog.product import Product
from catalog.products import Products
from catalog.settings import CatalogSettings
from catalog.table import Problem
from catalog.values import Column, Kind


@dataclass(frozen=True, slots=True)
class Counts:
    """How the rows of a table were used: ``rows`` is the sum of the others.

    Attributes:
        rows: Non-empty rows of the file.
        products: Products made of them.
        merged: Rows that are further variants or pictures of a product.
        left_out: Rows that are not for sale.
        problems: Rows that cannot be used.
    """

    rows: int
    products: int
    merged: int
    left_out: int
    problems: int


@dataclass(frozen=True, slots=True)
class SpecialColumns:
    """Columns that are more than attributes, by their names in the table.

    Attributes:
        id: Column with the ids of products; None if the title is the id.
        variant_id: Column with the ids of variants; None if it is the same.
        title: Column with the titles; None for a table without titles.
        pictures: Columns with pictures; without any, pictures are files that are named after the id.
        group: Column that is equal for all variants of one product; None for a table without variants.
        looks: Columns whose values change how a product looks.
    """

    id: str | None
    variant_id: str | None = None
    title: str | None = None
    pictures: tuple[str, ...] = ()
    group: str | None = None
    looks: tuple[str, ...] = ()


class Catalog(Sequence[Product]):
    """Products in the order of their table, and the rows that are not among them.

    Attributes:
        products: The products by column.
        source: The file that was read.
        columns: The public attributes by name, each with the kind of its values.
        details: The same, with currencies.
        private: Hidden columns that a default filter needs, with their kinds.
        roles: The role of each column, including hidden ones.
        problems: Rows that cannot be used, with the reason.
        left_out: Rows of products that are not for sale, with the reason.
        remarks: Remarks on rows that are among the products.
        counts: How the rows were used; None for a catalogue that was not read from a table.
        settings: From ``catalog.toml``.
        special: The columns of the id, the title and the pictures; None for a catalogue that was not read from a table.
        format: The file's format as it was detected.
    """

    def __init__(
        self,
        products: Iterable[Product],
        *,
        source: Path,
        columns: Mapping[str, Kind],
        problems: Iterable[Problem] = (),
        details: Mapping[str, Column] | None = None,
        private: Mapping[str, Kind] | None = None,
        roles: Mapping[str, Role] | None = None,
        left_out: Iterable[Problem] = (),
        remarks: Iterable[Problem] = (),
        counts: Counts | None = None,
        settings: CatalogSettings | None = None,
        special: SpecialColumns | None = None,
        format: str = "",
    ) -> None:
        self.products = products if isinstance(products, Products) else Products(products)
        self.source = source
        self.columns = dict(columns)
        self.details = dict(details or {name: Column(kind) for name, kind in columns.items()})
        self.private = dict(private or {})
        self.roles = dict(roles or {})
        self.problems = tuple(problems)
        self.left_out = tuple(left_out)
        self.remarks = tuple(remarks)
        self.counts = counts
        self.settings = settings or CatalogSettings()
        self.special = special
        self.format = format

    def __len__(self) -> int:
        return len(self.products)

    def __iter__(self) -> Iterator[Product]:
        return iter(self.products)

    @overload
    def __getitem__(self, row: int) -> Product: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Product]: ...
    def __getitem__(self, row: int | slice) -> Product | Sequence[Product]:
        return self.products[row]

    @cached_property
    def _rows(self) -> dict[str, int]:
        rows = {variant.id: row for row, variants in self.products.variants.items() for variant in variants}
        return rows | {product.id: row for row, product in enumerate(self.products.without_pictures())}

    def find(self, id: str) -> Product:
        """The product with an id, or with a variant that has it; a ModisteError if there is none."""
        try:
            return self.products[self._rows[id]]
        except KeyError:
            raise ModisteError(
                f"There is no product {id!r} in {self.source}.", hint="Use an id of this catalogue."
            ) from None

    def with_roles(self, *roles: Role) -> Catalog:
        """The same products with only the attributes that have one of these roles, or no known role."""
        kept = {name for name in self.columns if self.roles.get(name, roles[0]) in roles}
        products = [
            replace(one, attributes={name: value for name, value in one.attributes.items() if name in kept})
            for one in self.products
        ]
        catalog = self.with_products(products)
        catalog.columns = {name: kind for name, kind in self.columns.items() if name in kept}
        return catalog

    def with_products(self, products: Iterable[Product], problems: Iterable[Problem] = ()) -> Catalog:
        """The same catalogue with changed products, and further problems."""
        return Catalog(
            products, source=self.source, columns=self.columns, problems=[*self.problems, *problems],
            details=self.details, private=self.private, roles=self.roles, left_out=self.left_out,
            remarks=self.remarks, counts=self.counts, settings=self.settings, special=self.special,
            format=self.format,
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"Catalog({len(self)} products from {self.source}, {len(self.problems)} problems)"
