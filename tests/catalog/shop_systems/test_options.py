"""Options and variants as shop systems spread them over columns and rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog import read_catalog
from tests.catalog.shops import accounted, read


@pytest.mark.parametrize(
    ("names", "values", "cell"),
    [
        ("Option1 name", "Option1 value", "S"),  # Shopify
        ("Option Name 1", "Option Value 1", "S"),  # Squarespace, Square
        ("Variant Option 1 Name", "Variant Option 1 Value", "S"),  # Medusa
        ("variant_option_one_name", "variant_option_one_value", "S"),  # Lightspeed Retail
        ("VARIATION 1 NAME", "VARIATION 1 VALUES", "S,M"),  # Etsy
        ("Variationsname 1", "Variationswert 1", "S"),  # JTL
        ("productOptionName1", "productOptionDescription1", "S;M"),  # Wix
        ("productOptionName[1]", "productOptionChoices[1]", "#112233:S;#fff:M"),  # Wix
        ("Attribute 1 name", "Attribute 1 value(s)", "S, M"),  # WooCommerce
        ("Nom de l’attribut 1", "Valeur(s) de l’attribut 1 ", "S, M"),  # WooCommerce in French
    ],
)
def test_pairs_of_names_and_values_are_columns(tmp_path: Path, names: str, values: str, cell: str) -> None:
    rows = [
        {"id": 1, "title": "Hat", names: "Size", values: cell}, {"id": 2, "title": "Cap", names: "", values: ""},
        {"id": 3, "title": "Bag", names: "Fit", values: "Slim, long"},
    ]  # fmt: skip
    hat, cap, bag = catalog = read(tmp_path, rows)
    sizes = hat.attributes["Size"]
    assert (sizes if isinstance(sizes, list) else [sizes]) == (["S", "M"] if "M" in cell else ["S"])
    assert "Size" not in cap.attributes
    assert "Fit" in bag.attributes
    assert not {names, values} & catalog.roles.keys()


def test_a_comma_within_a_value_of_woocommerce_is_no_separator(tmp_path: Path) -> None:
    (coat,) = read(tmp_path, [
        {"id": 1, "title": "Coat", "Attribute 1 name": "Fabric", "Attribute 1 value(s)": "Wool\\, washed, Silk"}
    ])  # fmt: skip
    assert coat.attributes["Fabric"] == ["Wool, washed", "Silk"]


def test_a_style_without_ids_of_rows_is_a_product_for_each_colour(tmp_path: Path) -> None:
    rows = [
        {"Style No.": number, "Style Name": name, "Colour": colour, "image": f"https://s.example/{number}{colour}.jpg"}
        for number, name, colour in (("1", "Aria", "Ecru"), ("1", "Aria", "Black"), ("2", "Nova", "White"))
    ]  # fmt: skip
    catalog = read(tmp_path, rows, images=True)
    assert [(one.id, one.title) for one in catalog] == [("1:ecru", "Aria"), ("1:black", "Aria"), ("2", "Nova")]


def test_ecwid_names_options_in_columns(tmp_path: Path) -> None:
    (hat,) = read(tmp_path, [{"id": 1, "title": "Hat", "product_variation_option_{Size}": "S"}])
    assert hat.attributes == {"Size": "S"}


def test_a_product_id_in_the_first_row_only_counts_for_the_variants_below(tmp_path: Path) -> None:
    rows = [
        {"Product ID [Non Editable]": "5f1", "Variant ID [Non Editable]": "v1", "Title": "Bag", "Visible": "Yes",
         "SKU": "SQ1", "Option Name 1": "Size", "Option Value 1": "S", "Price": "45.00", "Stock": "10"},
        {"Variant ID [Non Editable]": "v2", "SKU": "SQ2", "Option Value 1": "M", "Price": "39.00",
         "Stock": "Unlimited"},
        {"Product ID [Non Editable]": "5f2", "Variant ID [Non Editable]": "v3", "Title": "Apron", "Visible": "No",
         "SKU": "SQ3", "Price": "30.00", "Stock": "2"},
        {"Variant ID [Non Editable]": "v4", "SKU": "SQ4", "Price": "30.00", "Stock": "2"},
    ]  # fmt: skip
    (bag,) = catalog = read(tmp_path, rows)
    assert (bag.title, bag.attributes["Size"], bag.attributes["Price"]) == ("Bag", ["S", "M"], 39.0)
    assert [one.id for one in bag.variants] == ["v1", "v2"]
    assert len(catalog.left_out) == 2
    assert accounted(catalog)


def test_columns_of_products_and_variants_determine_which_rows_are_one_product(tmp_path: Path) -> None:
    rows = [
        {"Internal_ID": id, "Internal_Variant_ID": f"{id}{size}", "US_Title_Short": f"Coat {id}", "SKU": f"C{id}{size}",
         "Maat": size}
        for id in (900, 901) for size in "SM"
    ]  # fmt: skip
    catalog = read(tmp_path, rows)
    assert [one.title for one in catalog] == ["Coat 900", "Coat 901"]
    assert [one.id for one in catalog[1].variants] == ["C901S", "C901M"]


@pytest.mark.parametrize("visible", ["true", "false"])
def test_the_row_of_a_product_in_wix_is_no_variant_and_hides_its_variants(tmp_path: Path, visible: str) -> None:
    option = {"productOptionName1": "Size", "productOptionDescription1": "S;M"}
    rows = [
        {"handleId": "p1", "fieldType": "Product", "name": "Top", "price": 25, "visible": visible, **option},
        {"handleId": "p1", "fieldType": "Variant", "visible": "true", "sku": "T-S", "inventory": 5,
         "productOptionDescription1": "S"},
        {"handleId": "p1", "fieldType": "Variant", "visible": "true", "sku": "T-M", "inventory": 2,
         "productOptionDescription1": "M"},
        {"handleId": "p2", "fieldType": "Product", "name": "Cap", "price": 9, "visible": "true", "sku": "C"},
    ]  # fmt: skip
    catalog = read(tmp_path, rows)
    assert [one.title for one in catalog] == (["Top", "Cap"] if visible == "true" else ["Cap"])
    assert accounted(catalog)
    if visible == "true":
        assert [one.id for one in catalog[0].variants] == ["T-S", "T-M"]
        assert (catalog[0].attributes["Size"], catalog[0].attributes["price"]) == (["S", "M"], 25)


@pytest.mark.parametrize(
    ("group", "id", "title"), [("Style", "SKU", "Style Name"), ("Reference Handle", "Token", "Item Name")]
)
def test_further_names_of_groups_are_known(tmp_path: Path, group: str, id: str, title: str) -> None:
    rows = [{group: f"G{n}", id: f"{n}-{size}", title: f"Kilt {n}", "Size": size} for n in (1, 2) for size in "SM"]
    catalog = read(tmp_path, rows)
    assert [(one.title, one.attributes["Size"]) for one in catalog] == [("Kilt 1", ["S", "M"]), ("Kilt 2", ["S", "M"])]


def test_attributes_named_in_columns_that_are_repeated_are_columns(tmp_path: Path) -> None:
    header = "Код_товара,Название_позиции" + ",Название_Характеристики,Значение_Характеристики" * 2
    (tmp_path / "a.csv").write_text(f"{header}\n7,Сукня,Цвет,синий,Размер,S\n8,Шарф,Цвет,белый,,\n", encoding="utf-8")
    dress, scarf = read_catalog(tmp_path / "a.csv", images_required=False)
    assert dress.attributes == {"Цвет": "синий", "Размер": "S"}
    assert scarf.attributes == {"Цвет": "белый"}


def test_an_attribute_beside_its_value_is_a_column(tmp_path: Path) -> None:
    pairs = [{"Attribute (Rows)": "Size", "Attribute Value (Rows)": size} for size in "SM"]
    rows = [{"id": n, "title": "Tee", **pair} for n, pair in enumerate(pairs)]
    assert [one.attributes for one in read(tmp_path, rows)] == [{"Size": "S"}, {"Size": "M"}]


def test_the_features_of_a_bmecat_are_columns(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(
        "<BMECAT><T_NEW_CATALOG><ARTICLE><SUPPLIER_AID>A-0</SUPPLIER_AID></ARTICLE>"
        "<ARTICLE><SUPPLIER_AID>A-1</SUPPLIER_AID><ARTICLE_DETAILS><EAN>4006381333931</EAN>"
        "<DESCRIPTION_SHORT>Polo piqué</DESCRIPTION_SHORT></ARTICLE_DETAILS><ARTICLE_FEATURES>"
        "<FEATURE><FNAME>Farbe</FNAME><FVALUE>blau</FVALUE></FEATURE></ARTICLE_FEATURES></ARTICLE></T_NEW_CATALOG></BMECAT>",
        encoding="utf-8",
    )
    _, polo = read_catalog(tmp_path / "a.xml", images_required=False)
    assert (polo.id, polo.title, polo.attributes["Farbe"]) == ("A-1", "Polo piqué", "blau")


def test_options_are_distinguished_by_letters(tmp_path: Path) -> None:
    rows = [{"id": "a", "title": "Tee", "Variation Name A": "Size", "Variation Option A": "S"}]
    assert read(tmp_path, rows)[0].attributes == {"Size": "S"}
