"""Exports of Magento."""

from __future__ import annotations

import json
from pathlib import Path

from catalog import read_catalog
from tests.catalog.shops import accounted, read


def test_magento_variants_are_named_by_the_configurable_product(tmp_path: Path) -> None:
    rows = [
        {"sku": "WS-S", "product_type": "simple", "name": "Top S", "additional_attributes": "color=Red,size=S",
         "visibility": "Not Visible Individually", "categories": "", "base_image": "/w/s/top.jpg", "price": "19"},
        {"sku": "WS-M", "product_type": "simple", "name": "Top M", "additional_attributes": "color=Red,size=M",
         "visibility": "Not Visible Individually", "categories": "", "base_image": "/w/s/top.jpg", "price": "21"},
        {"sku": "WS", "product_type": "configurable", "name": "Top", "visibility": "Catalog, Search", "price": "",
         "categories": "Default Category/Women/Tops,Default Category/Sale", "base_image": "/w/s/top.jpg",
         "configurable_variations": "sku=WS-S,size=S,color=Red|sku=WS-M,size=M,color=Red"},
    ]  # fmt: skip
    catalog = read(tmp_path, rows)
    assert [(one.id, one.title, one.attributes["size"], one.attributes["price"]) for one in catalog] == [
        ("WS", "Top", ["S", "M"], 19)
    ]
    assert catalog[0].attributes["categories"] == ["Default Category > Women > Tops", "Default Category > Sale"]
    assert [one.id for one in catalog[0].variants] == ["WS-S", "WS-M"]


def test_the_stock_of_a_configurable_product_is_that_of_its_variants(tmp_path: Path) -> None:
    rows = [
        {"sku": "T-S", "name": "T", "qty": "5.0000", "is_in_stock": "1", "manage_stock": "1", "visibility": "none"},
        {"sku": "T", "name": "T", "qty": "0.0000", "manage_stock": "1", "configurable_variations": "sku=T-S,size=S"},
        {"sku": "U", "name": "U", "qty": "0.0000", "manage_stock": "0", "use_config_manage_stock": "0"},
        {"sku": "V", "name": "V", "qty": "0.0000", "manage_stock": "0", "use_config_manage_stock": "1"},
        {"sku": "W", "name": "W", "qty": "-2.0000", "manage_stock": "1", "allow_backorders": "1"},
        {"sku": "X", "name": "X", "qty": "0.0000", "manage_stock": "1", "is_in_stock": "0"},
    ]  # fmt: skip
    rows[0]["visibility"] = "Not Visible Individually"
    catalog = read(tmp_path, rows)
    assert [one.id for one in catalog] == ["T", "U", "W"]
    assert accounted(catalog)


def test_rows_of_other_languages_are_columns_of_their_product(tmp_path: Path) -> None:
    rows = [
        {"sku": sku, "store_view_code": view, "name": f"{name} {sku}", "price": "" if view else "19"}
        for sku in "AB" for view, name in (("", "Top"), ("de", "Oberteil"))
    ]  # fmt: skip
    catalog = read(tmp_path, rows)
    assert [(one.title, one.attributes["name de"], one.variants) for one in catalog] == [
        ("Top A", "Oberteil A", ()), ("Top B", "Oberteil B", ()),
    ]  # fmt: skip
    assert accounted(catalog)


def test_magentos_packed_attributes_may_be_quoted_and_lists(tmp_path: Path) -> None:
    packed = 'color=Red|Blue,fit="Slim, long",eco_collection=No'
    catalog = read(tmp_path, [{"sku": sku, "name": sku, "additional_attributes": packed} for sku in "AB"])
    assert catalog[0].attributes == {"color": ["Red", "Blue"], "fit": "Slim, long", "eco_collection": False}


def test_every_colour_has_the_title_of_the_configurable_product(tmp_path: Path) -> None:
    colours = ("Red", "Blue")
    rows: list[dict[str, object]] = [
        {"sku": f"T-{colour}", "name": f"Top-{colour}", "additional_attributes": f"color={colour}",
         "visibility": "Not Visible Individually", "base_image": f"/t/{colour}.jpg"} for colour in colours
    ]  # fmt: skip
    variations = "|".join(f"sku=T-{colour},color={colour}" for colour in colours)
    rows.append({"sku": "T", "name": "Top", "configurable_variations": variations, "base_image": "/t/Red.jpg"})
    catalog = read(tmp_path, rows)
    assert [(one.id, one.title, one.attributes["color"]) for one in catalog] == [
        ("T-Red", "Top", "Red"), ("T-Blue", "Top", "Blue"),
    ]  # fmt: skip


def answer(id: int, sku: str, type_id: str, visibility: int, price: float, **custom: str) -> dict[str, object]:
    """A product of Magento's API."""
    links = [2, 3] if type_id == "configurable" else []
    return {
        "id": id, "sku": sku, "name": f"Tee {sku}", "attribute_set_id": 9, "price": price, "status": 1,
        "visibility": visibility, "type_id": type_id,
        "extension_attributes": {"configurable_product_links": links} if links else {},
        "media_gallery_entries": [{"id": 1, "media_type": "image", "file": f"/{sku[0]}.jpg"}],
        "custom_attributes": [{"attribute_code": name, "value": value} for name, value in custom.items()],
    }  # fmt: skip


def test_products_of_the_api_have_their_sku_as_the_id_and_the_variants_that_they_link(tmp_path: Path) -> None:
    items = [
        answer(1, "T", "configurable", 4, 0, material="Cotton"), answer(2, "T-S", "simple", 1, 39, size="S"),
        answer(3, "T-M", "simple", 1, 35, size="M"), answer(4, "B", "simple", 4, 20, material="Nylon"),
    ]  # fmt: skip
    (tmp_path / "catalog.json").write_text(json.dumps({"items": items, "total_count": 4}))
    tee, bag = read_catalog(tmp_path / "catalog.json", images_required=False)
    assert (tee.id, [one.id for one in tee.variants], bag.id) == ("T", ["T-S", "T-M"], "B")
    assert (tee.attributes["size"], tee.attributes["price"], tee.attributes["material"]) == (["S", "M"], 35, "Cotton")
