"""Exports of WooCommerce."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog import read_catalog
from catalog.rows.changes import read_changes
from tests.catalog.shops import accounted, pictures, read, table, woocommerce


def test_woocommerce_variations_belong_to_their_parent_whatever_way_it_is_named(tmp_path: Path) -> None:
    catalog = read(tmp_path, woocommerce())
    assert [(one.title, one.attributes.get("Color"), one.attributes.get("Size")) for one in catalog] == [
        ("Hoodie", ["Blue"], ["S", "M"]), ("Hoodie", ["Red"], ["M"]), ("Cap", None, None),
    ]  # fmt: skip
    assert {one.group for one in catalog[:2]} == {"44"}
    assert catalog.find("52") == catalog[1]
    assert catalog.find("53") == catalog[1]
    assert {one.reason for one in catalog.left_out} == {"Published is -1", "In stock? is 0"}
    assert accounted(catalog)


@pytest.mark.parametrize("name", ["Name", "Nom", "Nombre", "Nome", "Naam"])
def test_every_look_has_the_title_of_the_parent_wherever_its_row_is(tmp_path: Path, name: str) -> None:
    rows = [{name if column == "Name" else column: cell for column, cell in row.items()} for row in woocommerce()]
    catalog = read(tmp_path, [*rows[1:5], rows[0]])
    assert [one.title for one in catalog] == ["Hoodie", "Hoodie"]


def test_a_variation_whose_parent_is_not_in_the_export_keeps_its_title(tmp_path: Path) -> None:
    catalog = read(tmp_path, woocommerce()[1:5])
    assert {one.title for one in catalog} >= {"Hoodie - Blue, S"}
    assert "Hoodie" not in {one.title for one in catalog}


def test_an_update_from_the_same_export_does_not_bring_the_titles_of_variations_back(tmp_path: Path) -> None:
    path = table(tmp_path / "catalog.csv", woocommerce())
    kinds = read_catalog(path, images_required=False).columns
    titles = {change.id: change.title for change in read_changes(path, kinds).changes}
    assert titles == {"44": "Hoodie", "50": None, "51": None, "52": None, "53": None, "60": "Cap", "61": "Belt"}


def test_woocommerce_categories_are_paths_and_costs_hidden(tmp_path: Path) -> None:
    catalog = read(tmp_path, woocommerce())
    assert catalog.columns["Categories"] == "path"
    assert catalog[0].attributes["Categories"] == ["Clothing > Hoodies", "Clothing > Sale"]
    assert catalog.roles["Meta: _wc_cog_cost"] == "hidden"


def test_woocommerce_columns_of_the_form_and_the_parent_are_hidden(tmp_path: Path) -> None:
    catalog = read(tmp_path, woocommerce())
    assert (catalog.roles["Type"], catalog.roles["Parent"]) == ("hidden", "hidden")


def test_woocommerce_cells_name_several_pictures(tmp_path: Path) -> None:
    names = ["hoodie", "hoodie-blue", "hoodie-red", "cap", "cap-back"]
    pictures(tmp_path, [f"images/{name}.jpg" for name in names])
    catalog = read(tmp_path, woocommerce(), images=True)
    assert [path.name for path in catalog[2].images if isinstance(path, Path)] == ["cap.jpg", "cap-back.jpg"]


def test_a_product_has_the_codes_of_its_parent_and_its_variants(tmp_path: Path) -> None:
    head = {"Name": "Dress", "Images": "", "Price": "19.90"}
    rows = [
        {"ID": 1, "Type": "variable", "SKU": "D-1", "Parent": "", "Size": "S, M", **head},
        {"ID": 2, "Type": "variation", "SKU": "D-1-S", "Parent": "D-1", "Size": "S", **head},
        {"ID": 3, "Type": "variation", "SKU": "D-1-M", "Parent": "D-1", "Size": "M", **head},
    ]
    [product] = read(tmp_path, rows)
    assert product.attributes["SKU"] == ["D-1", "D-1-S", "D-1-M"]


def test_an_export_of_webtoffee_has_the_attributes_of_variations_and_pictures_with_captions(tmp_path: Path) -> None:
    image = (
        "https://shop.example/a.jpg ! alt : Red ! title : a ! desc :  ! caption : |https://shop.example/b.jpg ! alt :"
    )
    rows = [
        {"ID": 1, "parent_sku": "", "post_title": "Tee", "post_status": "publish", "sku": "A", "images": image,
         "attribute:pa_color": "Red", "attribute:pa_size": "S|M"},
        {"ID": 2, "parent_sku": "A", "post_title": "Tee - S", "post_status": "publish", "sku": "A-S",
         "stock_status": "outofstock", "meta:attribute_pa_size": "S"},
        {"ID": 3, "parent_sku": "A", "post_title": "Tee - M", "post_status": "publish", "sku": "A-M",
         "stock_status": "instock", "meta:attribute_pa_size": "M"},
    ]  # fmt: skip
    (product,) = read(tmp_path, rows, images=True)
    assert (product.attributes["color"], product.attributes["size"]) == ("Red", ["M"])
    assert [getattr(one, "url", one) for one in product.images] == [
        "https://shop.example/a.jpg",
        "https://shop.example/b.jpg",
    ]
