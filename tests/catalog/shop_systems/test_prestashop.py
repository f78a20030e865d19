"""Exports of PrestaShop."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog import Address, read_catalog
from tests.catalog.shops import read, table


def test_combinations_of_prestashop_are_variants(tmp_path: Path) -> None:
    rows = [
        {"Product ID*": id, "Attribute (Name:Type:Position)*": "Size:select:0, Color:color:1",
         "Value (Value:Position)*": f"{size}:0, Red:0", "Reference": f"{id}{size}", "Quantity": 4}
        for id, size in ((1, "S"), (1, "M"), (2, "M"))
    ]  # fmt: skip
    catalog = read(tmp_path, rows)
    assert [(one.id, one.attributes["Size"], one.attributes["Color"]) for one in catalog] == [
        ("1", ["S", "M"], "Red"), ("2", ["M"], "Red"),
    ]  # fmt: skip


def test_prestashop_columns_are_known(tmp_path: Path) -> None:
    rows = [{
        "Product ID": "5", "Active (0/1)": active, "Name *": "Robe", "Categories (x,y,z...)": "Femme,Robes",
        "Price tax included": "29,90", "Wholesale price": "10", "Quantity": "3", "Supplier": "X",
        "Image URLs (x,y,z...)": "https://s.example/1.jpg,https://s.example/2.jpg",
        "Feature(Name:Value:Position)": "Couleur:Rouge:1,Composition:Coton:2",
    } | {"Product ID": id} for id, active in (("5", "1"), ("6", "0"))]  # fmt: skip
    table(tmp_path / "catalog.csv", rows, delimiter=";")
    (product,) = catalog = read_catalog(tmp_path)
    assert (product.id, product.title, product.attributes["Price tax included"]) == ("5", "Robe", 29.9)
    assert product.images == (Address("https://s.example/1.jpg"), Address("https://s.example/2.jpg"))
    assert (product.attributes["Couleur"], product.attributes["Composition"]) == ("Rouge", "Coton")
    assert {catalog.roles[name] for name in ("Wholesale price", "Supplier")} == {"hidden"}


@pytest.mark.parametrize("place", [0, 2])
def test_every_colour_of_prestashop_has_the_title_in_the_row_of_its_product(tmp_path: Path, place: int) -> None:
    names = {"Attribute (Name:Type:Position)*": "Color:color:0"}
    rows: list[dict[str, object]] = [
        {"Product ID*": 1, **names, "Value (Value:Position)*": f"{colour}:0", "Image URLs (x,y,z...)": f"{colour}.jpg"}
        for colour in ("Red", "Blue")
    ]  # fmt: skip
    rows.insert(place, {"Product ID*": 1, "Name *": "Dress"})
    assert [(one.title, one.attributes["Color"]) for one in read(tmp_path, rows)] == [
        ("Dress", "Red"), ("Dress", "Blue"),
    ]  # fmt: skip


def test_features_that_are_not_all_pairs_are_kept_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "catalog.csv").write_text('id,title,features\n1,a,"Material: cotton, Breathable"\n2,b,"Fit: slim"\n')
    catalog = read_catalog(tmp_path / "catalog.csv", images_required=False)
    assert (catalog[0].attributes["Material"], catalog[1].attributes["Fit"]) == ("cotton", "slim")
    assert "Breathable" in str(catalog[0].attributes["features"])
