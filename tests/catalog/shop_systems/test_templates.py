"""Exports in the templates of marketplaces and of Odoo: rows that describe columns, and rows below their product."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalog import ModisteError, read_catalog
from catalog.inspection import starting_settings
from tests.catalog.shops import accounted, read

EBAY = """*Action(SiteID=Germany|Country=DE|Currency=EUR|Version=1193),CustomLabel,*Title,Relationship,\
RelationshipDetails,PicURL,*StartPrice,*Quantity
Add,HO-1,Chino,,Größe=48;50;52,https://s.example/1.jpg|https://s.example/2.jpg,,
,HO-1-48,,Variation,Größe=48|Farbe=Beige,,39.9,3
,HO-1-50,,Variation,Größe=50|Farbe=Beige,,39.9,0
,,,Variation,Größe=52|Farbe=Beige,,41.9,1
Add,GU-1,Gürtel,,,https://s.example/3.jpg,19.9,7
"""
ODOO = """External ID,Name,Internal Reference,Sales Price,Cost,Product Attributes / Attribute,\
Product Attributes / Values,Can be Sold,Image URL
template_1,Apron,APR,29.0,11.0,Color,"White,Black",TRUE,https://s.example/1.jpg
,,,,,Size,"S,M",,
template_2,Box,BOX,1.0,0.5,,,FALSE,https://s.example/2.jpg
"""
FAIRE = """Product Name (English),Product Status,Option Status,SKU,Option 1 Name,Option 1 Value,\
USD Unit Wholesale Price,USD Unit Retail Price,Product Images,On Hand Inventory
Name shown to retailers,"Published, unpublished",Published,Unique,Such as size,Such as S,Price,Price,Some URLs,Units
Wool throw,Published,Published,W-G,Color,Grey,40.00,80.00,https://s.example/1.jpg https://s.example/2.jpg,14
Wool throw,Published,Unpublished,W-R,Color,Red,40.00,80.00,https://s.example/1.jpg https://s.example/2.jpg,3
"""


def _read(folder: Path, content: str) -> list[tuple[str, str, int]]:
    (folder / "export.csv").write_text(content, encoding="utf-8")
    catalog = read_catalog(folder / "export.csv")
    assert catalog.problems == ()
    assert accounted(catalog)
    return [(one.id, one.title, len(one.images)) for one in catalog]


def test_variations_of_ebay_belong_to_the_product_above_them(tmp_path: Path) -> None:
    assert _read(tmp_path, EBAY) == [("HO-1", "Chino", 2), ("GU-1", "Gürtel", 1)]
    chino = read_catalog(tmp_path / "export.csv")[0]
    assert chino.attributes["*StartPrice"] == 39.9
    assert chino.attributes["Größe"] == ["48", "52"]
    assert [one.id for one in chino.variants] == ["HO-1-48", "HO-1:5"]


def test_choices_of_ebays_report_are_columns(tmp_path: Path) -> None:
    rows = [{"Item number": "256", "Title": "Boots", "Variation details": f"[US Shoe Size={n}]"} for n in (9, 10)]
    assert read(tmp_path, rows)[0].attributes["US Shoe Size"] == ["9", "10"]


def test_attributes_of_odoo_belong_to_the_product_above_them(tmp_path: Path) -> None:
    assert _read(tmp_path, ODOO) == [("APR", "Apron", 1)]
    catalog = read_catalog(tmp_path / "export.csv")
    assert catalog[0].attributes["Size"] == ["S", "M"]
    assert catalog[0].attributes["Color"] == ["White", "Black"]
    assert catalog.roles["Cost"] == "hidden"


def test_a_row_that_describes_the_columns_is_no_product(tmp_path: Path) -> None:
    assert _read(tmp_path, FAIRE) == [("W-G", "Wool throw", 2)]
    catalog = read_catalog(tmp_path / "export.csv")
    assert [(one.row, one.reason) for one in catalog.remarks] == [(2, "the row describes the columns")]
    assert catalog.details["USD Unit Retail Price"] == ("number", "USD")


def test_a_table_of_words_is_no_description(tmp_path: Path) -> None:
    rows = [{"sku": f"A{n}", "title": "Shirt", "price": "on request", "stock": "plenty"} for n in range(3)]
    assert [one.id for one in read(tmp_path, rows)] == ["A0", "A1", "A2"]


def test_products_without_a_sku_have_their_titles_as_ids(tmp_path: Path) -> None:
    rows = [
        {"TITLE": title, "PRICE": "18.00", "IMAGE1": picture, "SKU": sku}
        for title, picture, sku in [
            ("Linen apron", "1.jpg", ""),
            ('Socks "Nordic"', "2.jpg", ""), ("Bag", "3.jpg", "B-1"), ("No picture", "", "")
        ]
    ]  # fmt: skip
    catalog = read(tmp_path, rows)
    assert [(one.id, one.title) for one in catalog] == [
        ("Linen apron", "Linen apron"), ('Socks "Nordic"', 'Socks "Nordic"'), ("B-1", "Bag"),
    ]  # fmt: skip
    assert [one.row for one in catalog.problems] == [5]
    assert {one.kind for one in catalog.remarks} == {"SKU is empty, so the title is the id"}


@pytest.mark.parametrize("sku", [True, False])
def test_products_without_a_sku_and_with_one_title_are_numbered(tmp_path: Path, sku: bool) -> None:
    titles = ["Linen apron", "Bag", "Linen apron", "Linen apron 2", "Linen apron"]
    rows = [
        {"TITLE": title, "PRICE": "18.00", "IMAGE1": f"{at}.jpg", **({"SKU": ""} if sku else {})}
        for at, title in enumerate(titles)
    ]
    catalog = read(tmp_path, rows)
    ids = ["Linen apron", "Bag", "Linen apron 2", "Linen apron 2 2", "Linen apron 3"]
    assert [(one.id, one.title) for one in catalog] == list(zip(ids, titles, strict=True))
    assert [one.id for one in catalog.remarks] == ids
    (tmp_path / "catalog.toml").write_text(starting_settings(catalog), encoding="utf-8")
    assert list(read(tmp_path, rows)) == list(catalog)


def test_titles_are_no_ids_beside_a_column_that_may_have_them(tmp_path: Path) -> None:
    rows = [{"TITLE": "Bag", "IMAGE1": f"{at}.jpg", "own": at} for at in range(3)]
    with pytest.raises(ModisteError, match="no column that looks like the id"):
        read(tmp_path, rows)


@pytest.mark.parametrize("mark", ["1", "x", "✓"])
def test_an_empty_cell_in_a_column_of_marks_is_false(tmp_path: Path, mark: str) -> None:
    rows = [{"sku": f"A{n}", "title": "Shirt", "published": mark if n else ""} for n in range(3)]
    catalog = read(tmp_path, rows)
    assert [one.id for one in catalog] == ["A1", "A2"]
    assert [one.reason for one in catalog.left_out] == ["published is empty"]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (("EAN", "Artikel"), "A-1"), (("UPC", "System ID"), "A-1"),
        (("product-id", "product-id-type", "seller-sku"), "A-1"),
        (("EAN", "Colour"), "400"),
        (("No", "EAN"), "4002"),
    ],
)  # fmt: skip
def test_the_shops_own_number_comes_before_a_barcode(tmp_path: Path, columns: tuple[str, ...], expected: str) -> None:
    rows = [
        {**dict.fromkeys(columns, "1"), columns[0]: f"40{n}", columns[-1]: f"A-{n + 1}", "title": "Long shirt"}
        for n in range(3)
    ]
    if columns[-1] == "Colour":
        rows = [{**row, "Colour": "red"} for row in rows]
    if columns[0] == "No":
        rows = [{**row, "No": str(number), "EAN": f"400{number + 1}"} for number, row in enumerate(rows, start=1)]
    assert read(tmp_path, rows)[0].id == expected


def test_fields_of_nested_objects_name_sizes_and_looks(tmp_path: Path) -> None:
    rows = [
        {"config_id": config, "simple_id": f"{config}-{size}", "ean": f"{number}", "name": "Midi dress",
         "color_code.colour": "red", "size_codes.size": size}
        for number, (config, size) in enumerate([("M1", 36), ("M1", 38), ("M2", 36)])
    ]  # fmt: skip
    assert [(one.id, len(one.variants)) for one in read(tmp_path, rows)] == [("M1-36", 2), ("M2-36", 0)]


def test_a_note_below_a_table_is_no_article_number(tmp_path: Path) -> None:
    rows = [{"STYLE #": f"AN-10{n}", "STYLE NAME": "Linen shirt", "SRP": "90"} for n in range(3)]
    catalog = read(tmp_path, [*rows, {"STYLE #": "Delivery: 01/02/2027", "STYLE NAME": "", "SRP": ""}])
    assert [one.id for one in catalog][:3] == ["AN-100", "AN-101", "AN-102"]


def test_items_of_square_are_read(tmp_path: Path) -> None:
    sizes = [
        {"type": "ITEM_VARIATION", "id": f"V{size}", "item_variation_data": {
            "name": str(size), "sku": f"CS-{size}", "price_money": {"amount": 4950, "currency": "EUR"}}}
        for size in (39, 40)
    ]  # fmt: skip
    item = {"type": "ITEM", "id": "W6", "item_data": {"name": "Canvas shoes", "variations": sizes}}
    (tmp_path / "objects.json").write_text(json.dumps({"objects": [item]}))
    (shoes,) = read_catalog(tmp_path / "objects.json", images_required=False)
    assert (shoes.title, shoes.attributes["variant price_money"]) == ("Canvas shoes", 49.5)
    assert [one.id for one in shoes.variants] == ["CS-39", "CS-40"]


@pytest.mark.parametrize("names", [("price.amount", "price.currency"), ("price", "priceCurrency")])
def test_a_currency_may_be_beside_the_price(tmp_path: Path, names: tuple[str, str]) -> None:
    catalog = read(tmp_path, [{"sku": "A", names[0]: "89.50", names[1]: "EUR"}])
    assert catalog.details[names[0]] == ("number", "EUR")


def test_rows_that_describe_columns_with_unknown_names_are_no_products(tmp_path: Path) -> None:
    rows = [
        {"sku": "อ่านอย่างเดียว", "title": "จำเป็น", "ราคา": "จำเป็น", "ภาพ": "ไม่บังคับ"},
        {"sku": "", "title": "", "ราคา": "", "ภาพ": "ลิงก์ของภาพ"},
        {"sku": "A1", "title": "Coat", "ราคา": "9.50", "ภาพ": "a.jpg"},
        {"sku": "A2", "title": "Hat", "ราคา": "5.00", "ภาพ": "b.jpg"},
    ]
    catalog = read(tmp_path, rows)
    assert [one.id for one in catalog] == ["A1", "A2"]
    assert [one.row for one in catalog.remarks] == [2, 3]


def test_rows_of_a_template_may_have_numbers_among_their_words(tmp_path: Path) -> None:
    rows = [
        {"Seller SKU": "Optional", "Name": "Mandatory", "Price": "Mandatory", "Stock": "Mandatory"},
        {"Seller SKU": "", "Name": "At most 255 characters", "Price": "Numbers from 1 to 9999", "Stock": "Numbers"},
        {"Seller SKU": "G-1", "Name": "Summer hat", "Price": "25", "Stock": "4"},
        {"Seller SKU": "G-2", "Name": "Straw tote", "Price": "45", "Stock": "2"},
    ]
    catalog = read(tmp_path, rows)
    assert [(one.id, one.attributes["Price"]) for one in catalog] == [("G-1", 25), ("G-2", 45)]
    assert [one.row for one in catalog.remarks] == [2, 3]


def test_descriptions_of_columns_may_have_numbers(tmp_path: Path) -> None:
    described: dict[str, object] = {
        "sku": "Alphanumeric, 50 characters", "productName": "Text, 200 characters", "price": "Decimal",
        "mainImageUrl": "URL, up to 2000 characters", "quantity": "Number",
    }  # fmt: skip
    rows: list[dict[str, object]] = [described]
    rows += [
        {"sku": f"A{at}", "productName": f"Hat {at}", "price": at + 9, "mainImageUrl": f"{at}.jpg", "quantity": 2}
        for at in range(4)
    ]
    assert [one.id for one in read(tmp_path, rows)] == ["A0", "A1", "A2", "A3"]


def test_a_first_product_without_numbers_is_no_description(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"sku": "LAMP", "title": "Lamp", "price": "on request", "stock": "n/a"}]
    titles = ("Hat", "Cap", "Bag", "Belt")
    rows += [{"sku": f"A{at}", "title": title, "price": 9, "stock": 3} for at, title in enumerate(titles)]
    assert [one.id for one in read(tmp_path, rows)] == ["LAMP", "A0", "A1", "A2", "A3"]


def test_names_of_columns_of_an_unknown_program_are_a_header(tmp_path: Path) -> None:
    rows = [
        {"q_art_code_1": f"CAP-{at}", "q_art_text_1": f"Blue cap {at}", "q_art_val": at + 0.5, "q_art_group": "Caps"}
        for at in range(1, 5)
    ]
    assert [one.title for one in read(tmp_path, rows)] == [f"Blue cap {at}" for at in range(1, 5)]
