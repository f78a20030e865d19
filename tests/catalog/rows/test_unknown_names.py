"""Tables whose columns have unknown names: their cells tell what they are."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from catalog import ModisteError, read_catalog
from tests.catalog.shops import accounted, read


@pytest.mark.parametrize(
    ("ids", "recognised"),
    [
        (["A-1", "A-2", "A-3"], True), (["000104711", "000104712", "000104713"], True),
        (["0815a", "0816", "0817b"], True),
        (["A-1", "A-1", "A-3"], False), (["A-1", "", "A-3"], False), (["19,90", "29,90", "39,90"], False),
        (["1", "2", "3"], False), (["2011", "2012", "2013"], False),
        (["2026-01-01", "2026-01-02", "2026-01-03"], False),
        (["red", "green", "blue"], False),
        (["a1.jpg", "a2.jpg", "a3.jpg"], False), (["size 1", "size 2", "size 3"], False),
    ],
)  # fmt: skip
def test_a_column_of_article_numbers_is_the_id(tmp_path: Path, ids: list[str], recognised: bool) -> None:
    rows = [{"MATERIAL NO. X": id, "XYZ": f"Long dress {number}"} for number, id in enumerate(ids)]
    if not recognised:
        with pytest.raises(ModisteError, match="no column that looks like the id"):
            read(tmp_path, rows)
        return
    catalog = read(tmp_path, rows)
    assert [(one.id, one.title) for one in catalog] == [(id, f"Long dress {at}") for at, id in enumerate(ids)]


@pytest.mark.parametrize("column", ["style_no", "MATERIAL NO. X"])
def test_an_id_that_is_used_twice_is_still_an_id(tmp_path: Path, column: str) -> None:
    rows = [{column: f"A-{number}", "title": f"Long dress {number}"} for number in range(40)]
    catalog = read(tmp_path, [*rows, {column: "A-7", "title": "Short dress"}])
    assert len(catalog) == 40
    assert [(one.row, one.reason) for one in catalog.problems] == [(42, "the id is already used in row 9")]


@pytest.mark.parametrize(
    ("column", "cells", "title"),
    [
        ("Item", ["Kilt", "Vest", "Tie"], True), ("Descrizione", ["Gonna", "Camicia", "Scarpe"], True),
        ("ABC", ["Long dress", "Short dress", "A shirt"], True), ("ABC", ["Kilt", "Vest", "Tie"], False),
        ("Item", ["A-1", "A-2", "A-3"], False), ("ABC", ["Black tie", "Black tie", "Black tie"], False),
        ("Supplier", ["Long dress", "Short dress", "A shirt"], False),
        ("Nombre del producto", ["Falda", "Falda", "Falda"], True), ("OXTITLE", ["Rock", "Rock", "Rock"], True),
        ("Modell", ["Ballerina", "Sandale", "Stiefel"], True), ("Model", ["X-100", "X-200", "X-300"], False),
        ("CategoryPath", ["Men > Kilts", "Men > Vests", "Men > Ties"], False), ("ItemTextName", ["Kilt"] * 3, True),
    ],
)  # fmt: skip
def test_a_column_of_short_texts_is_the_title(tmp_path: Path, column: str, cells: list[str], title: bool) -> None:
    catalog = read(tmp_path, [{"sku": number, column: cell} for number, cell in enumerate(cells)])
    assert [one.title for one in catalog] == (cells if title else [""] * 3)


def test_another_column_is_used_instead_of_an_id_column_without_values(tmp_path: Path) -> None:
    catalog = read(tmp_path, [{"EAN": "", "Custom code": f"C-{number}", "title": "Hat"} for number in range(3)])
    assert [one.id for one in catalog] == ["C-0", "C-1", "C-2"]


@pytest.mark.parametrize(
    ("column", "said", "sold"),
    [
        ("Stok Durumu", ["Stokta var", "Stokta yok"], "Stokta var"), ("状态", ["在售", "下架"], "在售"),
        ("진열상태", ["Y", "N"], "Y"), ("Skladem", ["ano", "ne"], "ano"), ("LVORM", ["", "X"], ""),
        ("Info", ["auf Lager", "ausverkauft"], "auf Lager"), ("Info", ["In stock", "Sold out"], "In stock"),
        ("Info", ["yes", "none"], "both"), ("Info", ["ausverkauft", "see the note"], "both"),
        ("visible_until", ["2020-01-01", "9999-12-31"], "9999-12-31"),
        ("visible from", ["2020-01-01", "9998-01-01"], "2020-01-01"),
    ],
)  # fmt: skip
def test_cells_that_state_the_stock_count_in_any_column(
    tmp_path: Path, column: str, said: list[str], sold: str
) -> None:
    rows = [{"id": number, "title": f"Hat {number}", column: said[number % 2]} for number in range(4)]
    catalog = read(tmp_path, rows)
    wanted = [str(number) for number in range(4) if sold in ("both", said[number % 2])]
    assert [one.id for one in catalog] == wanted
    assert accounted(catalog)


@pytest.mark.parametrize("code", ["config_sku", "Produktreferenz", "Style code", "Sammelcode"])
def test_rows_with_one_code_and_different_sizes_are_variants(tmp_path: Path, code: str) -> None:
    rows = [{"id": n, code: f"Z{n // 3}", "article_name": f"Dress {n // 3}", "size": "SML"[n % 3]} for n in range(6)]
    assert [len(one.variants) for one in read(tmp_path, rows)] == [3, 3]
    alike = [{**row, code: "", "Model code": row[code], "size": "M"} for row in rows]
    assert len(read(tmp_path, alike)) == 6


def test_a_row_to_which_others_refer_is_their_product(tmp_path: Path) -> None:
    rows = [{"Artikelnummer": "V1", "Vaterartikel": "", "Artikelname": "Hose", "Lagerbestand": 0}]
    rows += [
        {"Artikelnummer": f"V1-{n}", "Vaterartikel": "V1", "Artikelname": f"Hose {n}", "Lagerbestand": n}
        for n in (0, 5)
    ]
    catalog = read(tmp_path, rows)
    assert [(one.id, one.title) for one in catalog] == [("V1", "Hose")]


@pytest.mark.parametrize(
    ("above", "header"),
    [
        ([], ["OXID", "OXTITLE", "OXVARNAME", "OXPRICE", "OXSTOCK"]),
        (["A list"], ["Art", "Text", "Group", "Net", "Gross"]),
    ],
)
def test_a_row_of_values_is_no_header(tmp_path: Path, above: list[str], header: list[str]) -> None:
    rows = [f"a{n}1;Long dress {n};size;{n}9,90;{n}" for n in range(1, 4)]
    (tmp_path / "catalog.csv").write_text("\n".join([*above, ";".join(header), *rows]) + "\n")
    catalog = read_catalog(tmp_path / "catalog.csv", images_required=False)
    assert [(one.id, one.title) for one in catalog] == [(f"a{n}1", f"Long dress {n}") for n in range(1, 4)]


def test_a_header_that_is_repeated_after_one_row_hides_no_row(tmp_path: Path) -> None:
    lines = ["Product code,Product title,Unit price", "A1,Tunic,10"] * 2
    (tmp_path / "catalog.csv").write_text("\n".join(lines).replace("A1", "A2", 1) + "\n")
    assert [one.id for one in read_catalog(tmp_path / "catalog.csv", images_required=False)] == ["A2", "A1"]


def test_sheets_are_read_together_whatever_the_case_and_order_of_their_columns(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for name, header, row in (
        ("A", ["sku", "title", "price"], ["1", "Hat", 5]),
        ("B", ["SKU", "Price", "Title"], ["2", 6, "Cap"]),
    ):
        sheet = book.create_sheet(name)
        sheet.append(header)
        sheet.append(row)
    book.remove(book["Sheet"])
    book.save(tmp_path / "catalog.xlsx")
    catalog = read_catalog(tmp_path / "catalog.xlsx", images_required=False)
    assert [(one.id, one.title, one.attributes) for one in catalog] == [
        ("1", "Hat", {"price": 5}),
        ("2", "Cap", {"price": 6}),
    ]


@pytest.mark.parametrize("lines", [True, False])
def test_all_pages_of_an_answer_are_read(tmp_path: Path, lines: bool) -> None:
    items = [[{"sku": f"{page}-{n}", "name": "Hat", "sizes": [{"eu": 38}]} for n in (1, 2)] for page in (1, 2)]
    pages = [{"data": {"products": {"items": one}}, "meta": {"page": page}} for page, one in enumerate(items)]
    path = tmp_path / ("catalog.jsonl" if lines else "catalog.json")
    path.write_text("\n".join(map(json.dumps, pages)) if lines else json.dumps(pages))
    assert [one.id for one in read_catalog(path, images_required=False)] == ["1-1", "1-2", "2-1", "2-2"]


def test_rows_are_grouped_by_article_numbers_that_sizes_share(tmp_path: Path) -> None:
    rows = [
        {"article_variant": f"ABC12-{look}", "article_simple": f"ABC12-{look}-{size}", "name": "Etuikleid",
         "main_color": look, "size": size, "season": "FS26"}
        for look in ("K11", "Q11") for size in ("36", "38")
    ]  # fmt: skip
    rows.append({**rows[0], "article_variant": "D1", "article_simple": "D1-36", "name": "Blazer"})
    catalog = read(tmp_path, rows)
    assert [(one.group, one.attributes["size"]) for one in catalog] == [
        ("ABC12-K11", ["36", "38"]), ("ABC12-Q11", ["36", "38"]), ("D1", ["36"]),
    ]  # fmt: skip


def test_rows_are_not_grouped_by_a_season_or_a_year(tmp_path: Path) -> None:
    rows = [
        {"sku": f"A{n}", "name": f"Shirt {n}", "size": size, "launch": "2026", "drop": "FS26"}
        for n, size in enumerate(("S", "M", "L"))
    ]
    assert len(read(tmp_path, rows)) == 3


@pytest.mark.parametrize(("pictures", "products"), [(("a", "a"), 1), (("a", "b"), 2)])
def test_rows_are_not_grouped_by_a_number_that_other_pictures_share(
    tmp_path: Path, pictures: tuple[str, str], products: int
) -> None:
    rows = [
        {"sku": f"A-{size}", "name": "Blazer", "size": size, "batch": "LOT2026A", "image": name}
        for name, size in zip(pictures, "SM", strict=True)
    ]
    assert len(read(tmp_path, rows)) == products


def test_different_words_are_titles_where_nothing_else_is(tmp_path: Path) -> None:
    rows = [
        {"Nr": n, "Was": title, "Reserviert": "ja" if n else "", "Kundin": "Frau Huber" if n else ""}
        for n, title in enumerate(["Dirndl Rosa", "Lederhose", "Janker"])
    ]
    catalog = read(tmp_path, rows)
    assert [one.title for one in catalog] == ["Dirndl Rosa", "Lederhose", "Janker"]
    assert catalog.roles["Kundin"] == "hidden"


def test_a_column_without_a_name_is_not_public(tmp_path: Path) -> None:
    (tmp_path / "catalog.csv").write_text(",sku,title,colours\n0,A1,Kilt,\"['red', 'green']\"\n1,A2,Hat,nan\n")
    kilt, hat = read_catalog(tmp_path, images_required=False)
    assert kilt.attributes == {"colours": ["red", "green"]}
    assert hat.attributes == {}


def test_rows_of_variants_with_unknown_names_have_titles_and_products(tmp_path: Path) -> None:
    rows = [
        {
            "xx id": f"{style}-{size}",
            "yy id": style,
            "zz": f"Blue {kind}",
            "Size": size,
            "Group of goods": "Summer things",
        }
        for style, kind in (("S100", "dress"), ("S200", "coat"), ("S300", "skirt"))
        for size in ("36", "38", "40", "42")
    ]
    catalog = read(tmp_path, rows)
    assert [one.title for one in catalog] == ["Blue dress", "Blue coat", "Blue skirt"]
    assert [len(one.variants) for one in catalog] == [4, 4, 4]


def test_abbreviations_of_databases_are_words(tmp_path: Path) -> None:
    rows = [
        {"ITEM_NUM": f"00{at}", "ITEM_DESC": f"RED HAT {at}", "CLR_DESC": "RED", "RTL_PRC": "19.90", "UNIT_CST": "7.5",
         "VNDR_NM": "Mill", "OH_QTY": 3}
        for at in range(4)
    ]  # fmt: skip
    catalog = read(tmp_path, rows)
    assert [one.id for one in catalog] == ["000", "001", "002", "003"]
    assert catalog[0].title == "RED HAT 0"
    assert set(catalog.columns) == {"CLR_DESC", "RTL_PRC", "OH_QTY"}


def test_sizes_between_dashes_are_a_list(tmp_path: Path) -> None:
    rows = [{"Ref": f"A{at}", "Título": f"Falda {at}", "Tallas disponibles": "S - M - L"} for at in range(3)]
    assert read(tmp_path, rows)[0].attributes == {"Tallas disponibles": ["S", "M", "L"]}


def test_rows_with_the_same_code_and_title_and_other_sizes_are_one_product(tmp_path: Path) -> None:
    rows = [
        {"Artikel": f"KL-{at}", "Bezeichnung": f"Kleid {name}", "Farbe": "Rot", "Gr.": size, "Bestand": 2}
        for at, name in ((101, "Anna"), (102, "Bea"))
        for size in ("36", "38", "40")
    ]
    catalog = read(tmp_path, rows)
    assert [(one.id, one.title, one.attributes["Gr."]) for one in catalog] == [
        ("KL-101", "Kleid Anna", ["36", "38", "40"]), ("KL-102", "Kleid Bea", ["36", "38", "40"]),
    ]  # fmt: skip


@pytest.mark.parametrize("cells", [("Hidden", "Visible"), ("hidden", "shown"), ("verdeckt", "sichtbar")])
def test_parts_of_garments_may_be_hidden(tmp_path: Path, cells: tuple[str, str]) -> None:
    rows = [{"sku": f"A-{number}", "title": "Coat", "zip": cells[number % 2]} for number in range(6)]
    catalog = read(tmp_path, rows)
    assert len(catalog) == 6
    assert catalog.roles["zip"] != "stock"


@pytest.mark.parametrize("column", ["Visibility", "Product status", "Webshop", "Sichtbarkeit"])
def test_products_are_hidden_by_columns_of_states(tmp_path: Path, column: str) -> None:
    rows = [{"sku": f"A-{number}", "title": "Coat", column: ("hidden", "visible")[number % 2]} for number in range(6)]
    assert [product.id for product in read(tmp_path, rows)] == ["A-1", "A-3", "A-5"]
