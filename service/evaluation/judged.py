"""Judges results by the columns of the products."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from catalog import Product
from catalog.errors import ModisteError

Mask = npt.NDArray[np.bool_]

COLUMNS = {
    "kind": "articleType", "colour": "baseColour", "people": "gender", "occasion": "usage", "category": "masterCategory"
}  # fmt: skip
"""For each family of wishes, the column of the *Fashion Product Images* layout that judges it."""
PRICE = "price"
CHEAPEST, DEAREST = 10, 120


class Judged:
    """N products by the families of wishes. The layout has no columns for brands and patterns: a title must begin with
    the brand, and a word of the title with the pattern.

    Raises:
        ModisteError: The products lack one of ``COLUMNS``.
    """

    def __init__(self, products: Sequence[Product]) -> None:
        self.ids = [product.id for product in products]
        self.row_of = {id: row for row, id in enumerate(self.ids)}
        self.size = len(products)
        self._titles = [product.title.casefold() for product in products]
        names = {name for product in products for name in product.attributes}
        if missing := sorted(set(COLUMNS.values()) - names):
            raise ModisteError(
                f"The held-out products have no column {missing[0]}, by which wishes are judged.",
                hint="Measure with a source of the kind `products` (the Fashion Product Images layout).",
            )
        self._columns = {
            family: np.array([str(product.attributes.get(name, "")) for product in products])
            for family, name in COLUMNS.items()
        }
        self._numbers = {name: _numbers(products, name) for name in (PRICE, "year")}
        self._known: dict[tuple[str, tuple[str, ...]], Mask] = {}

    def has(self, family: str, values: Sequence[str]) -> Mask:
        """Which products have one of the values of a family."""
        key = family, tuple(values)
        if key not in self._known:
            self._known[key] = self._found(*key)
        return self._known[key]

    def _found(self, family: str, values: tuple[str, ...]) -> Mask:
        if family == "brand":
            return np.array([title.startswith(values) for title in self._titles], np.bool_)
        if family == "pattern":
            titles = (title.split() for title in self._titles)
            return np.array([any(word.startswith(values) for word in title) for title in titles], np.bool_)
        return np.isin(self._columns[family], values)

    def value(self, family: str, row: int) -> str:
        """A product's value of a family that has a column."""
        return str(self._columns[family][row])

    def same(self, row: int | None, families: Iterable[str]) -> Mask:
        """The products that agree with the product in ``row`` in all ``families``; every product if ``row`` is None."""
        mask = np.ones(self.size, np.bool_)
        if row is not None:
            for family in families:
                mask &= self._columns[family] == self._columns[family][row]
        return mask

    def number(self, name: str) -> npt.NDArray[np.float64]:
        """A column of numbers, with NaN for missing ones."""
        return self._numbers[name]


def with_prices(products: Iterable[Product]) -> list[Product]:
    """The products with prices, which are derived from their ids because the layout has none."""
    span = DEAREST - CHEAPEST
    return [
        replace(one, attributes={**one.attributes, PRICE: CHEAPEST + zlib.crc32(one.id.encode()) % span})
        for one in products
    ]


def _numbers(products: Sequence[Product], name: str) -> npt.NDArray[np.float64]:
    values = (product.attributes.get(name) for product in products)
    return np.array([value if isinstance(value, int | float) else np.nan for value in values], dtype=np.float64)
