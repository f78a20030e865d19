"""Tables and feeds of no known shop system."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog import Address, ModisteError, read_catalog
from tests.catalog.shops import read, table


def test_a_column_of_pictures_with_any_name_is_found(tmp_path: Path) -> None:
    rows = [{"id": number, "title": "a", "Foto vorn": f"https://a.example/{number}.jpg?w=9"} for number in range(3)]
    assert read_catalog(table(tmp_path / "catalog.csv", rows))[1].image == Address("https://a.example/1.jpg?w=9")


def test_a_table_without_an_id_names_a_column_that_could_be_it(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="'Modell' has another value in every row") as refused:
        read(tmp_path, [{"Farbe": "rot", "Modell": f"Modell {number}"} for number in range(3)])
    assert "--id-column" in refused.value.hint


def test_the_fields_of_nested_objects_become_columns(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"id": 1, "attributes": {"colour": "red", "fit": "slim"}, "price": 5}]')
    catalog = read_catalog(tmp_path / "a.json", images_required=False)
    assert catalog[0].attributes == {"colour": "red", "fit": "slim", "price": 5}


def test_a_feed_of_another_kind_is_read(tmp_path: Path) -> None:
    (tmp_path / "shop.xml").write_text(
        "<shop><products><product id='7'><name>Shirt</name><price>5.00</price>"
        "<images><image>https://a.example/1.jpg</image><image url='https://a.example/2.jpg'/></images></product>"
        "</products></shop>"
    )
    (product,) = read_catalog(tmp_path / "shop.xml")
    assert (product.id, product.title, product.attributes["price"]) == ("7", "Shirt", 5.0)
    assert product.images == (Address("https://a.example/1.jpg"), Address("https://a.example/2.jpg"))


def test_codes_that_a_spreadsheet_rounded_are_reported(tmp_path: Path) -> None:
    catalog = read(tmp_path, [{"id": number, "ean": "4.00638E+12"} for number in range(2)])
    assert catalog.columns["ean"] == "text"
    assert {one.kind for one in catalog.remarks} == {"ean was rounded by a spreadsheet"}


def test_a_feed_with_a_document_type_is_read(tmp_path: Path) -> None:
    (tmp_path / "yml.xml").write_text(
        '<?xml version="1.0"?>\n<!DOCTYPE yml_catalog SYSTEM\n"shops.dtd">\n<yml_catalog><shop><offers>'
        '<offer id="7" available="true"><name>Платье</name><price>1490</price><currencyId>RUB</currencyId>'
        '<param name="Цвет">красный</param></offer>\n<offer id="8" available="false"><name>Юбка</name></offer>'
        "</offers></shop></yml_catalog>",
        encoding="utf-8",
    )
    (dress,) = catalog = read_catalog(tmp_path / "yml.xml", images_required=False)
    assert (dress.id, dress.title, dress.attributes["price"]) == ("7", "Платье", 1490)
    assert catalog.details["price"].currency == "RUB"
    assert [one.row for one in catalog.left_out] == [5]


@pytest.mark.parametrize(
    "count", ["Qty on hand", "Stan magazynowy", "Lagerbestand (gesamt)", "készlet", "inventory level"]
)
def test_counts_of_stock_are_known(tmp_path: Path, count: str) -> None:
    assert [one.id for one in read(tmp_path, [{"id": 1, count: 3}, {"id": 2, count: 0}])] == ["1"]


def test_short_descriptions_are_titles_where_there_are_no_others(tmp_path: Path) -> None:
    rows = [{"Item No.": number, "Description": f"Trench coat {number}"} for number in range(3)]
    assert [one.title for one in read(tmp_path, rows)] == ["Trench coat 0", "Trench coat 1", "Trench coat 2"]
    assert read(tmp_path, [{**row, "Description": "Warm and long. " * 9} for row in rows])[0].title == ""
    assert read(tmp_path, [{**row, "Name": "Coat"} for row in rows])[0].title == "Coat"
