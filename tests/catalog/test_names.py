"""Names of columns with what systems add to them: an owner, a language, a currency."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import read_catalog
from catalog.names import pick
from catalog.names.columns import standard_name
from tests.catalog.shops import pictures, read

LOCALES = ["de_{}", "{}-en_US", "{}_fr", "{} DE", "{}#it", "{} (en-gb)", "{}-de_CH-ecommerce", "NL.{}"]
OWNERS = ["product_{}", "Product {}", "item-{}", "Variant {}", "product.{}"]
MONEY = ["{} EUR", "{}-USD", "{}_gbp", "EUR {}", "{} (CHF)"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    title=st.sampled_from(["{}", *LOCALES, *OWNERS]), price=st.sampled_from(["{}", *OWNERS, *MONEY]),
    stock=st.sampled_from(["{}", *OWNERS]), image=st.sampled_from(["{}", *OWNERS, *LOCALES]),
    colour=st.sampled_from(["{}", *OWNERS, *LOCALES]), status=st.sampled_from(["{}", *OWNERS]),
)  # fmt: skip
def test_decorated_names_mean_what_the_plain_ones_mean(
    tmp_path: Path, title: str, price: str, stock: str, image: str, colour: str, status: str
) -> None:
    pictures(tmp_path, ["images/a.jpg", "images/b.jpg"])
    names = [
        "sku", title.format("Title"), price.format("Price"), stock.format("quantity"), image.format("image"),
        colour.format("colour"), status.format("status"),
    ]  # fmt: skip
    cells = [
        ["1", "Shirt", "1.299,00", "4", "a.jpg", "red", "active"], ["2", "Skirt", "19,90", "0", "b.jpg", "blue", ""],
        ["3", "Scarf", "19,90", "3", "b.jpg", "blue", "draft"], ["4", "Socks", "9,90", "3", "a.jpg", "blue", "active"],
    ]  # fmt: skip
    catalog = read(tmp_path, [dict(zip(names, row, strict=True)) for row in cells], images=True)
    assert [(one.id, one.title, one.attributes[names[2]]) for one in catalog] == [
        ("1", "Shirt", 1299.0), ("4", "Socks", 9.9),
    ]  # fmt: skip
    assert catalog.special is not None
    assert (catalog.special.pictures, catalog.special.looks) == ((names[4],), (names[5],))
    assert {catalog.roles[names[place]] for place in (3, 6)} == {"stock"}


@pytest.mark.parametrize(
    "name", ["product_path", "product file", "item number", "is_new", "size_id", "no_return", "care title tag", "de"]
)
def test_other_names_are_not_shortened(name: str) -> None:
    assert standard_name(name) == name.replace("_", "").replace(" ", "")


def test_an_exact_name_comes_before_a_decorated_one() -> None:
    assert pick(["Variant Title", "Product Title", "title_de"], ["title", "producttitle"]) == [
        "Product Title", "Variant Title",
    ]  # fmt: skip


def test_exports_of_systems_that_prefix_their_columns_are_read(tmp_path: Path) -> None:
    rows = [
        {"Internal_Variant_ID": "9001", "Visible": visible, "NL_Title_Short": "Jas", "Price": "129.95",
         "Price_Cost": "50", "Stock_Level": "4", "Images": "https://s.example/1.jpg", "SKU": sku}
        for sku, visible in (("JAS-M", "Y"), ("WG", "N"))
    ]  # fmt: skip
    (product,) = catalog = read(tmp_path, rows)
    assert (product.id, product.title) == ("JAS-M", "Jas")
    assert catalog.roles["Price_Cost"] == "hidden"
    assert [one.reason for one in catalog.left_out] == ["Visible is N"]


@pytest.mark.parametrize("name", ["supply_price", "Trade £", "Default Vendor Name", "product_cost_price"])
def test_purchase_prices_and_suppliers_of_tills_are_hidden(tmp_path: Path, name: str) -> None:
    (tmp_path / "catalog.csv").write_text(f"sku,name,{name}\n1,a,4.00\n2,b,5.00\n", encoding="utf-8")
    assert read_catalog(tmp_path / "catalog.csv", images_required=False).roles[name] == "hidden"
