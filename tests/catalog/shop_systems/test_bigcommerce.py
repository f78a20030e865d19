"""Exports of BigCommerce."""

from __future__ import annotations

from pathlib import Path

from catalog import read_catalog
from tests.catalog.shops import accounted, read, table


def test_bigcommerce_products_have_variants_and_pictures_in_rows_of_their_own(tmp_path: Path) -> None:
    rows = [
        {"Item": "Product", "ID": "77", "Name": "Shoe", "SKU": "SH", "Inventory Tracking": "variant",
         "Current Stock": "0", "Is Visible": "TRUE", "Cost Price": "30"},
        {"Item": "Variant", "ID": "101", "SKU": "SH-40", "Options": "Type=R|Name=Size|Value=40", "Current Stock": "3"},
        {"Item": "Variant", "ID": "102", "SKU": "SH-41", "Options": "Type=R|Name=Size|Value=41", "Current Stock": "0"},
        {"Item": "Image", "Internal Image URL (Export)": "https://s.example/1.jpg"},
        {"Item": "Image", "Internal Image URL (Export)": "https://s.example/2.jpg"},
        {"Item": "Product", "ID": "79", "Name": "Hat", "SKU": "HT", "Inventory Tracking": "none",
         "Current Stock": "0", "Is Visible": "TRUE"},
        {"Item": "Image", "Internal Image URL (Export)": "https://s.example/3.jpg"},
    ]  # fmt: skip
    catalog = read_catalog(table(tmp_path / "catalog.csv", rows))
    assert [(one.title, len(one.images)) for one in catalog] == [("Shoe", 2), ("Hat", 1)]
    assert catalog[0].attributes["Size"] in ("40", ["40"])
    assert accounted(catalog)


def test_bigcommerce_rows_below_a_product_belong_to_it(tmp_path: Path) -> None:
    rows = [
        {"Item Type": "Product", "Product ID": "77", "Product Name": "Shoe", "Product Code/SKU": "SH", "Price": "80",
         "Category": "Shop/Shoes", "Product Visible?": "Y", "Cost Price": "30", "Product Image File - 1": "s/shoe.jpg",
         "Product Image File - 2": "s/side.jpg"},
        {"Item Type": "  SKU", "Product Name": "[RT]Size=40,[CS]Color=Black", "Product Code/SKU": "SH-40"},
        {"Item Type": "  SKU", "Product Name": "[RT]Size=41,[CS]Color=Black", "Product Code/SKU": "SH-41"},
        {"Item Type": "Product", "Product ID": "78", "Product Name": "Bag", "Product Code/SKU": "BG", "Price": "50",
         "Product Visible?": "N", "Product Image File - 1": "b/bag.jpg"},
    ]  # fmt: skip
    catalog = read(tmp_path, rows)
    assert [(one.id, one.title, one.attributes["Size"]) for one in catalog] == [("77", "Shoe", ["40", "41"])]
    assert catalog.roles["Cost Price"] == "hidden"
    assert accounted(catalog)


def test_every_colour_of_bigcommerce_has_the_title_of_its_product(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"Item": "Product", "ID": "77", "Name": "Shoe", "SKU": "SH", "Is Visible": "TRUE"},
    ]  # fmt: skip
    for place, colour in enumerate(["Red", "Blue"]):
        rows.append({
            "Item": "Variant", "ID": f"10{place}", "Name": f"Shoe {colour}", "SKU": f"SH-{colour}",
            "Options": f"Type=R|Name=Color|Value={colour}", "Variant Image URL": f"https://s.example/{colour}.jpg",
        })  # fmt: skip
    assert [(one.title, one.attributes["Color"]) for one in read(tmp_path, rows)] == [("Shoe", "Red"), ("Shoe", "Blue")]


def test_skus_with_the_numbers_of_products_are_distinguished(tmp_path: Path) -> None:
    rows = [
        {"Item Type": kind, "Product ID": id, "Product Name": name, "Product Code/SKU": code, "Track Inventory": "none",
         "Current Stock Level": "0", "Price": price}
        for kind, id, name, code, price in (
            ("Product", 1, "Jacket", "J", "225.00"), ("  SKU", 1, "[RB]Size=S", "J-S", ""),
            ("  SKU", 2, "[RB]Size=M", "J-M", ""), ("Product", 2, "Cap", "C", "9.00"),
        )
    ]  # fmt: skip
    jacket, cap = catalog = read(tmp_path, rows)
    assert (jacket.id, jacket.attributes["Size"], cap.id) == ("1", ["S", "M"], "2")
    assert catalog.find("J-M") == jacket


def test_custom_fields_are_columns_and_categories_are_paths(tmp_path: Path) -> None:
    rows = [
        {"Item Type": "Product", "Product ID": "77", "Product Name": "Canvas Tote", "Category": "Bags/Totes;Sale",
         "Product Custom Fields": "Material=Canvas;Closure=Zip"},
        {"Item Type": "Product", "Product ID": "78", "Product Name": "Pouch", "Category": "Bags",
         "Product Custom Fields": "Material=Leather"},
    ]  # fmt: skip
    tote, pouch = read(tmp_path, rows)
    assert (tote.attributes["Material"], tote.attributes["Closure"]) == ("Canvas", "Zip")
    assert (tote.attributes["Category"], pouch.attributes["Category"]) == (["Bags > Totes", "Sale"], ["Bags"])


def test_pictures_in_rows_of_their_own_do_not_put_a_sold_out_product_up_for_sale(tmp_path: Path) -> None:
    rows = []
    for at, stock in enumerate((3, 0)):
        rows += [
            {"Item": "Product", "ID": at, "Name": f"Hat {at}", "SKU": f"A{at}", "Current Stock": stock},
            {"Item": "Variant", "ID": 10 + at, "SKU": f"A{at}-S", "Current Stock": stock},
            {"Item": "Image", "ID": 20 + at, "Internal Image URL (Export)": f"https://cdn.example/{at}.jpg"},
            {"Item": "Image", "ID": 30 + at, "Internal Image URL (Export)": f"https://cdn.example/{at}b.jpg"},
        ]  # fmt: skip
    (product,) = read(tmp_path, rows, images=True)
    assert [str(getattr(one, "url", one)).rsplit("/")[-1] for one in product.images] == ["0.jpg", "0b.jpg"]
