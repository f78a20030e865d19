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
        read(tmp_path, [{"Farbe": "rot", "Modell": f"M{number}"} for number in range(3)])
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


def test_codes_that_a_spreadsheet_rounded_are_named(tmp_path: Path) -> None:
    catalog = read(tmp_path, [{"id": number, "ean": "4.00638E+12"} for number in range(2)])
    assert catalog.columns["ean"] == "text"
    assert {one.kind for one in catalog.remarks} == {"ean was rounded by a spreadsheet"}
