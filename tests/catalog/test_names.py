"""Names of columns with what systems add to them: an owner, a language, a currency."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import read_catalog
from catalog.inspection import report
from catalog.names.columns import pick, standard_name
from catalog.names.hidden import is_hidden
from catalog.names.sale import shows_in_shop
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


@pytest.mark.parametrize(
    "columns",
    [
        "published_scope template_suffix admin_graphql_api_id updated_at created_at weight_unit taxable grams",
        "tax_class tax_status date_created_gmt date_modified menu_order reviews_allowed shipping_class_id total_sales",
        "attribute_set_code tax_class_name product_websites page_layout is_qty_decimal max_cart_qty",
        "sort_order product_tax_class fixed_shipping_cost order_quantity_minimum is_condition_shown date_modified",
        "id_tax_rules_group date_add date_upd id_shop_default advanced_stock_management redirect_type indexed",
        "identifier_exists is_bundle multipack adult ads_redirect custom_label_0 shipping_weight promotion_id",
        "taxId versionId coverId cmsPageId createdAt updatedAt categoryTree autoIncrement minPurchase markAsTopseller",
        "tax_class_id stock_status_id weight_class_id date_added date_modified viewed subtract",
        "create_uid write_uid create_date write_date __last_update uom_id taxes_id message_follower_ids",
        "OXINSERT OXTIMESTAMP discountable featured created updated responsible layout translated.name pickup_enabled",
        "created_by modified_by erstellt_am Änderungsdatum last_modified_at tax_rate steuersatz tva",
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", ["1", "true", "text", "2026-03-04T10:00:00Z"])
def test_columns_that_systems_keep_for_themselves_are_not_public(tmp_path: Path, columns: str, value: str) -> None:
    rows = [{"sku": f"A-{number}", "name": "Hat", **dict.fromkeys(columns.split(), value)} for number in range(3)]
    catalog = read(tmp_path, rows)
    assert {name: catalog.roles[name] for name in columns.split()} == dict.fromkeys(columns.split(), "hidden")
    assert catalog.columns == {}


@pytest.mark.parametrize(
    "name",
    [
        "Added",
        "vintage",
        "weight",
        "condition",
        "age_group",
        "season",
        "on_sale",
        "Release date",
        "Version of the print",
    ],
)
def test_columns_about_the_product_are_public(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, [{"sku": "A-1", "name": "Hat", name: "new"}]).roles[name] != "hidden"


def test_names_may_have_the_owner_behind_them(tmp_path: Path) -> None:
    rows = [
        {"ID_PRODUCT": f"L{n}", "NAME_PRODUCT": "Pumps", "PRICE_PRODUCT": "89.00", "PRICE_REDUCED": "69.00",
         "CURRENCY": "EUR", "IMAGE_PRODUCT": f"https://s.example/{n}.jpg"}
        for n in range(3)
    ]  # fmt: skip
    catalog = read(tmp_path, rows, images=True)
    assert (catalog[0].id, catalog[0].title, len(catalog[0].images)) == ("L0", "Pumps", 1)
    assert {catalog.details[name].currency for name in ("PRICE_PRODUCT", "PRICE_REDUCED")} == {"EUR"}


def test_a_vendor_is_the_brand_unless_there_is_a_column_of_brands(tmp_path: Path) -> None:
    rows = [{"sku": f"A{n}", "title": "Coat", "Vendor": "Rains A/S"} for n in range(2)]
    assert read(tmp_path, rows).roles["Vendor"] == "wish"
    assert read(tmp_path, [{**row, "Brand": "Rains"} for row in rows]).roles["Vendor"] == "hidden"


@pytest.mark.parametrize("name", ["vendor_name", "Vendor Name", "VNDR_NM", "Preferred Vendor"])
def test_the_name_of_a_vendor_is_hidden_and_inspect_lists_it(tmp_path: Path, name: str) -> None:
    """Marketplaces name the seller so, and ERP systems the supplier."""
    catalog = read(tmp_path, [{"sku": f"A{n}", "title": "Coat", name: "Rains A/S"} for n in range(2)])
    assert catalog.roles[name] == "hidden"
    assert re.search(rf"{name} +hidden", "\n".join(report(catalog)))


@pytest.mark.parametrize(
    "name",
    [
        "Kundin",
        "Kunde",
        "Client",
        "cliente",
        "Telefon",
        "Handynummer",
        "Lieferadresse",
        "客户",
        "reserved for",
        "Klantnaam",
    ],
)
def test_data_of_customers_are_hidden(name: str) -> None:
    assert is_hidden(name)


@pytest.mark.parametrize("name", ["Kundenbewertung", "Clientele", "Phone case", "Haute couture", "Addressed"])
def test_names_like_those_of_customers_are_not_hidden(name: str) -> None:
    assert not is_hidden(name)


@pytest.mark.parametrize(
    ("bare", "name"), [("nazev", "název"), ("preco", "preço"), ("velikost", "velikost"), ("imagem", "imagem")]
)
def test_names_without_accents_are_known(bare: str, name: str) -> None:
    assert standard_name(bare) == standard_name(name)


@pytest.mark.parametrize("name", ["nakupni_cena", "marza", "cena_zakupu"])
def test_hidden_names_without_accents_are_hidden(name: str) -> None:
    assert is_hidden(name)


@pytest.mark.parametrize(
    ("name", "shows"),
    [
        ("Visa i butik", True), ("Online Store Status", True), ("Show in web shop", True), ("Mostrar en tienda", True),
        ("Sichtbar im Shop", True), ("On sale", False), ("Store pickup", False), ("Online exclusive", False),
        ("Shop", False), ("Visible seams", False),
    ],
)  # fmt: skip
def test_columns_of_what_the_shop_shows_are_known(name: str, *, shows: bool) -> None:
    assert shows_in_shop(name) is shows


@pytest.mark.parametrize("name", ["__v", "_ingest_ts", "_version", "@type", "@context", "__typename", "views"])
def test_technical_columns_of_databases_are_hidden(name: str) -> None:
    assert is_hidden(name)


@pytest.mark.parametrize("name", ["_price", "_color", "_id", "@id", "_stock"])
def test_known_columns_with_a_technical_sign_are_public(name: str) -> None:
    assert not is_hidden(name)
