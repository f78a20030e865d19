"""Numbers, codes, dates, lists and paths as shops write them."""

from __future__ import annotations

import datetime
import decimal
import json
import re
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import Catalog, CatalogSettings, read_catalog
from catalog.values.numbers import decimal_separator, read_number
from tests.catalog.shops import read
from tests.properties import properties


def column(folder: Path, name: str, cells: Sequence[object]) -> Catalog:
    return read(folder, [{"id": f"P{place}", "title": "a", name: cell} for place, cell in enumerate(cells)])


def values(catalog: Catalog, name: str) -> list[object]:
    return [product.attributes.get(name) for product in catalog]


@pytest.mark.parametrize(
    ("cells", "expected", "currency"),
    [
        (["19,90", "5,00"], [19.9, 5.0], ""),
        (["1.299,00", "19,90"], [1299.0, 19.9], ""),
        (["1,299.00", "19.90"], [1299.0, 19.9], ""),
        (["25.00 EUR", "9.90 EUR"], [25.0, 9.9], "EUR"),
        (["$25.00", "$1,299"], [25.0, 1299.0], "$"),
        (["€ 1 299,50", "19,90 €"], [1299.5, 19.9], "EUR"),
        (["CHF 1'299.00", "CHF 20.-"], [1299.0, 20.0], "CHF"),
        ([".90", "20."], [0.9, 20.0], ""),
        (["N/A", "5.00"], [None, 5.0], ""),
        (["-", "5.00"], [None, 5.0], ""),
        (["on request", "5.00", "6.00"], [None, 5.0, 6.0], ""),
        (["1.299", "2.499,50"], [1299.0, 2499.5], ""),
        (["1,29,900.00", "5.00"], [129900.0, 5.0], ""),
        (["1’299.00 CHF", "19.90 CHF"], [1299.0, 19.9], "CHF"),
        (["1.299,-", "899,-"], [1299.0, 899.0], ""),
        (["1.299", "899", "2.499"], [1299.0, 899.0, 2499.0], ""),
        (["1.299 €", "49 €"], [1299.0, 49.0], "EUR"),
        (["12.500", "8.750", "0.950"], [12.5, 8.75, 0.95], ""),
        (["1.299", "2.499", "19.90"], [1299.0, 2499.0, 19.9], ""),
        (["12.500 KWD", "8.750 KWD"], [12.5, 8.75], "KWD"),
        (["12,500 OMR", "8,750 OMR"], [12.5, 8.75], "OMR"),
        (["0.950", "19,90"], [0.95, 19.9], ""),
        (["199:-", "1 299:-"], [199.0, 1299.0], ""),
        (["3,980円", "980円"], [3980.0, 980.0], "JPY"),
        (["￥3,980", "￥980"], [3980.0, 980.0], "¥"),
        (["29,90", "29,90-"], [29.9, -29.9], ""),
        (["１９８０円", "980円"], [1980.0, 980.0], "JPY"),
        (["25 грн", "1 500 грн"], [25.0, 1500.0], "UAH"),
        (["19,90 EUR/Stk", "1.299,00 EUR inkl. MwSt."], [19.9, 1299.0], "EUR"),
        (["USD $25.00", "19.90 *"], [25.0, 19.9], "USD"),
        (["R$ 1.299,90", "R$ 5,00"], [1299.9, 5.0], "BRL"),
    ],
)
def test_prices_are_numbers(tmp_path: Path, cells: list[object], expected: list[object], currency: str) -> None:
    catalog = column(tmp_path, "price", cells)
    assert values(catalog, "price") == expected
    assert catalog.details["price"] == ("number", currency)


def test_prices_in_several_currencies_keep_them(tmp_path: Path) -> None:
    catalog = column(tmp_path, "price", ["25.00 EUR", "20.00 USD"])
    assert values(catalog, "price") == [25.0, 20.0]
    assert values(catalog, "price currency") == ["EUR", "USD"]


@given(
    cents=st.integers(0, 10**9), comma=st.booleans(), grouped=st.booleans(), sign=st.sampled_from(["", " EUR", " €"])
)
@properties(200)
def test_a_price_is_read_as_it_was_written(cents: int, comma: bool, grouped: bool, sign: str) -> None:
    text = f"{cents / 100:,.2f}" if grouped else f"{cents / 100:.2f}"
    if comma:
        text = text.translate(str.maketrans(",.", ".,"))
    number = read_number(text + sign, decimal_separator([text]).sign)
    assert number is not None
    assert number.value == pytest.approx(cents / 100)


@pytest.mark.parametrize("text", [
    "XL", "3XL", "12 cm", "M 5", "10 pcs", "1.2.3.4", "38 EU", "12-14", "", "abc", "1e5",
    "19.90 - 29.90", "from $25", "ab 19,90", "3 for 25", "2x5", "1/2", "12.34.56", "5 EUR 10 USD", "S 25", "ca. 5",
    "5 m²",
])  # fmt: skip
def test_text_without_a_price_is_no_price(text: str) -> None:
    assert read_number(text) is None


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("style", ["1E10", "2E11"]),
        ("anything", ["1E10", "2E11"]),
        ("barcode", ["12345678901234567890", "12345678901234567891"]),
        ("anything", ["12345678901234567890", "12345678901234567891"]),
        ("code", ["007", "012"]),
        ("gtin", ["4006381333931", "4006381333948"]),
        ("zip", ["+49123", "+49124"]),
        ("size", ["36", "38"]),
    ],
)
def test_codes_stay_the_text_that_they_are(tmp_path: Path, name: str, cells: list[object]) -> None:
    catalog = column(tmp_path, name, cells)
    assert catalog.columns[name] == "text"
    assert values(catalog, name) == cells


def test_excels_way_to_keep_a_text_is_read(tmp_path: Path) -> None:
    assert values(column(tmp_path, "code", ['="007"', '="012"']), "code") == ["007", "012"]


def test_the_cells_that_make_a_column_text_are_named(tmp_path: Path) -> None:
    catalog = column(tmp_path, "width", [*range(1, 20), "wide"])
    assert catalog.columns["width"] == "text"
    (remark,) = catalog.remarks
    assert remark.row == 21
    assert "'wide'" in remark.reason


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["2026-03-04", "2026-11-30"], ["2026-03-04", "2026-11-30"]),
        (["2026-03-04 10:30:00", "2026-11-30T00:00:00Z"], ["2026-03-04T10:30:00", "2026-11-30"]),
        (["4.3.2026", "30.11.2026"], ["2026-03-04", "2026-11-30"]),
        (["03/30/2026", "11/04/2026"], ["2026-03-30", "2026-11-04"]),
        (["30/03/2026", "04/11/2026"], ["2026-03-30", "2026-11-04"]),
    ],
)
def test_dates_are_dates(tmp_path: Path, cells: list[object], expected: list[object]) -> None:
    catalog = column(tmp_path, "added", cells)
    assert catalog.columns["added"] == "date"
    assert values(catalog, "added") == expected


@pytest.mark.parametrize(
    "text",
    [
        "04.03.26", "4. März 2026", "4 mars 2026", "4 marzo 2026", "4 de marzo de 2026", "4 maart 2026",
        "March 4th, 2026",
        "Wed, 04 Mar 2026 00:00:00 GMT", "2026.03.04", "2026/3/4", "2026年3月4日", "4 марта 2026", "4 marca 2026",
    ],
)  # fmt: skip
def test_a_date_is_read_as_each_language_writes_it(tmp_path: Path, text: str) -> None:
    assert values(column(tmp_path, "added", [text, "0000-00-00", "2026-03-05"]), "added") == [
        "2026-03-04", None, "2026-03-05",
    ]  # fmt: skip


def test_a_clock_of_twelve_hours_is_read(tmp_path: Path) -> None:
    catalog = column(tmp_path, "added", ["12/25/2026 10:30 PM", "12/26/2026 12:05 AM"])
    assert values(catalog, "added") == ["2026-12-25T22:30:00", "2026-12-26T00:05:00"]


def test_the_cells_that_make_a_column_of_dates_text_are_named(tmp_path: Path) -> None:
    catalog = column(tmp_path, "added", [f"2026-03-{day:02}" for day in range(1, 20)] + ["30/02/2026"])
    assert catalog.columns["added"] == "text"
    assert [one.reason for one in catalog.remarks] == ["added is text and not a date because of '30/02/2026'"]


@pytest.mark.parametrize("cell", ['["a", "b"]', "['a', 'b']", "{a,b}", "[a, b]", "a|b", "a\nb", "a; b", "a, b"])
def test_a_list_is_read_in_each_notation(tmp_path: Path, cell: str) -> None:
    assert values(column(tmp_path, "tags", [cell, cell.replace("b", "c")]), "tags") == [["a", "b"], ["a", "c"]]


@pytest.mark.parametrize("cell", ["[SALE] shirt", "{a} b", '["a"', "[1] note, [2] note"])
def test_a_text_in_brackets_that_is_no_list_stays_text(tmp_path: Path, cell: str) -> None:
    assert values(column(tmp_path, "caption", [cell, "other"]), "caption") == [cell, "other"]


@pytest.mark.parametrize("name", ["category", "Kategorie", "Catégorie", "product_type", "breadcrumb"])
@pytest.mark.parametrize(
    "cell",
    [
        "Tops > Shirts > Polo", "Tops/Shirts/Polo", "Tops / Shirts / Polo", "Tops » Shirts » Polo",
        "Tops -> Shirts -> Polo",
        "Tops → Shirts → Polo", "Tops\\Shirts\\Polo", "Tops &gt; Shirts &gt; Polo", "Tops///Shirts///Polo",
    ],
)  # fmt: skip
def test_a_path_is_read_in_each_notation(tmp_path: Path, name: str, cell: str) -> None:
    catalog = column(tmp_path, name, [cell, cell.replace("Polo", "Tees")])
    assert values(catalog, name) == [["Tops > Shirts > Polo"], ["Tops > Shirts > Tees"]]


def test_ambiguous_dates_stay_text(tmp_path: Path) -> None:
    assert column(tmp_path, "added", ["03/04/2026", "05/06/2026"]).columns["added"] == "text"


@pytest.mark.parametrize(
    ("name", "cell", "kind", "expected"),
    [
        ("Tags", "basics, summer, red", "list", ["basics", "summer", "red"]),
        ("features", "hood|zip", "list", ["hood", "zip"]),
        ("keywords", "a; b", "list", ["a", "b"]),
        ("Category", "Clothing > Dresses > Midi", "path", ["Clothing > Dresses > Midi"]),
        ("Categories", "Shop/Women/Tops,Shop/Sale/All", "path", ["Shop > Women > Tops", "Shop > Sale > All"]),
        ("anything", "Clothing > Dresses", "path", ["Clothing > Dresses"]),
        ("description", "Soft, warm, and light", "text", "Soft, warm, and light"),
        ("note text", "<p>5 > 3</p>", "text", "<p>5 > 3</p>"),
    ],
)
def test_lists_and_paths_have_parts(tmp_path: Path, name: str, cell: str, kind: str, expected: object) -> None:
    catalog = column(tmp_path, name, [cell] * 3)
    assert catalog.columns[name] == kind
    assert values(catalog, name)[0] == expected


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["S, M, L", "M"], [["S", "M", "L"], ["M"]]), (["XS,S", "M"], [["XS", "S"], ["M"]]),
        (["36,38,40", "38"], [["36", "38", "40"], ["38"]]), (["36,5", "37"], ["36,5", "37"]),
        (["36-41", "37-42"], ["36-41", "37-42"]), (["36,5; 37", "38"], [["36,5", "37"], ["38"]]),
    ],
)  # fmt: skip
def test_several_sizes_in_a_cell_are_a_list(tmp_path: Path, cells: list[str], expected: list[object]) -> None:
    assert values(column(tmp_path, "Rozmiar", cells), "Rozmiar") == expected


@pytest.mark.parametrize("name", ["Rayon", "merchant-category", "Kategoria", "カテゴリ", "Категория"])
def test_a_category_in_each_language_has_paths(tmp_path: Path, name: str) -> None:
    assert column(tmp_path, name, ["Femme/Robes", "Femme/Jupes", "Homme/Pulls"]).columns[name] == "path"


def test_repeated_words_between_commas_are_a_list(tmp_path: Path) -> None:
    cells = ["cotton, wool", "wool, silk", "silk, cotton", "cotton, silk, wool", "linen, cotton", "wool, linen"] * 2
    assert column(tmp_path, "made of", cells).columns["made of"] == "list"


def test_json_and_parquet_keep_their_types_and_numeric_text_is_a_number(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "1", "price": "19.90"}\n{"id": "2", "price": 5}\n')
    assert values(read_catalog(tmp_path / "a.jsonl", images_required=False), "price") == [19.9, 5.0]
    table = pyarrow.table({
        "id": ["1", "2"], "price": pyarrow.array([decimal.Decimal("19.90"), None], pyarrow.decimal128(10, 2)),
        "added": pyarrow.array([datetime.date(2026, 3, 4), None]), "new": [True, False], "tags": [["a", "b"], []],
    })  # fmt: skip
    pyarrow.parquet.write_table(table, tmp_path / "b.parquet")
    catalog = read_catalog(tmp_path / "b.parquet", images_required=False)
    assert catalog.columns == {"price": "number", "added": "date", "new": "flag", "tags": "list"}
    assert catalog[0].attributes == {"price": 19.9, "added": "2026-03-04", "new": True, "tags": ["a", "b"]}


@given(st.lists(st.builds(lambda power, more: 2**power + more, st.integers(0, 70), st.integers(-1, 1)), min_size=1))
@properties(50)
def test_whole_numbers_that_float64_would_round_are_codes(tmp_path: Path, numbers: list[int]) -> None:
    lines = [json.dumps({"id": f"P{place}", "anything": number}) for place, number in enumerate(numbers)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    catalog = read_catalog(tmp_path / "a.jsonl", images_required=False)
    if all(abs(number) <= 2**53 for number in numbers):
        assert (catalog.columns["anything"], values(catalog, "anything")) == ("number", numbers)
    else:
        assert (catalog.columns["anything"], values(catalog, "anything")) == ("text", [str(one) for one in numbers])


def test_a_workbook_is_read_with_a_title_above_its_header(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["Export of today"], [], ["SKU", "Name", "Price", "Added"], [1001, "Dress", 19.9, datetime.date(2026, 3, 4)],
        ["007", "Shirt", 5, datetime.date(2026, 3, 5)], ["008", "Cap", "#N/A", None],
    ):  # fmt: skip
        sheet.append(row)
    book.save(tmp_path / "catalog.xlsx")
    catalog = read_catalog(tmp_path, images_required=False)
    assert [(one.id, one.title, one.attributes) for one in catalog] == [
        ("1001", "Dress", {"Price": 19.9, "Added": "2026-03-04"}),
        ("007", "Shirt", {"Price": 5.0, "Added": "2026-03-05"}),
        ("008", "Cap", {}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("colour", "wish"), ("price", "fact"), ("barcode", "fact"), ("In stock?", "stock"), ("description", "text"),
        ("Cost per item", "hidden"), ("cost_price", "hidden"), ("Marge", "hidden"), ("Supplier note", "hidden"),
        ("Einkaufspreis", "hidden"), ("EK-Preis", "hidden"), ("Lieferant", "hidden"), ("wholesale_price", "hidden"),
        ("Fournisseur", "hidden"), ("Meta: _wc_cog_cost", "hidden"), ("Costume type", "wish"), ("SEO Title", "hidden"),
        ("purchase_price", "hidden"), ("internal comment", "hidden"), ("Profit", "hidden"), ("Prix d'achat", "hidden"),
    ],
)  # fmt: skip
def test_private_columns_are_hidden_by_their_names(tmp_path: Path, name: str, role: str) -> None:
    catalog = column(tmp_path, name, ["1", "1"] if name in ("price", "In stock?", "barcode") else ["a", "b"])
    assert catalog.roles[name] == role
    assert (name in catalog[0].attributes) == (role != "hidden")


def test_a_hidden_column_is_shown_on_purpose(tmp_path: Path) -> None:
    settings = CatalogSettings.model_validate({"columns": {"Supplier": {"role": "fact"}, "colour": {"role": "hidden"}}})
    (tmp_path / "catalog.csv").write_text("id,Supplier,colour\n1,Acme,red\n")
    catalog = read_catalog(tmp_path, images_required=False, settings=settings)
    assert catalog[0].attributes == {"Supplier": "Acme"}


def test_only_columns_that_can_be_asked_for_are_kept_by_their_role(tmp_path: Path) -> None:
    (tmp_path / "catalog.toml").write_text('[columns.season]\nrole = "fact"\n')
    rows = [
        {"id": f"P{number}", "colour": "red", "price": number, "In stock?": "yes", "season": "AW", "new": "yes"}
        for number in range(3)
    ]
    catalog = read(tmp_path, rows).with_roles("wish")
    assert catalog.columns == {"colour": "text", "new": "flag"}
    assert catalog[0].attributes == {"colour": "red", "new": True}


@pytest.mark.parametrize(
    ("cells", "kind"),
    [(["19,90", "24,90"], "number"), (["a|b", "a|c"], "list"), (["2026-03-04", "2026-03-05"], "date")],
)
def test_a_pinned_kind_that_ignores_the_values_of_a_column_is_a_remark(
    tmp_path: Path, cells: list[str], kind: str
) -> None:
    settings = CatalogSettings.model_validate({"columns": {"about": {"role": "fact", "kind": "text"}}})
    (tmp_path / "catalog.csv").write_text("id;about\n" + "".join(f"{at};{cell}\n" for at, cell in enumerate(cells)))
    catalog = read_catalog(tmp_path, images_required=False, settings=settings)
    assert [one.attributes["about"] for one in catalog] == cells
    (remark,) = catalog.remarks
    assert remark.kind == f"about is pinned as text, but has the values of a {kind}"
    assert remark.reason == "about: remove its kind in catalog.toml to use them"


@pytest.mark.parametrize("cells", [["S, M, L", "M, L, XL"], ["S/M/L", "M"], ["XS;S", "2XL"], ["S | M", "L"]])
def test_sizes_in_letters_are_a_list_whatever_the_column_and_the_rows(tmp_path: Path, cells: list[str]) -> None:
    catalog = read(tmp_path, [{"id": n, "title": "Shirt", "Tailles dispo": cell} for n, cell in enumerate(cells)])
    assert catalog.columns["Tailles dispo"] == "list"
    assert [one.attributes["Tailles dispo"] for one in catalog] == [re.findall(r"\w+", cell) for cell in cells]


def test_a_size_of_two_letters_is_one(tmp_path: Path) -> None:
    rows = [{"id": n, "title": "Shirt", "fit": cell} for n, cell in enumerate(["S/M", "L/XL"])]
    assert [one.attributes["fit"] for one in read(tmp_path, rows)] == ["S/M", "L/XL"]


@pytest.mark.parametrize(
    ("until", "expected"), [("28/04/2026", "2026-04-03"), ("04/28/2026", "2026-03-04"), ("05/04/2026", "03/04/2026")]
)
def test_the_order_of_a_date_is_that_of_other_columns(tmp_path: Path, until: str, expected: str) -> None:
    rows = [{"id": n, "title": "Coat", "from": "03/04/2026", "until": until} for n in range(2)]
    assert [one.attributes["from"] for one in read(tmp_path, rows)] == [expected] * 2


@pytest.mark.parametrize("name", ["Größen", "Sizes", "Größe", "Tallas"])
def test_numbers_between_slashes_are_a_list_in_a_column_of_sizes(tmp_path: Path, name: str) -> None:
    cells = ["36/38/40", "S/M/L", "36,5/37/38", "One size"]
    catalog = read(tmp_path, [{"id": n, "title": "Shoe", name: cell} for n, cell in enumerate(cells)])
    assert [one.attributes[name] for one in catalog] == [cell.split("/") for cell in cells]
