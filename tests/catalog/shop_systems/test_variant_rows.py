"""What belongs to a product and what to its variants, where shop systems leave cells of variants empty."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import read_catalog
from tests.catalog.shops import accounted, read, table


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.integers(1, 5), pictures=st.integers(1, 8), skus=st.booleans(), repeated=st.booleans())
def test_pictures_of_shopify_beyond_its_variants_are_no_variants(
    tmp_path: Path, sizes: int, pictures: int, skus: bool, repeated: bool
) -> None:
    rows: list[dict[str, object]] = []
    for place in range(max(sizes, pictures)):
        first, variant = place == 0, place < sizes
        rows.append({
            "Handle": "jacket", "Title": "Jacket" if first else "", "Vendor": "Acme" if first else "",
            "Tags": "denim" if first else "", "Status": "active" if first or repeated else "",
            "Option1 Name": "Size" if first else "", "Option1 Value": f"{place}-{place + 1}" if variant else "",
            "Variant SKU": f"J{place}" if skus and variant else "", "Variant Price": 99 + place if variant else "",
            "Variant Grams": 900 if variant else "", "Image Src": f"https://s.example/{place}.jpg"
            if place < pictures else "", "Image Position": place + 1 if place < pictures else "",
        })  # fmt: skip
    (jacket,) = catalog = read_catalog(table(tmp_path / "catalog.csv", rows))
    assert len(jacket.images) == pictures
    assert accounted(catalog)
    if sizes > 1:
        assert [one.attributes["Size"] for one in jacket.variants] == [f"{n}-{n + 1}" for n in range(sizes)]
        assert not any({"Vendor", "Tags", "Status"} & one.attributes.keys() for one in jacket.variants)
    assert (jacket.attributes["Vendor"], jacket.attributes["Variant Price"]) == ("Acme", 99)


def test_an_option_that_shopify_also_has_as_a_metafield_keeps_its_name(tmp_path: Path) -> None:
    metafield = "Color (product.metafields.shopify.color-pattern)"
    rows = [
        {"Title": "Shirt" * (number == 0), "URL handle": "shirt", "Option1 name": "Color" * (number == 0),
         "Option1 value": colour, "Option2 name": "Size" * (number == 0), "Option2 value": size,
         "SKU": f"{colour}-{size}", "Price": 59 + number, "Product image URL": f"https://s.example/{number}.jpg",
         "Variant image URL": f"https://s.example/{colour}.jpg", metafield: "white; blue" * (number == 0)}
        for number, (colour, size) in enumerate([("White", "S"), ("White", "M"), ("Blue", "S")])
    ]  # fmt: skip
    catalog = read_catalog(table(tmp_path / "catalog.csv", rows))
    assert [(one.attributes["Color"], one.attributes["Size"], one.attributes["Price"]) for one in catalog] == [
        ("White", ["S", "M"], 59), ("Blue", ["S"], 61),
    ]  # fmt: skip


def test_a_variant_without_a_price_has_that_of_its_product(tmp_path: Path) -> None:
    rows = [
        {"Item": "Product", "ID": "93", "Name": "Shirt", "SKU": "CH", "Price": "49.50", "Options": ""},
        {"Item": "Variant", "ID": "201", "SKU": "CH-S", "Options": "Type=Rectangles|Name=Size|Value=S"},
        {"Item": "Variant", "ID": "202", "SKU": "CH-M", "Options": "Type=Rectangles|Name=Size|Value=M",
         "Price": "52.50"},
    ]  # fmt: skip
    (shirt,) = read(tmp_path, rows)
    assert shirt.attributes["Price"] == 49.5
    assert [one.attributes.get("Price") for one in shirt.variants] == [None, 52.5]


def test_features_of_prestashop_have_up_to_four_parts(tmp_path: Path) -> None:
    rows = [{"Product ID": 1, "Name": "a", "Feature(Name:Value:Position:Customized)": "Fit:Slim:1:0,Fabric:Wool:2:1"}]
    (product,) = read(tmp_path, rows)
    assert (product.attributes["Fit"], product.attributes["Fabric"]) == ("Slim", "Wool")
