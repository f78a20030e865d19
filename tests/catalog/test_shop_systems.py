"""Exports of shop systems: rows become products, with variants, pictures and what is public."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalog import Address, Catalog, ModisteError, read_catalog
from tests.catalog.shops import google, pictures, read, shopify, table, woocommerce


def accounted(catalog: Catalog) -> bool:
    counts = catalog.counts
    assert counts is not None
    return counts.rows == counts.products + counts.merged + counts.left_out + counts.problems


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
    assert {one.reason for one in catalog.left_out} == {"Status is draft"}


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
    assert catalog.find("BlueM") is catalog[1]


def test_woocommerce_variations_belong_to_their_parent_whatever_way_it_is_named(tmp_path: Path) -> None:
    catalog = read(tmp_path, woocommerce())
    assert [(one.title, one.attributes.get("Color"), one.attributes.get("Size")) for one in catalog] == [
        ("Hoodie - Blue, S", ["Blue"], ["S", "M"]), ("Hoodie - Red, M", ["Red"], ["M"]), ("Cap", None, None),
    ]  # fmt: skip
    assert {one.group for one in catalog[:2]} == {"44"}
    assert catalog.find("52") is catalog[1] or catalog.find("53") is catalog[1]
    assert {one.reason for one in catalog.left_out} == {"Published is -1"}
    assert accounted(catalog)


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


def test_google_items_of_one_group_are_a_product_for_each_colour(tmp_path: Path) -> None:
    table(tmp_path / "feed.tsv", google(), delimiter="\t")
    catalog = read_catalog(tmp_path / "feed.tsv", images_required=False)
    assert [(one.id, one.group, one.attributes.get("size")) for one in catalog] == [
        ("D-Red-36", "D", ["36", "38"]), ("D-Navy-36", "D", ["36"]), ("S", "S", None),
    ]  # fmt: skip
    assert catalog.details["price"] == ("number", "EUR")
    assert catalog[0].attributes["price"] == 59.9
    assert catalog.columns["product_type"] == "path"
    assert catalog.columns["gtin"] == "text"
    assert catalog.roles["cost_of_goods_sold"] == "hidden"
    assert accounted(catalog)


def test_a_google_feed_in_xml_is_read_like_its_table(tmp_path: Path) -> None:
    table(tmp_path / "feed.tsv", google(), delimiter="\t")
    items = "".join(
        "<item>"
        + "".join(f"<g:{name}>{str(cell).replace('>', '&gt;')}</g:{name}>" for name, cell in row.items())
        + "</item>"
        for row in google()
    )
    (tmp_path / "feed.xml").write_text(
        f'<?xml version="1.0"?><rss xmlns:g="http://base.google.com/ns/1.0"><channel><title>A</title>{items}</channel></rss>'
    )
    feed = read_catalog(tmp_path / "feed.xml", images_required=False)
    listed = read_catalog(tmp_path / "feed.tsv", images_required=False)
    assert list(feed) == list(listed)
    assert feed.columns == listed.columns


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


def test_parents_that_are_0_are_none(tmp_path: Path) -> None:
    rows = [
        {"id": number, "parent_id": parent, "title": title}
        for number, parent, title in ((1, 0, "Polo"), (2, 1, "Polo S"), (3, 1, "Polo M"), (4, 0, "Hat"))
    ]
    assert [(one.id, len(one.variants)) for one in read(tmp_path, rows)] == [("1", 2), ("4", 0)]


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


def test_sizes_in_rows_of_their_own_are_one_product(tmp_path: Path) -> None:
    rows = [
        {"id": f"{number}-{size}", "title": f"Shirt {number}", "size": size, "group": number, "image": f"{number}.jpg"}
        for number in range(4) for size in ("XS", "S", "M")
    ]  # fmt: skip
    catalog = read(tmp_path, rows)
    assert [one.id for one in catalog] == [f"{number}-XS" for number in range(4)]
    assert catalog.find("2-M") is catalog[2]


def test_a_column_called_group_is_an_attribute_where_titles_differ_within_it(tmp_path: Path) -> None:
    rows = [{"id": number, "title": f"Shirt {number}", "group": "tops"} for number in range(4)]
    catalog = read(tmp_path, rows)
    assert len(catalog) == 4
    assert catalog[0].attributes == {"group": "tops"}


def test_rows_that_add_a_picture_to_a_product_are_merged(tmp_path: Path) -> None:
    pictures(tmp_path, ["images/a.jpg", "images/b.jpg", "images/c.jpg"])
    rows = [
        {"id": "1", "title": "Shirt", "colour": "red", "image": "a.jpg"}, {"id": "1", "title": "", "image": "b.jpg"},
        {"id": "2", "title": "Dress", "colour": "red", "image": "c.jpg"},
    ]  # fmt: skip
    catalog = read(tmp_path, rows, images=True)
    assert [len(one.images) for one in catalog] == [2, 1]
    assert catalog.problems == ()


@pytest.mark.parametrize(
    ("column", "sold", "unsold"),
    [
        ("Status", "active", "archived"), ("Published", "TRUE", "FALSE"), ("In stock?", "1", "0"), ("stock", "3", "0"),
        ("availability", "in stock", "out of stock"), ("enabled", "yes", "no"), ("quantity", "1.5", "-1"),
        ("visibility", "visible", "hidden"), ("product_online", "1", "2"),
    ],
)  # fmt: skip
def test_what_is_not_for_sale_is_left_out_and_counted(tmp_path: Path, column: str, sold: str, unsold: str) -> None:
    rows = [{"id": number, "title": f"Shirt {number}", column: unsold if number % 2 else sold} for number in range(6)]
    catalog = read(tmp_path, rows)
    assert [one.id for one in catalog] == ["0", "2", "4"]
    assert [one.reason for one in catalog.left_out] == [f"{column} is {unsold}"] * 3
    assert accounted(catalog)


@pytest.mark.parametrize(("column", "unsold"), [("discontinued", "yes"), ("archived", "TRUE"), ("is_deleted", "1")])
def test_a_column_that_says_yes_to_what_is_gone_leaves_it_out(tmp_path: Path, column: str, unsold: str) -> None:
    rows = [{"id": number, "title": f"Shirt {number}", column: unsold if number else "no"} for number in range(3)]
    catalog = read(tmp_path, rows)
    assert [one.id for one in catalog] == ["0"]


def test_rows_that_repeat_another_are_remarks(tmp_path: Path) -> None:
    catalog = read(tmp_path, [{"id": "1", "title": "Shirt"}] * 2 + [{"id": "2", "title": "Cap"}])
    assert len(catalog) == 2
    assert [one.reason for one in catalog.remarks] == ["the row repeats row 2"]
    assert accounted(catalog)


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
