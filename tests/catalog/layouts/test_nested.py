"""Objects in cells, merged cells, and files that are no tables."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import Address, Catalog, ModisteError, read_catalog
from tests.catalog.shops import read


def of_json(folder: Path, products: list[dict[str, Any]] | dict[str, Any], *, pictures: bool = False) -> Catalog:
    path = folder / "products.json"
    path.write_text(json.dumps(products), encoding="utf-8")
    return read_catalog(path, images_required=pictures)


def test_fields_with_one_name_in_two_objects_do_not_replace_each_other(tmp_path: Path) -> None:
    look, care = {"colour": "red", "shade": "bright"}, {"wash": "30", "shade": "cold"}
    catalog = of_json(tmp_path, [{"id": "1", "title": "a", "look": look, "care": care, "wash": "by hand"}])
    assert catalog[0].attributes == {"wash": "by hand", "colour": "red", "look shade": "bright", "care wash": 30} | {
        "care shade": "cold"
    }


def test_a_price_with_its_currency_is_a_price(tmp_path: Path) -> None:
    prices = [{"amount": "19.90", "currency": "EUR"}, {"amount": 25, "currency": "EUR"}, None]
    rows = [{"id": str(number), "title": "a", "price": price} for number, price in enumerate(prices)]
    catalog = of_json(tmp_path, rows)
    assert [one.attributes.get("price") for one in catalog] == [19.9, 25, None]
    assert catalog.details["price"].currency == "EUR"


def test_a_text_in_several_languages_is_one_in_its_first_language_and_a_column_for_each(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "title": {"de": "Hemd", "en-GB": "Shirt"}, "text": {"de": "Weich", "en-GB": "Soft"}},
        {"id": 2, "title": {"de": "", "en-GB": "Hat"}, "text": None},
    ]
    catalog = of_json(tmp_path, rows)
    assert [one.title for one in catalog] == ["Hemd", "Hat"]
    assert catalog[0].attributes["title en-GB"] == "Shirt"
    assert (catalog[0].attributes["text"], catalog[0].attributes["text de"]) == ("Weich", "Weich")


NAMED: list[tuple[str, object]] = [("Color", ["Red", "Blue"]), ("Fit", "Slim")]


@pytest.mark.parametrize(
    "pairs",
    [
        [{"id": 1, "name": "Color", "options": ["Red", "Blue"]}, {"id": 2, "name": "Fit", "options": ["Slim"]}],
        [{"key": "Color", "value": "Red"}, {"key": "Color", "value": "Blue"}, {"key": "Fit", "value": "Slim"}],
        [{"attribute_name": name, "attribute_value": value} for name, value in NAMED],
    ],
)
def test_names_and_values_are_columns(tmp_path: Path, pairs: list[dict[str, Any]]) -> None:
    rows = [{"id": 1, "title": "a", "attributes": pairs}, {"id": 2, "title": "b", "attributes": []}]
    catalog = of_json(tmp_path, rows)
    assert catalog[0].attributes["Color"] == ["Red", "Blue"]
    assert catalog[0].attributes["Fit"] in ("Slim", ["Slim"])
    assert catalog[1].attributes == {}


@pytest.mark.parametrize(
    ("name", "items"),
    [
        ("attributes", [{"code": code, "label": label} for code, label in (("Color", "Red"), ("Fit", "Slim"))]),
        ("attributes", [{"code": "Color", "label": "Red", "id": 7}, {"code": "Fit", "label": "Slim", "id": 8}]),
        ("properties", [{"name": "Red", "group": {"name": "Color"}}, {"name": "Slim", "group": {"name": "Fit"}}]),
        ("options", [{"group": "Color", "name": "Red"}, {"group": "Fit", "name": "Slim"}]),
        ("attributes", [{"attribute": {"name": "Color", "slug": "c"}, "value": {"name": "Red", "slug": "r"}},
                        {"attribute": {"name": "Fit", "slug": "f"}, "value": {"name": "Slim", "slug": "s"}}]),
        ("specs", [{"type": "Color", "value": "Red"}, {"type": "Fit", "value": "Slim"}]),
        ("Eigenschaften", [{"Color": "Red"}, {"Fit": "Slim"}]),
    ],
)  # fmt: skip
def test_attributes_with_a_code_and_a_label_are_columns(tmp_path: Path, name: str, items: list[Any]) -> None:
    catalog = of_json(tmp_path, [{"id": "1", "title": "a", name: items}, {"id": "2", "title": "b", name: items[:1]}])
    assert [one.attributes for one in catalog] == [{"Color": "Red", "Fit": "Slim"}, {"Color": "Red"}]


@pytest.mark.parametrize("name", ["categories", "colors", "tags", "collections"])
def test_things_with_a_code_and_a_label_are_a_list(tmp_path: Path, name: str) -> None:
    items = [{"code": "red", "label": "Red"}, {"code": "new", "label": "New"}]
    assert of_json(tmp_path, [{"id": "1", "title": "a", name: items}])[0].attributes == {name: ["Red", "New"]}


def test_details_of_googles_feed_are_columns(tmp_path: Path) -> None:
    details = "".join(
        f"<g:product_detail><g:section_name>General</g:section_name><g:attribute_name>{name}</g:attribute_name>"
        f"<g:attribute_value>{value}</g:attribute_value></g:product_detail>"
        for name, value in [("Fit", "Slim"), ("Neckline", "Crew")]
    )
    (tmp_path / "feed.xml").write_text(
        '<rss xmlns:g="http://base.google.com/ns/1.0"><channel>'
        f"<item><g:id>1</g:id><g:title>Tee</g:title>{details}</item><item><g:id>2</g:id><g:title>Hat</g:title></item>"
        "</channel></rss>"
    )
    catalog = read_catalog(tmp_path / "feed.xml", images_required=False)
    assert [one.attributes for one in catalog] == [{"Fit": "Slim", "Neckline": "Crew"}, {}]


def test_the_answer_of_shopifys_api_has_variants_with_their_skus_and_all_pictures(tmp_path: Path) -> None:
    variants = [{"id": 11, "sku": "T-S", "price": "9.90", "option1": "S"}, {"id": 12, "sku": "T-M", "option1": "M"}]
    images = [{"id": 1, "src": "https://cdn.shop.test/1.jpg"}, {"id": 2, "src": "https://cdn.shop.test/2.jpg"}]
    product = {
        "id": 0, "title": "Tee", "variants": variants, "options": [{"name": "Size"}], "images": images,
        "image": {"src": "https://cdn.shop.test/1.jpg"},
    }  # fmt: skip
    catalog = of_json(tmp_path, {"products": [product]}, pictures=True)
    assert [(one.id, [variant.id for variant in one.variants]) for one in catalog] == [("0", ["T-S", "T-M"])]
    assert catalog[0].images == (Address("https://cdn.shop.test/1.jpg"), Address("https://cdn.shop.test/2.jpg"))
    assert catalog.find("T-M") == catalog[0]


PRODUCTS = [{"id": "1", "title": "a"}, {"id": "2", "title": "b"}]


@pytest.mark.parametrize(
    "answer",
    [
        {"data": {"products": PRODUCTS}}, {"meta": {"n": 2}, "products": PRODUCTS}, {"response": {"docs": PRODUCTS}},
        {"status": "ok", "tags": ["x"], "result": PRODUCTS}, {"products": {"1": {"title": "a"}, "2": {"title": "b"}}},
        {"data": {"products": {"edges": [{"node": one} for one in PRODUCTS], "pageInfo": {"hasNextPage": False}}}},
        {"data": {"products": {"nodes": PRODUCTS}}},
        {"hits": {"total": 2, "hits": [{"_id": one["id"], "_source": {"title": one["title"]}} for one in PRODUCTS]}},
        {"@graph": [{"@type": "Product", "sku": one["id"], "name": one["title"]} for one in PRODUCTS]},
        {"items": [{"_id": {"$oid": one["id"]}, "title": one["title"]} for one in PRODUCTS], "total": 2},
        {"code": 200, "message": "ok", "data": {"total": 2, "list": PRODUCTS}},
        {"shop": {"name": "a shop", "offers": PRODUCTS}},
        {"collection": {"id": 9, "title": "new", "products": PRODUCTS}},
        {"page1": {"products": PRODUCTS[:1]}, "page2": {"products": PRODUCTS[1:]}},
        {"1": {"title": "a", "images": [{"src": "1.jpg"}, {"src": "2.jpg"}]}, "2": {"title": "b", "images": []}},
        {"1": {"title": "a", "variants": [{"sku": "a-s"}]}, "2": {"title": "b", "offers": [{"price": 5}]}},
        {"response": {"docs": PRODUCTS}, "facets": {"colour": {"items": [{"id": "red", "count": 1}]}}},
    ],
)  # fmt: skip
def test_products_are_found_within_the_answer_of_a_server(tmp_path: Path, answer: dict[str, Any]) -> None:
    assert [(one.id, one.title) for one in of_json(tmp_path, answer)] == [("1", "a"), ("2", "b")]


def _dynamo(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"M": {name: _dynamo(one) for name, one in value.items()}}
    if isinstance(value, list):
        return {"L": [_dynamo(one) for one in value]}
    if isinstance(value, bool) or value is None:
        return {"NULL": True} if value is None else {"BOOL": value}
    return {"S": value} if isinstance(value, str) else {"N": str(value)}


def _firestore(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"mapValue": {"fields": {name: _firestore(one) for name, one in value.items()}}}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_firestore(one) for one in value]}}
    if isinstance(value, bool) or value is None:
        return {"nullValue": None} if value is None else {"booleanValue": value}
    if isinstance(value, int):
        return {"integerValue": str(value)}
    return {"stringValue": value} if isinstance(value, str) else {"doubleValue": value}


@pytest.mark.parametrize("database", ["dynamodb", "firestore"])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prices=st.lists(st.sampled_from([9.5, 19, 29.25]), min_size=1, max_size=4),
    tags=st.lists(st.sampled_from(["new", "warm"]), min_size=1, max_size=2, unique=True),
    fit=st.sampled_from([None, "Slim"]),
)
def test_values_with_the_types_of_databases_are_read_as_without(
    tmp_path: Path, database: str, prices: list[float], tags: list[str], fit: str | None
) -> None:
    products = [
        {"sku": f"A-{n}", "title": f"Tee {n}", "price": price, "tags": tags, "attrs": {"fit": fit, "lining": "silk"}}
        for n, price in enumerate(prices)
    ]
    answers: list[list[dict[str, Any]]] = [products]
    if database == "dynamodb":
        answers.append([{"Item": _dynamo(one)["M"]} for one in products])
    else:
        answers.append([{"name": f"p/{one['sku']}", **_firestore(one)["mapValue"]} for one in products])
    found = []
    for answer in answers:
        catalog = of_json(tmp_path, {"documents": answer})
        found.append([(one.id, one.title, one.attributes) for one in catalog])
    assert found[0] == found[1]


def test_entries_of_an_answer_that_are_no_products_are_counted(tmp_path: Path) -> None:
    catalog = of_json(tmp_path, {"shop": {"city": "Rome"}, "page": {"products": [PRODUCTS[0], None, "x", PRODUCTS[1]]}})
    assert (len(catalog), len(catalog.problems)) == (2, 2)


def test_an_object_within_a_product_is_no_product(tmp_path: Path) -> None:
    lines = '{"id": "%s",\n"images": [\n{"src": "a.jpg"},\n{"src": "b.jpg"}\n],\n"title": "%s"}\n'
    (tmp_path / "a.jsonl").write_text("".join(lines % (one["id"], one["title"]) for one in PRODUCTS))
    catalog = read_catalog(tmp_path / "a.jsonl", images_required=False)
    assert [(one.id, one.title) for one in catalog] == [("1", "a"), ("2", "b")]
    assert not catalog.problems


@pytest.mark.parametrize(
    "content",
    [
        "\n".join(json.dumps(one, indent=1) for one in PRODUCTS), "".join(map(json.dumps, PRODUCTS)),
        ",\n".join(map(json.dumps, PRODUCTS)), '{"id": "1", "title": "a"}\r\n\r\n{"id": "2", "title": "b"}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_objects_may_follow_each_other_in_any_way(tmp_path: Path, content: str, name: str) -> None:
    (tmp_path / name).write_text(content)
    catalog = read_catalog(tmp_path / name, images_required=False)
    assert [(one.id, one.title) for one in catalog] == [("1", "a"), ("2", "b")]


def test_lines_of_variants_and_pictures_belong_to_their_product(tmp_path: Path) -> None:
    product, variant, picture = (f"gid://shopify/{kind}/" for kind in ("Product", "ProductVariant", "ProductImage"))
    lines: list[dict[str, Any]] = [{"id": f"{product}1", "title": "Tee", "images": {"count": 1}}]
    lines += [
        {"id": f"{variant}{size}", "sku": f"T-{size}", "price": "19.90", "__parentId": f"{product}1",
         "selectedOptions": [{"name": "Size", "value": size}]}
        for size in "SM"
    ]  # fmt: skip
    lines.append({"id": f"{picture}1", "url": "https://cdn.shop.test/1.jpg", "__parentId": f"{product}1"})
    (tmp_path / "bulk.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (tee,) = read_catalog(tmp_path / "bulk.jsonl")
    assert (tee.title, tee.attributes["Size"], tee.images) == (
        "Tee", ["S", "M"], (Address("https://cdn.shop.test/1.jpg"),),
    )  # fmt: skip
    assert [one.id for one in tee.variants] == ["T-S", "T-M"]


def test_the_answers_of_other_shop_systems_are_read(tmp_path: Path) -> None:
    magento = {
        "id": 1,
        "sku": "A",
        "name": "Top",
        "attribute_set_id": 4,
        "type_id": "simple",
        "status": 1,
        "visibility": 4,
    }
    magento["custom_attributes"] = [
        {"attribute_code": "color", "value": "Red"},
        {"attribute_code": "cost", "value": "4"},
    ]
    others = [{**magento, "sku": "B", "id": 2, "status": 2}, {**magento, "sku": "C", "id": 3, "visibility": 1}]
    (top,) = of_json(tmp_path, {"items": [magento, *others], "total_count": 3})
    assert (top.attributes["color"], "cost" in top.attributes) == ("Red", False)
    woocommerce = {
        "id": 1, "name": "Tee", "status": "publish", "stock_status": "instock", "categories": [{"id": 9,
        "name": "Tops"}],
        "images": [{"src": "https://shop.test/1.jpg", "name": "1"}], "attributes": [{"name": "Color",
        "options": ["Red"]}],
        "meta_data": [{"key": "_cog", "value": "9.10"}, {"key": "_yoast_title", "value": "SEO"}],
    }  # fmt: skip
    (tee,) = of_json(tmp_path, [woocommerce, {**woocommerce, "id": 2, "status": "draft"}], pictures=True)
    assert (tee.attributes["Color"], tee.attributes["categories"]) == (["Red"], ["Tops"])
    assert not {"9.10", 9.1, "SEO"} & {str(value) for value in tee.attributes.values()}
    size = {"label": "40", "option_display_name": "Size"}
    shoe = {"id": 1, "name": "Shoe", "is_visible": True, "images": [{"url_standard": "https://shop.test/1.jpg"}]}
    shoe["variants"] = [{"id": 11, "sku": "S-40", "option_values": [size]}]
    (bigcommerce,) = of_json(tmp_path, {"data": [shoe], "meta": {"pagination": {"total": 1}}}, pictures=True)
    assert (bigcommerce.attributes["Size"], len(bigcommerce.images)) == ("40", 1)


def test_named_parameters_of_a_feed_are_columns(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(
        '<yml_catalog><shop><offers><offer id="9" available="true"><name>Платье</name>'
        '<param name="Цвет">Красный</param><picture>https://shop.test/1.jpg</picture></offer>'
        '<offer id="8" available="false"><name>x</name></offer></offers>'
        "</shop></yml_catalog>"
    )
    (dress,) = read_catalog(tmp_path / "feed.xml")
    assert (dress.id, dress.title, dress.attributes["Цвет"]) == ("9", "Платье", "Красный")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("a & b", "a & b"), ("a&nbsp;b &euro; 5", "a\u00a0b € 5"), ("a\x0bb", "ab"), ("A&B; C", "A&B; C"),
        ("x &amp; y &", "x & y &"),
        ("<![CDATA[a & b &nbsp;]]> & c", "a & b \u00a0 & c"),
    ],
)  # fmt: skip
def test_missing_escapes_of_a_feed_are_added_with_a_remark(tmp_path: Path, text: str, title: str) -> None:
    item = "<item><id>{}</id><title>{}</title></item>"
    (tmp_path / "feed.xml").write_text(f"<rss>\n{item.format(1, text)}\n{item.format(2, 'b')}</rss>", encoding="utf-8")
    catalog = read_catalog(tmp_path / "feed.xml", images_required=False)
    assert [one.title for one in catalog] == [title, "b"]
    assert [one.row for one in catalog.remarks] == [2]


@pytest.mark.parametrize(
    ("declared", "encoding", "title"),
    [
        ("Shift_JIS", "cp932", "花柄ワンピース"), ("GBK", "gbk", "连衣裙夏季新款"), ("EUC-KR", "euc-kr", "니트 원피스"),
        ("windows-1250", "cp1250", "Sukienka żółta"), ("ISO-8859-1", "cp1252", "Robe à 5 €"),
        ("", "cp1252", "Ein schönes Kleid für Mädchen"), ("UTF-8", "cp1252", "Ein schönes Kleid für Mädchen"),
        ("unknown-1", "utf-8", "Kleid ä"), ("hex", "utf-8", "Kleid ä"), ("Shift_JIS", "utf-8", "花柄ワンピース"),
        ("utf-16", "utf-16", "Kleid ä"),
    ],
)  # fmt: skip
def test_a_feed_is_read_in_any_encoding(tmp_path: Path, declared: str, encoding: str, title: str) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    text = f"{head}<rss><item><id>1</id><title>{title}</title></item><item><id>2</id><title>b</title></item></rss>"
    (tmp_path / "feed.xml").write_bytes(text.encode(encoding))
    assert [one.title for one in read_catalog(tmp_path / "feed.xml", images_required=False)] == [title, "b"]


def test_bytes_maps_and_nested_structures_of_parquet_are_values(tmp_path: Path) -> None:
    table = pyarrow.table({
        "id": [b"A1", b"A2"], "title": ["Hemd ä".encode(), b"b"],
        "more": pyarrow.array([[("Fit", "Slim")], [("Fit", "Wide")]], pyarrow.map_(pyarrow.string(), pyarrow.string())),
        "look": pyarrow.array([{"colour": "red", "dim": {"h": 3}}, {"colour": "blue", "dim": {"h": 4}}]),
        "__index_level_0__": [0, 1],
    })  # fmt: skip
    pyarrow.parquet.write_table(table, tmp_path / "catalog.parquet")
    catalog = read_catalog(tmp_path / "catalog.parquet", images_required=False)
    assert [(one.id, one.title) for one in catalog] == [("A1", "Hemd ä"), ("A2", "b")]
    assert catalog[0].attributes == {"Fit": "Slim", "colour": "red", "h": 3}


def test_the_sheet_with_an_id_that_is_not_hidden_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [
        ["SKU", "Name", "Fabric", "Lining"],
        ["A", "a", "wool", None],
        ["B", "b", None, None],
        ["C", "c", "x", "y"],
    ]:
        sheet.append(row)
    sheet.merge_cells("C2:D3")
    notes, old = book.create_sheet("Notes"), book.create_sheet("Old")
    for number in range(50):
        notes.append([f"note {number}"])
        old.append(["SKU" if number == 0 else number])
    old.sheet_state = "hidden"
    book.save(tmp_path / "catalog.xlsx")
    catalog = read_catalog(tmp_path / "catalog.xlsx", images_required=False)
    assert [(one.id, one.attributes["Fabric"]) for one in catalog] == [("A", "wool"), ("B", "wool"), ("C", "x")]


def test_no_number_is_infinite(tmp_path: Path) -> None:
    (tmp_path / "catalog.jsonl").write_text(
        '{"id": 1, "title": "a", "price": 1e400}\n{"id": 2, "title": "b", "price": 5}\n'
    )
    catalog = read_catalog(tmp_path / "catalog.jsonl", images_required=False)
    assert [one.attributes for one in catalog] == [{}, {"price": 5}]
    table = pyarrow.table({"id": ["1", "2"], "title": ["a", "b"], "price": [float("-inf"), 5.5]})
    pyarrow.parquet.write_table(table, tmp_path / "catalog.parquet")
    catalog = read_catalog(tmp_path / "catalog.parquet", images_required=False)
    assert [one.attributes for one in catalog] == [{}, {"price": 5.5}]


def test_a_merged_cell_applies_to_each_of_its_rows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Price list of today"])
    sheet.merge_cells("A1:C1")
    sheet.append(["id", "title", "colour"])
    for number, colour in enumerate(["red", None, None, "blue"]):
        sheet.append([number + 1, f"Shirt {number}", colour])
    sheet.merge_cells("C3:C5")
    sheet.merge_cells("F3:F5")  # Empty, as templates have it.
    sheet.merge_cells("A20:C22")
    book.save(tmp_path / "catalog.xlsx")
    catalog = read_catalog(tmp_path / "catalog.xlsx", images_required=False)
    assert [one.attributes["colour"] for one in catalog] == ["red", "red", "red", "blue"]


@pytest.mark.parametrize("column", ["sizes", "Größen", "tags"])
def test_numbers_in_a_list_are_not_one_number(tmp_path: Path, column: str) -> None:
    (tmp_path / "catalog.csv").write_text(f"id;title;{column}\n1;a;36,38\n2;b;38,40\n3;c;42\n")
    catalog = read_catalog(tmp_path / "catalog.csv", images_required=False)
    assert [one.attributes[column] for one in catalog] == [["36", "38"], ["38", "40"], ["42"]]


def test_a_comma_that_woocommerce_escapes_is_part_of_its_item(tmp_path: Path) -> None:
    (tmp_path / "catalog.csv").write_text('id,title,tags\n1,a,"new\\, hot, summer"\n2,b,"summer, sale"\n')
    catalog = read_catalog(tmp_path / "catalog.csv", images_required=False)
    assert catalog[0].attributes["tags"] == ["new, hot", "summer"]


def test_lists_of_shopifys_metafields_are_lists(tmp_path: Path) -> None:
    (tmp_path / "catalog.csv").write_text(
        "Handle,Title,Fabric (product.metafields.shopify.fabric)\na,A,linen; cotton\nb,B,wool\n"
    )
    catalog = read_catalog(tmp_path / "catalog.csv", images_required=False)
    assert [list(one.attributes.values()) for one in catalog] == [[["linen", "cotton"]], [["wool"]]]


def test_a_database_and_a_web_page_are_named_in_the_error(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "shop.sqlite")
    connection.execute("create table products(id, title)")
    connection.commit()
    connection.close()
    with pytest.raises(ModisteError, match="is an SQLite database") as refused:
        read_catalog(tmp_path / "shop.sqlite", images_required=False)
    assert "sqlite3 -header -csv shop.sqlite" in refused.value.hint
    (tmp_path / "export.xls").write_text("<table><tr><th>id</th></tr><tr><td>1</td></tr></table>")
    with pytest.raises(ModisteError, match="is a web page"):
        read_catalog(tmp_path / "export.xls", images_required=False)


def test_fields_beside_an_amount_and_its_currency_are_kept(tmp_path: Path) -> None:
    prices = [
        {"currencyCode": "USD", "price": 79.5, "originalPrice": 99, "cost": 21},
        {"currencyCode": "USD", "price": 5},
    ]
    rows = [{"id": number, "title": "a", "priceInfo": price} for number, price in enumerate(prices)]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    catalog = read_catalog(tmp_path / "a.json", images_required=False)
    assert (catalog[0].attributes["price"], catalog[0].attributes["originalPrice"]) == (79.5, 99)
    assert (catalog.details["price"].currency, catalog.roles["cost"]) == ("USD", "hidden")


@pytest.mark.parametrize("parent", ["supplier", "wholesale", "purchase_info"])
@pytest.mark.parametrize("as_pairs", [False, True])
def test_what_is_within_a_hidden_object_is_hidden(tmp_path: Path, parent: str, as_pairs: bool) -> None:
    fields = {"country": "IT", "city": "Prato", "rating": 5}
    inner = [{"name": name, "value": value} for name, value in fields.items()] if as_pairs else fields
    rows = [{"id": number, "title": "a", "colour": "red", parent: inner} for number in range(2)]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    catalog = read_catalog(tmp_path / "a.json", images_required=False)
    assert set(catalog.columns) == {"colour"}


def test_the_name_of_a_part_is_no_title(tmp_path: Path) -> None:
    rows = [{"sku": "1", "title": "Coat", "brand": {"id": 5, "name": "Acme"}, "attributes": {"colour": "red"}}]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    (coat,) = read_catalog(tmp_path / "a.json", images_required=False)
    assert (coat.id, coat.title) == ("1", "Coat")
    assert coat.attributes == {"brand id": "5", "brand name": "Acme", "colour": "red"}


def test_prices_by_currency_are_columns_of_prices(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"id": 1, "price": {"EUR": 99.5, "USD": 110}}]')
    catalog = read_catalog(tmp_path / "a.json", images_required=False)
    assert catalog[0].attributes == {"price EUR": 99.5, "price USD": 110}
    assert catalog.details["price EUR"].currency == "EUR"


def test_objects_in_the_cells_of_a_csv_are_read(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "title": "a", "attributes": json.dumps({"colour": "red", "fit": "slim"}),
         "options": json.dumps([{"name": "Size", "value": "M"}]), "note": "{not JSON}"},
        {"id": 2, "title": "b", "attributes": "", "options": "[]", "note": "{}"},
    ]  # fmt: skip
    first, second = read(tmp_path, rows)
    assert {name: first.attributes[name] for name in ("colour", "fit", "Size")} == {
        "colour": "red", "fit": "slim", "Size": "M",
    }  # fmt: skip
    assert "colour" not in second.attributes


def test_the_answer_of_shopware_has_prices_and_pictures(tmp_path: Path) -> None:
    media = [{"position": at, "media": {"url": f"https://s.example/{at}.jpg"}} for at in range(2)]
    price = [{"currencyId": "b7d2", "net": 42.01, "gross": 49.99, "linked": True}]
    (product,) = catalog = of_json(
        tmp_path, {"data": [{"id": "1", "name": "Hat", "price": price, "media": media}]}, pictures=True
    )
    assert [str(one) for one in product.images] == [str(Address(f"https://s.example/{at}.jpg")) for at in range(2)]
    assert (product.attributes["price gross"], catalog.roles["price gross"]) == (49.99, "fact")


def test_the_answer_of_saleor_has_a_price_and_one_picture(tmp_path: Path) -> None:
    pricing = {"priceRange": {"start": {"gross": {"amount": 45.0, "currency": "USD"}}}}
    pictures = {"thumbnail": {"url": "https://s.example/t.jpg"}, "media": [{"url": "https://s.example/1.jpg"}]}
    node = {"id": "UHJv", "name": "Polo", "pricing": pricing, **pictures}
    (product,) = catalog = of_json(tmp_path, {"data": {"products": {"edges": [{"node": node}]}}}, pictures=True)
    assert product.images == (Address("https://s.example/1.jpg"),)
    assert (product.attributes["price gross"], catalog.details["price gross"].currency) == (45, "USD")


def test_other_sizes_of_a_picture_are_no_further_pictures(tmp_path: Path) -> None:
    images = [{"id": 5, "url_fullxfull": "https://s.example/f.jpg", "url_75x75": "https://s.example/s.jpg"}]
    (product,) = of_json(tmp_path, [{"id": "1", "title": "Hat", "images": images}], pictures=True)
    assert product.images == (Address("https://s.example/f.jpg"),)


@pytest.mark.parametrize("thing", ["brand", "category", "manufacturer"])
def test_the_name_of_a_brand_is_no_title_even_without_another(tmp_path: Path, thing: str) -> None:
    label = {"en": "Low canvas sneaker", "de": "Flacher Turnschuh"}
    rows = [{"code": f"A{n}", "label": label, thing: {"id": 3, "name": "Veja Shoes"}} for n in range(3)]
    catalog = of_json(tmp_path, rows)
    assert (catalog[0].title, catalog[0].attributes[f"{thing} name"]) == ("Low canvas sneaker", "Veja Shoes")


def test_prices_within_an_object_of_prices_are_separate_columns(tmp_path: Path) -> None:
    pricing = {"current": {"value": 79.9, "currency": "EUR"}, "original": {"value": 99.9, "currency": "EUR"}}
    catalog = of_json(tmp_path, [{"id": str(n), "title": "a", "pricing": pricing} for n in range(3)])
    assert (catalog[0].attributes["current price"], catalog[0].attributes["original price"]) == (79.9, 99.9)
    assert catalog.details["current price"].currency == "EUR"


def test_values_of_akeneo_are_their_data(tmp_path: Path) -> None:
    def value(data: Any, locale: str | None = None) -> dict[str, Any]:
        return {"locale": locale, "scope": None, "data": data}

    values = {
        "name": [value("Hemd", "de_DE"), value("Shirt", "en_US")], "color": [value("red")],
        "price": [value([{"amount": "19.90", "currency": "EUR"}])], "care": [value(["wash", "iron"])],
    }  # fmt: skip
    catalog = of_json(tmp_path, [{"identifier": f"tee-{n}", "values": values} for n in range(3)])
    assert [(one.id, one.title) for one in catalog] == [(f"tee-{n}", "Hemd") for n in range(3)]
    assert catalog[0].attributes | {"price": 19.9, "color": "red", "care": ["wash", "iron"], "name en_US": "Shirt"} == (
        catalog[0].attributes
    )
    assert catalog.details["price"].currency == "EUR"


def test_sizes_with_their_stock_are_variants(tmp_path: Path) -> None:
    sizes = [{"size": "40", "stock": 2}, {"size": "41", "stock": 0}, {"size": "42", "stock": 1}]
    rows = [{"code": f"A{n}", "name": f"Low sneaker {n}", "sizes": sizes} for n in range(2)]
    catalog = of_json(tmp_path, [*rows, {**rows[0], "code": "A2", "sizes": sizes[1:2]}])
    assert [(one.id, one.attributes["variant size"]) for one in catalog] == [("A0", ["40", "42"]), ("A1", ["40", "42"])]


def test_objects_beside_the_products_of_an_answer_are_put_into_them(tmp_path: Path) -> None:
    shirt = {
        "id": "1", "type": "product", "attributes": {"name": "Shirt", "price": "61.99"},
        "relationships": {"images": {"data": [{"id": "9", "type": "image"}]}, "taxons": {"data": []}},
    }  # fmt: skip
    image = {"id": "9", "type": "image", "attributes": {"original_url": "https://a.example/1.jpg"}}
    (tmp_path / "a.json").write_text(json.dumps({"data": [shirt], "included": [image], "meta": {"count": 1}}))
    (product,) = read_catalog(tmp_path / "a.json")
    assert (product.id, product.title, product.attributes["price"]) == ("1", "Shirt", 61.99)
    assert product.image == Address("https://a.example/1.jpg")


def test_parts_of_an_export_beside_the_products_are_no_products(tmp_path: Path) -> None:
    product = {
        "salsify:id": "C-1", "salsify:updated_at": "2025-01-01", "Product Name": "Coat",
        "salsify:digital_assets": [{"salsify:id": "a", "salsify:url": "https://a.example/1.jpg"}],
    }  # fmt: skip
    parts = [{"header": {"version": "2"}}, {"attributes": [{"salsify:id": "Brand"}]}, {"products": [product]}]
    (tmp_path / "a.json").write_text(json.dumps(parts))
    (coat,) = catalog = read_catalog(tmp_path / "a.json")
    assert (coat.id, coat.title, coat.image) == ("C-1", "Coat", Address("https://a.example/1.jpg"))
    assert catalog.roles["salsify:updated_at"] == "hidden"
    assert {one.kind for one in catalog.remarks} == {"an entry beside the list of products is not read"}


def test_the_members_of_a_collection_in_json_ld_are_products(tmp_path: Path) -> None:
    tunic = {
        "@id": "/api/products/tunic", "@type": "Product", "id": 12, "code": "tunic", "name": "Tunic",
        "images": [{"path": "https://a.example/1.jpg"}],
    }  # fmt: skip
    answer = {"@context": "/api/Product", "@id": "/api/products", "hydra:member": [tunic], "hydra:totalItems": 1}
    (tmp_path / "a.json").write_text(json.dumps(answer))
    (product,) = read_catalog(tmp_path / "a.json")
    assert (product.id, product.title, product.image) == ("tunic", "Tunic", Address("https://a.example/1.jpg"))


@pytest.mark.parametrize(("name", "value"), [("name", "wert"), ("nom", "valeur"), ("nombre", "valor")])
def test_named_values_are_columns_in_other_languages(tmp_path: Path, name: str, value: str) -> None:
    shirts = [{"nr": n, "titel": "Hemd", "eigenschaften": [{name: "farbe", value: "blau"}]} for n in range(2)]
    (tmp_path / "a.json").write_text(json.dumps({"liste": {"artikel": shirts}}))
    catalog = read_catalog(tmp_path / "a.json", images_required=False)
    assert [one.attributes["farbe"] for one in catalog] == ["blau", "blau"]


def test_a_rating_and_a_measure_keep_the_name_of_their_column(tmp_path: Path) -> None:
    rating, width = "Bewertung (product.metafields.reviews.rating)", "Breite (product.metafields.custom.width)"
    rows = [
        {
            "id": str(number),
            "title": "a",
            rating: json.dumps({"value": f"4.{number}", "scale_min": "1.0", "scale_max": "5.0"}),
            width: json.dumps({"value": 2.5, "unit": "cm"}),
        }
        for number in range(2)
    ]
    catalog = read(tmp_path, [*rows, {"id": "2", "title": "b", rating: "", width: ""}])
    assert [one.attributes for one in catalog] == [
        {"Bewertung": 4, "Breite": "2.5 cm"}, {"Bewertung": 4.1, "Breite": "2.5 cm"}, {},
    ]  # fmt: skip


def test_translations_and_coded_attributes_are_texts(tmp_path: Path) -> None:
    shirt = {
        "sku": "a", "translations": [{"locale": "de", "name": "Hemd"}, {"locale": "en", "name": "Shirt"}],
        "characteristics": {"colour": {"code": "c1", "label": "Red"}, "fabric": {"code": "f1", "label": "Wool"}},
    }  # fmt: skip
    (product,) = of_json(tmp_path, [shirt])
    assert product.title == "Hemd"
    assert product.attributes == {"name en": "Shirt", "colour": "Red", "fabric": "Wool"}


def test_what_elasticsearch_adds_to_a_product_is_no_column(tmp_path: Path) -> None:
    hit = {"_index": "p", "_id": "a", "_score": 1.5, "sort": [1], "_source": {"title": "Tee", "fabric": "Wool"}}
    (product,) = of_json(tmp_path, {"hits": {"hits": [hit]}})
    assert (product.id, product.title, product.attributes) == ("a", "Tee", {"fabric": "Wool"})
