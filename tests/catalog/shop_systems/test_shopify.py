"""Exports of Shopify."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalog import Address, read_catalog
from tests.catalog.shops import accounted, pictures, read, shopify, table


def test_shopify_rows_of_one_handle_are_one_product_with_its_sizes(tmp_path: Path) -> None:
    catalog = read(tmp_path, shopify())
    assert [product.id for product in catalog] == ["tee-red", "tee-navy"]
    red, navy = catalog
    assert (red.title, red.attributes["Type"], red.attributes["Vendor"]) == ("Red tee", "T-Shirts", "Acme")
    assert (navy.attributes["Size"], navy.attributes["Variant Price"]) == (["S", "M", "L"], 19.9)
    assert [variant.id for variant in navy.variants] == ["1000", "1001", "1002"]
    assert [variant.attributes["Variant Price"] for variant in navy.variants] == [19.9, 20.9, 21.9]
    assert catalog.problems == ()
    assert accounted(catalog)


def test_shopify_variants_without_stock_and_drafts_are_left_out(tmp_path: Path) -> None:
    catalog = read(tmp_path, shopify())
    assert catalog[0].attributes["Size"] == ["S", "M"]
    reasons = {one.row: one.reason for one in catalog.left_out}
    assert list(reasons.values()).count("Variant Inventory Qty is 0") == 1
    assert set(reasons.values()) == {"Status is draft", "Variant Inventory Qty is 0"}
    assert accounted(catalog)


def test_an_article_number_beside_a_handle_is_a_variant_of_a_product_that_is_sold_in_one_way(tmp_path: Path) -> None:
    row = {"Handle": "cap", "Title": "Cap", "Variant SKU": "CAP-1", "Variant Price": "9.90"}
    (cap,) = read(tmp_path, [row])
    assert (cap.id, [variant.id for variant in cap.variants]) == ("cap", ["CAP-1"])


def test_shopify_tags_are_a_list_barcodes_text_and_costs_hidden(tmp_path: Path) -> None:
    catalog = read(tmp_path, shopify())
    assert catalog.columns["Tags"] == "list"
    assert catalog[0].attributes["Tags"] == ["basics", "summer", "red"]
    assert catalog.columns["Variant Barcode"] in ("text", "list")
    assert catalog.roles["Cost per item"] == "hidden"
    assert not {"Cost per item", "Image Position", "Variant Inventory Policy"} & catalog.columns.keys()
    assert all("Cost per item" not in one.attributes for product in catalog for one in product.variants)


def test_shopify_pictures_of_all_rows_belong_to_the_product(tmp_path: Path) -> None:
    pictures(tmp_path, [f"images/{handle}_{number}.jpg" for handle in ("tee-red", "tee-navy") for number in (0, 1)])
    catalog = read(tmp_path, shopify(), images=True)
    assert [[path.name for path in product.images if isinstance(path, Path)] for product in catalog] == [
        ["tee-red_0.jpg", "tee-red_1.jpg"], ["tee-navy_0.jpg", "tee-navy_1.jpg"],
    ]  # fmt: skip


def test_shopify_variants_with_pictures_of_their_own_are_products_of_their_own(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = []
    for colour in ("Red", "Blue"):
        for size in "SM":
            rows.append({
                "Handle": "polo", "Title": "Polo" if not rows else "", "Option1 Name": "Color" if not rows else "",
                "Option1 Value": colour, "Option2 Name": "Size" if not rows else "", "Option2 Value": size,
                "Variant SKU": f"{colour}{size}", "Image Src": f"images/{len(rows)}.jpg",
                "Variant Image": f"images/{colour}.jpg",
            })  # fmt: skip
    catalog = read(tmp_path, rows)
    assert [(one.id, one.group, one.attributes["Color"]) for one in catalog] == [
        ("polo:red", "polo", "Red"), ("polo:blue", "polo", "Blue"),
    ]  # fmt: skip
    assert catalog[0].attributes["Size"] == ["S", "M"]
    assert catalog.find("BlueM") == catalog[1]


@pytest.mark.parametrize("option", ["Handle", "Title", "Type", "Status", "Variant SKU", "Image Src", "Photo"])
def test_an_option_that_is_called_like_a_column_keeps_both(tmp_path: Path, option: str) -> None:
    rows = [
        {"Handle": handle, "Title": handle.upper() * (number == 0), "Type": "Bag",
        "Option1 Name": option * (number == 0),
         "Option1 Value": value, "Variant SKU": f"{handle}{value}", "Status": "active",
         "Image Src": f"https://s.example/{handle}.jpg"}
        for handle in "ab" for number, value in enumerate(["Long", "Short"])
    ]  # fmt: skip
    catalog = read_catalog(table(tmp_path / "catalog.csv", rows))
    assert [(one.id, one.title, one.images) for one in catalog] == [
        (name, name.upper(), (Address(f"https://s.example/{name}.jpg"),)) for name in "ab"
    ]
    assert [one.attributes[f"option {option}"] for one in catalog[0].variants] == ["Long", "Short"]


def test_the_answer_of_a_shop_api_is_read(tmp_path: Path) -> None:
    product = {
        "id": 7, "title": "Tee", "handle": "tee", "tags": ["a", "b"], "options": [{"name": "Size"}],
        "images": [{"src": "https://cdn.example/1.jpg"}, {"src": "https://cdn.example/2.jpg"}],
        "variants": [{"id": 71, "sku": "T-S", "option1": "S", "price": "19.90"},
                     {"id": 72, "sku": "T-M", "option1": "M", "price": "21.90"}],
    }  # fmt: skip
    (tmp_path / "products.json").write_text(json.dumps({"products": [product]}, indent=1))
    (tee,) = read_catalog(tmp_path / "products.json")
    assert tee.attributes["Size"] == ["S", "M"]
    assert tee.attributes["variant price"] == 19.9
    assert tee.images == (Address("https://cdn.example/1.jpg"), Address("https://cdn.example/2.jpg"))


def test_metafields_of_matrixify_are_public_unless_their_names_are_of_costs(tmp_path: Path) -> None:
    own = {"Metafield: custom.colour [single_line_text_field]": "Red", "Metafield: custom.cost [money]": "9"}
    (product,) = read(tmp_path, [{"Handle": "tee", "Title": "Tee", "Variant SKU": "A", **own}])
    assert list(product.attributes) == ["colour"]


def test_metafields_have_their_short_names_unless_settings_name_them(tmp_path: Path) -> None:
    long = "Fit (product.metafields.custom.fit)"
    rows = [
        {
            "Handle": "tee",
            "Title": "Tee",
            "Variant SKU": "A",
            long: "Slim",
            "Colour (product.metafields.a.b)": "red; blue",
        }
    ]
    catalog = read(tmp_path, rows)
    assert catalog[0].attributes == {"Fit": "Slim", "Colour": ["red", "blue"]}
    assert catalog.special is not None
    assert not catalog.special.looks
    (tmp_path / "catalog.toml").write_text(f'[columns."{long}"]\nrole = "fact"\n')
    assert read(tmp_path, rows).roles == {long: "fact", "Colour": "wish"}


def test_metafields_in_the_answer_of_graphql_are_public(tmp_path: Path) -> None:
    fields = [{"node": {"namespace": "custom", "key": "fabric", "value": "Linen", "type": "single_line_text_field"}}]
    product = {"node": {"handle": "tee", "title": "Tee", "metafields": {"edges": fields}}}
    (tmp_path / "a.json").write_text(json.dumps({"data": {"products": {"edges": [product]}}}))
    assert read_catalog(tmp_path / "a.json", images_required=False)[0].attributes["fabric"] == "Linen"


def test_rows_of_further_pictures_do_not_put_a_sold_out_product_up_for_sale(tmp_path: Path) -> None:
    rows = [
        {"Handle": handle, "Title": "" if place else handle, "Variant SKU": "" if place else f"{handle}-1",
         "Variant Inventory Tracker": "" if place else "shopify", "Variant Inventory Qty": "" if place else stock,
         "Image Src": f"https://cdn.example/{handle}{place}.jpg", "Image Position": place + 1}
        for handle, stock in (("tee", 0), ("hat", 4)) for place in range(3)
    ]  # fmt: skip
    (product,) = read(tmp_path, rows, images=True)
    assert (product.id, len(product.images)) == ("hat", 3)
