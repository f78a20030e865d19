"""Further sheets of a workbook belong to the products to which they refer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl

from catalog import Catalog, read_catalog
from tests.catalog.shops import pictures


def read_book(folder: Path, sheets: Mapping[str, Sequence[Sequence[Any]]], *, images: bool = False) -> Catalog:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(folder / "catalog.xlsx")
    return read_catalog(folder / "catalog.xlsx", images_required=images)


def products(number: int = 4) -> list[list[Any]]:
    return [["product_id", "name", "image_name"], *([at, f"Hat {at}", f"{at}.jpg"] for at in range(1, number + 1))]


def test_pictures_of_a_further_sheet_follow_those_of_the_product(tmp_path: Path) -> None:
    pictures(tmp_path, ["1.jpg", "2.jpg", "1b.jpg", "1c.jpg"])
    more: list[list[Any]] = [["product_id", "image", "sort_order"], [1, "1b.jpg", 0], [1, "1c.jpg", 1]]
    catalog = read_book(tmp_path, {"Products": products(2), "AdditionalImages": more}, images=True)
    assert [[Path(str(one)).name for one in product.images] for product in catalog] == [
        ["1.jpg", "1b.jpg", "1c.jpg"], ["2.jpg"],
    ]  # fmt: skip


def test_attributes_and_options_in_stock_of_a_further_sheet_are_columns(tmp_path: Path) -> None:
    attributes: list[list[Any]] = [
        ["product_id", "attribute_group", "attribute", "text(en-gb)"],
        [1, "General", "Colour", "Red"],
    ]
    options: list[list[Any]] = [["product_id", "option", "option_value", "quantity"]]
    options += [[1, "Size", size, stock] for size, stock in (("S", 2), ("M", 0), ("L", 1))]
    catalog = read_book(tmp_path, {"Products": products(), "Attributes": attributes, "Values": options})
    first, second = list(catalog)[:2]
    assert (first.attributes["Colour"], first.attributes["Size"]) == ("Red", ["S", "L"])
    assert "Colour" not in second.attributes


def test_prices_and_stock_of_further_sheets_are_columns(tmp_path: Path) -> None:
    prices: list[list[Any]] = [["Product ID", "Price", "Cost"], *([at, 10 + at, 5] for at in range(1, 5))]
    stock: list[list[Any]] = [["product_id", "stock"], *([at, at - 1] for at in range(1, 5))]
    catalog = read_book(tmp_path, {"Products": products(), "Prices": prices, "Stock": stock})
    assert [(one.id, one.attributes["Price"]) for one in catalog] == [("2", 12), ("3", 13), ("4", 14)]
    assert "Cost" not in next(iter(catalog)).attributes


def test_rows_with_sizes_of_a_further_sheet_are_variants(tmp_path: Path) -> None:
    variants: list[list[Any]] = [
        ["product_id", "sku", "size", "stock"],
        [1, "1-S", "S", 0],
        [1, "1-M", "M", 4],
        [2, "2-S", "S", 1],
    ]
    catalog = read_book(tmp_path, {"Products": products(2), "Variants": variants})
    assert {one.id: [variant.id for variant in one.variants] for one in catalog} == {"1": ["1-M"], "2": ["2-S"]}
    assert [one.attributes["size"] for one in catalog] == ["M", "S"]


def test_sheets_of_orders_customers_and_other_things_are_not_joined(tmp_path: Path) -> None:
    orders: list[list[Any]] = [["product_id", "Menge", "Kunde"], *([at, 0, f"Mr {at}"] for at in range(1, 5))]
    suppliers: list[list[Any]] = [["id", "name"], [77, "Mill"], [78, "Loom"]]
    catalog = read_book(tmp_path, {"Products": products(), "Bestellungen": orders, "Suppliers": suppliers})
    assert len(catalog) == 4
    assert not {"Menge", "Kunde"} & set(catalog.columns)
    assert "not 'Bestellungen', 'Suppliers'" in catalog.format


def test_the_sheet_with_titles_has_the_products_although_another_has_more_rows_and_ids(tmp_path: Path) -> None:
    pictures(tmp_path, ["a.jpg", "b.jpg"])
    styles = [["Style", "Style Name", "Live"], ["A", "Hat", "Y"], ["B", "Cap", "N"]]
    skus: list[list[Any]] = [["Style", "SKU", "Size", "Stock"]]
    skus += [[style, f"{style}-{size}", size, 2] for style in "AB" for size in "SML"]
    images = [["Style", "Image"], ["A", "a.jpg"], ["A", "b.jpg"], ["B", "a.jpg"]]
    (product,) = read_book(tmp_path, {"SKUs": skus, "Styles": styles, "Images": images}, images=True)
    assert (product.id, product.title, len(product.images)) == ("A", "Hat", 2)
    assert [one.id for one in product.variants] == ["A-S", "A-M", "A-L"]
