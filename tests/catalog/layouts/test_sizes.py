"""A column for each size, with what is in stock of it: the matrix of a price list."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from catalog import read_catalog
from tests.catalog.shops import accounted, read


@pytest.mark.parametrize(
    ("names", "column", "sizes"),
    [
        (["Größe S", "Größe M", "Größe L"], "Größe", ["S", "L"]),
        (["Gr. 36", "Gr. 38", "Gr. 40"], "size", ["36", "40"]),
        (["Size XS", "Size 2XL", "Size XXL"], "Size", ["XS", "XXL"]),
        (["Size (EU 36)", "Size (EU 37.5)", "Size (EU 38)"], "Size", ["36", "38"]),
        (["Taille 34/36", "Taille 38/40", "Taille 42"], "Taille", ["34/36", "42"]),
        (["Talla S", "Talla M", "Talla Única"], "Talla", ["S", "ÚNICA"]),
        (["Strl S", "Strl M", "Strl L"], "size", ["S", "L"]),
        (["stock_S", "stock_M", "stock_L"], "size", ["S", "L"]),
        (["Bestand 36", "Bestand 38", "Bestand 40"], "size", ["36", "40"]),
        (["S Stock", "M Stock", "L Stock"], "size", ["S", "L"]),
        (["S", "M", "L"], "size", ["S", "L"]),
        (["36", "37", "38"], "size", ["36", "38"]),
        (["EU 36", "EU 37", "EU 38"], "size", ["36", "38"]),
    ],
)
def test_sizes_in_stock_are_a_list_and_their_sum_is_the_stock(
    tmp_path: Path, names: list[str], column: str, sizes: list[str]
) -> None:
    one, two, three = names
    catalog = read(tmp_path, [
        {"id": "a", "title": "Red shirt", one: 3, two: 0, three: 2},
        {"id": "b", "title": "Blue shirt", one: 0, two: "", three: 0},
        {"id": "c", "title": "Bag", one: "", two: "", three: ""},
    ])  # fmt: skip
    assert [product.attributes for product in catalog] == [{column: sizes, "stock": 5}, {}]
    assert [(one.id, one.reason) for one in catalog.left_out] == [("b", "stock is 0")]
    assert any(", ".join(names) in one.reason for one in catalog.remarks)
    assert accounted(catalog)


def test_marks_and_flags_state_the_available_sizes(tmp_path: Path) -> None:
    rows = [{"id": "a", "title": "Shirt", "S": "x", "M": "", "L": "X"}, {"id": "b", "title": "Coat", "S": "", "L": ""}]
    catalog = read(tmp_path, rows)
    assert [product.attributes for product in catalog] == [{"size": ["S", "L"]}, {}]


def test_another_column_of_the_stock_is_kept(tmp_path: Path) -> None:
    catalog = read(tmp_path, [{"id": "a", "title": "Shirt", "Bestand": 7, "Größe S": 1, "Größe M": 1}])
    assert catalog[0].attributes == {"Bestand": 7, "Größe": ["S", "M"]}


@pytest.mark.parametrize(
    "row",
    [
        {"Size 1": 36, "Size 2": 38},
        {"Größe EU": "36", "Größe UK": "8"},
        {"Größe S": "aus Wolle", "Größe M": "aus Leinen"},
        {"2021": 3, "2022": 4, "2023": 5},
        {"S": 1, "Q": 2},
        {"Preis S": 19.9, "Preis M": 24.9},
    ],
)
def test_other_columns_stay_as_they_are(tmp_path: Path, row: dict[str, object]) -> None:
    catalog = read(tmp_path, [{"id": "a", "title": "Shirt", **row}])
    assert set(row) <= set(catalog[0].attributes)


def test_a_workbook_may_name_the_sizes_below_a_common_header(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Artikelnummer", "Bezeichnung", "Farbe", "VK", 36, 38, 40])
    sheet.append(["A-100", "Kleid", "Rot", 59.9, 2, 0, 1])
    sheet.append(["A-101", "Rock", "Blau", 39.9, 0, 4, None])
    book.save(tmp_path / "catalog.xlsx")
    catalog = read_catalog(tmp_path / "catalog.xlsx", images_required=False)
    assert [one.id for one in catalog] == ["A-100", "A-101"]
    assert [one.attributes["size"] for one in catalog] == [["36", "40"], ["38"]]
    assert catalog[0].attributes["stock"] == 3
