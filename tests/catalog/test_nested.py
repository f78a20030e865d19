"""Objects in cells, merged cells, and files that are no tables."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest

from catalog import Address, Catalog, ModisteError, read_catalog


def of_json(folder: Path, products: list[dict[str, Any]] | dict[str, Any], *, pictures: bool = False) -> Catalog:
    path = folder / "products.json"
    path.write_text(json.dumps(products), encoding="utf-8")
    return read_catalog(path, images_required=pictures)


def test_fields_with_one_name_in_two_objects_do_not_replace_each_other(tmp_path: Path) -> None:
    look, care = {"colour": "red", "shade": "bright"}, {"wash": "30", "shade": "cold"}
    catalog = of_json(tmp_path, [{"id": "1", "title": "a", "look": look, "care": care, "wash": "by hand"}])
    assert catalog[0].attributes == {"wash": "by hand", "colour": "red", "look shade": "bright", "care wash": 30} | {
        "care shade": "cold"
    }


def test_a_price_with_its_currency_is_a_price(tmp_path: Path) -> None:
    prices = [{"amount": "19.90", "currency": "EUR"}, {"amount": 25, "currency": "EUR"}, None]
    rows = [{"id": str(number), "title": "a", "price": price} for number, price in enumerate(prices)]
    catalog = of_json(tmp_path, rows)
    assert [one.attributes.get("price") for one in catalog] == [19.9, 25, None]
    assert catalog.details["price"].currency == "EUR"


def test_a_text_in_several_languages_is_one_in_its_first_language_and_a_column_for_each(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "title": {"de": "Hemd", "en-GB": "Shirt"}, "text": {"de": "Weich", "en-GB": "Soft"}},
        {"id": 2, "title": {"de": "", "en-GB": "Hat"}, "text": None},
    ]
    catalog = of_json(tmp_path, rows)
    assert [one.title for one in catalog] == ["Hemd", "Hat"]
    assert catalog[0].attributes["title en-GB"] == "Shirt"
    assert (catalog[0].attributes["text"], catalog[0].attributes["text de"]) == ("Weich", "Weich")


NAMED: list[tuple[str, object]] = [("Color", ["Red", "Blue"]), ("Fit", "Slim")]


@pytest.mark.parametrize(
    "pairs",
    [
        [{"id": 1, "name": "Color", "options": ["Red", "Blue"]}, {"id": 2, "name": "Fit", "options": ["Slim"]}],
        [{"key": "Color", "value": "Red"}, {"key": "Color", "value": "Blue"}, {"key": "Fit", "value": "Slim"}],
        [{"attribute_name": name, "attribute_value": value} for name, value in NAMED],
    ],
)
def test_names_and_values_are_columns(tmp_path: Path, pairs: list[dict[str, Any]]) -> None:
    rows = [{"id": 1, "title": "a", "attributes": pairs}, {"id": 2, "title": "b", "attributes": []}]
    catalog = of_json(tmp_path, rows)
    assert catalog[0].attributes["Color"] == ["Red", "Blue"]
    assert catalog[0].attributes["Fit"] in ("Slim", ["Slim"])
    assert catalog[1].attributes == {}


def test_details_of_googles_feed_are_columns(tmp_path: Path) -> None:
    details = "".join(
        f"<g:product_detail><g:section_name>General</g:section_name><g:attribute_name>{name}</g:attribute_name>"
        f"<g:attribute_value>{value}</g:attribute_value></g:product_detail>"
        for name, value in [("Fit", "Slim"), ("Neckline", "Crew")]
    )
    (tmp_path / "feed.xml").write_text(
        '<rss xmlns:g="http://base.google.com/ns/1.0"><channel>'
        f"<item><g:id>1</g:id><g:title>Tee</g:title>{details}</item><item><g:id>2</g:id><g:title>Hat</g:title></item>"
        "</channel></rss>"
    )
    catalog = read_catalog(tmp_path / "feed.xml", images_required=False)
    assert [one.attributes for one in catalog] == [{"Fit": "Slim", "Neckline": "Crew"}, {}]


def test_the_answer_of_shopifys_api_has_variants_with_their_skus_and_all_pictures(tmp_path: Path) -> None:
    variants = [{"id": 11, "sku": "T-S", "price": "9.90", "option1": "S"}, {"id": 12, "sku": "T-M", "option1": "M"}]
    images = [{"id": 1, "src": "https://cdn.shop.test/1.jpg"}, {"id": 2, "src": "https://cdn.shop.test/2.jpg"}]
    product = {
        "id": 0, "title": "Tee", "variants": variants, "options": [{"name": "Size"}], "images": images,
        "image": {"src": "https://cdn.shop.test/1.jpg"},
    }  # fmt: skip
    catalog = of_json(tmp_path, {"products": [product]}, pictures=True)
    assert [(one.id, [variant.id for variant in one.variants]) for one in catalog] == [("0", ["T-S", "T-M"])]
    assert catalog[0].images == (Address("https://cdn.shop.test/1.jpg"), Address("https://cdn.shop.test/2.jpg"))
    assert catalog.find("T-M") is catalog[0]


def test_no_number_is_infinite(tmp_path: Path) -> None:
    (tmp_path / "catalog.jsonl").write_text(
        '{"id": 1, "title": "a", "price": 1e400}\n{"id": 2, "title": "b", "price": 5}\n'
    )
    catalog = read_catalog(tmp_path / "catalog.jsonl", images_required=False)
    assert [one.attributes for one in catalog] == [{}, {"price": 5}]
    table = pyarrow.table({"id": ["1", "2"], "title": ["a", "b"], "price": [float("-inf"), 5.5]})
    pyarrow.parquet.write_table(table, tmp_path / "catalog.parquet")
    catalog = read_catalog(tmp_path / "catalog.parquet", images_required=False)
    assert [one.attributes for one in catalog] == [{}, {"price": 5.5}]


def test_a_cell_over_several_rows_holds_in_each(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Price list of today"])
    sheet.merge_cells("A1:C1")
    sheet.append(["id", "title", "colour"])
    for number, colour in enumerate(["red", None, None, "blue"]):
        sheet.append([number + 1, f"Shirt {number}", colour])
    sheet.merge_cells("C3:C5")
    book.save(tmp_path / "catalog.xlsx")
    catalog = read_catalog(tmp_path / "catalog.xlsx", images_required=False)
    assert [one.attributes["colour"] for one in catalog] == ["red", "red", "red", "blue"]


def test_a_comma_that_woocommerce_escapes_is_part_of_its_item(tmp_path: Path) -> None:
    (tmp_path / "catalog.csv").write_text('id,title,tags\n1,a,"new\\, hot, summer"\n2,b,"summer, sale"\n')
    catalog = read_catalog(tmp_path / "catalog.csv", images_required=False)
    assert catalog[0].attributes["tags"] == ["new, hot", "summer"]


def test_lists_of_shopifys_metafields_are_lists(tmp_path: Path) -> None:
    (tmp_path / "catalog.csv").write_text(
        "Handle,Title,Fabric (product.metafields.shopify.fabric)\na,A,linen; cotton\nb,B,wool\n"
    )
    catalog = read_catalog(tmp_path / "catalog.csv", images_required=False)
    assert [list(one.attributes.values()) for one in catalog] == [[["linen", "cotton"]], [["wool"]]]


def test_a_database_and_a_web_page_say_what_they_are(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "shop.sqlite")
    connection.execute("create table products(id, title)")
    connection.commit()
    connection.close()
    with pytest.raises(ModisteError, match="is an SQLite database") as refused:
        read_catalog(tmp_path / "shop.sqlite", images_required=False)
    assert "sqlite3 -header -csv shop.sqlite" in refused.value.hint
    (tmp_path / "export.xls").write_text("<table><tr><th>id</th></tr><tr><td>1</td></tr></table>")
    with pytest.raises(ModisteError, match="is a web page"):
        read_catalog(tmp_path / "export.xls", images_required=False)
