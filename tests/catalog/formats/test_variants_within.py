"""Variants within products: as lists of objects in JSON, Parquet and XML, and as ids of other products."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import Address, Catalog, read_catalog
from tests.catalog.shops import read


def write(path: Path, products: list[dict[str, Any]]) -> None:
    if path.suffix == ".parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(products), path)
    elif path.suffix == ".xml":
        path.write_text(f"<shop><products>{''.join(map(element, products))}</products></shop>", encoding="utf-8")
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(map(json.dumps, products)), encoding="utf-8")
    else:
        path.write_text(json.dumps({"products": products}), encoding="utf-8")


def element(product: dict[str, Any]) -> str:
    def fields(row: dict[str, Any]) -> str:
        return "".join(f"<{name}>{escape(str(cell))}</{name}>" for name, cell in row.items() if name != "variants")

    variants = "".join(f"<variant>{fields(one)}</variant>" for one in product.get("variants", ()))
    return f"<product>{fields(product)}<variants>{variants}</variants></product>"


@pytest.mark.parametrize("suffix", ["json", "jsonl", "parquet", "xml"])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(counts=st.lists(st.integers(0, 4), min_size=2, max_size=5).filter(any))
def test_variants_are_rows_of_their_product_in_every_format(tmp_path: Path, suffix: str, counts: list[int]) -> None:
    products: list[dict[str, Any]] = []
    for number, count in enumerate(counts):
        variants = [{"sku": f"P{number}-{size}", "size": f"S{size}", "price": 50.5 + size} for size in range(count)]
        products.append({
            "id": f"P{number}", "title": f"Blazer {number}", "image": f"https://s.example/{number}.jpg",
            "variants": variants,
        })  # fmt: skip
    path = tmp_path / f"catalog.{suffix}"
    write(path, products)
    catalog = read_catalog(path)
    assert [(one.id, one.title) for one in catalog] == [(f"P{n}", f"Blazer {n}") for n in range(len(counts))]
    for product, count in zip(catalog, counts, strict=True):
        assert {one.id for one in product.variants} - {product.id} == {f"{product.id}-{size}" for size in range(count)}
        assert product.attributes.get("variant price") == (50.5 if count else None)


def test_lines_of_a_bulk_export_keep_their_ids_beside_products_without_variants(tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = [{"id": f"gid://shopify/Product/{n}", "title": f"Robe {n}"} for n in range(3)]
    lines += [
        {"id": f"gid://shopify/ProductVariant/{n}", "sku": f"R-{size}", "__parentId": "gid://shopify/Product/0"}
        for n, size in enumerate("SM")
    ]
    (tmp_path / "bulk.jsonl").write_text("\n".join(map(json.dumps, lines)))
    catalog = read_catalog(tmp_path / "bulk.jsonl", images_required=False)
    assert [one.title for one in catalog] == ["Robe 0", "Robe 1", "Robe 2"]
    assert catalog.find("R-M") == catalog[0]


def feed(folder: Path, text: str) -> Catalog:
    (folder / "feed.xml").write_text(text, encoding="utf-8")
    return read_catalog(folder / "feed.xml", images_required="jpg" in text)


SALESFORCE = """<catalog xmlns="http://www.demandware.com/xml/impex/catalog/2006-10-31" catalog-id="a">
<category category-id="w"><display-name xml:lang="x-default">Womens</display-name></category>
<product product-id="25M"><display-name xml:lang="x-default">Pant</display-name>
<display-name xml:lang="de">Hose</display-name><online-flag>true</online-flag>
<images><image-group view-type="large"><image path="a/1.jpg"/><image path="a/2.jpg"/></image-group>
<image-group view-type="small"><image path="s/1.jpg"/></image-group></images>
<custom-attributes><custom-attribute attribute-id="material">cotton</custom-attribute></custom-attributes>
<variations><variants><variant product-id="7-4"/><variant product-id="7-6"/></variants></variations></product>
<product product-id="7-4"><custom-attributes><custom-attribute attribute-id="size">004</custom-attribute>
</custom-attributes></product>
<product product-id="7-6"><custom-attributes><custom-attribute attribute-id="size">006</custom-attribute>
</custom-attributes></product>
<product product-id="9"><display-name xml:lang="x-default">Belt</display-name><online-flag>false</online-flag></product>
</catalog>"""


def test_salesforce_lists_the_ids_of_variants(tmp_path: Path) -> None:
    for name in ("a/1.jpg", "a/2.jpg", "s/1.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (pant,) = catalog = feed(tmp_path, SALESFORCE)
    assert (pant.id, pant.title, pant.attributes["material"]) == ("25M", "Pant", "cotton")
    assert [(one.id, one.attributes["size"]) for one in pant.variants] == [("7-4", "004"), ("7-6", "006")]
    assert pant.images == (tmp_path / "a/1.jpg", tmp_path / "a/2.jpg")
    assert pant.attributes["display-name de"] == "Hose"
    assert [one.reason for one in catalog.left_out] == ["online-flag is false"]


def test_products_and_attributes_of_a_feed_may_have_any_names(tmp_path: Path) -> None:
    param = "<PARAM><PARAM_NAME>{}</PARAM_NAME><VAL>{}</VAL></PARAM>"
    (coat, hat) = feed(
        tmp_path,
        "<SHOP><SHOPITEM><ITEM_ID>1</ITEM_ID><PRODUCTNAME>Bunda</PRODUCTNAME><IMGURL>https://s.example/1.jpg</IMGURL>"
        f"<PRICE currency='CZK'>1 990,50</PRICE>{param.format('Barva', 'modrá')}{param.format('Title', 'x')}</SHOPITEM>"
        "<SHOPITEM><ITEM_ID>2</ITEM_ID><PRODUCTNAME>Čepice</PRODUCTNAME><IMGURL>https://s.example/2.jpg</IMGURL>"
        f"<PRICE currency='CZK'>90</PRICE>{param.format('Barva', 'bílá')}</SHOPITEM></SHOP>",
    )
    assert (coat.id, coat.title, coat.images) == ("1", "Bunda", (Address("https://s.example/1.jpg"),))
    assert coat.attributes == {"PRICE": 1990.5, "Barva": "modrá", "PARAM Title": "x"}
    assert hat.attributes == {"PRICE": 90.0, "Barva": "bílá"}


def test_an_id_of_products_is_no_id_of_their_rows(tmp_path: Path) -> None:
    lines = ["ID,Handle,Title,Variant SKU,Size,Image Src"]
    lines += [f"7001,scarf,{'Scarf' * (n == 0)},{f'S-{n}' * (n < 2)},{n * (n < 2) or ''},{n}.jpg" for n in range(5)]
    (tmp_path / "catalog.csv").write_text("\n".join(lines))
    (scarf,) = catalog = read_catalog(tmp_path / "catalog.csv", images_required=False)
    assert [one.id for one in scarf.variants] == ["S-0", "S-1"]
    assert catalog.find("S-1") == scarf


def test_variants_within_an_object_are_variants(tmp_path: Path) -> None:
    def variant(number: int, size: str) -> dict[str, object]:
        return {
            "id": number, "sku": f"TC-{size}", "images": [{"url": "https://s.example/1.jpg"}],
            "attributes": [{"name": "color", "value": {"key": "b", "label": "Beige"}}, {"name": "size", "value": size}],
        }  # fmt: skip

    current = {"name": {"en": "Trench coat"}, "masterVariant": variant(1, "S"), "variants": [variant(2, "M")]}
    product = {"id": "a1", "masterData": {"published": True, "current": current, "staged": {**current, "name": {}}}}
    draft = {"id": "a2", "masterData": {"published": False, "current": current, "staged": current}}
    (tmp_path / "catalog.json").write_text(json.dumps({"results": [product, draft]}))
    (coat,) = read_catalog(tmp_path / "catalog.json")
    assert (coat.id, coat.title, len(coat.images)) == ("a1", "Trench coat", 1)
    assert [one.id for one in coat.variants] == ["TC-S", "TC-M"]
    assert (coat.attributes["color"], coat.attributes["size"]) == ("Beige", ["S", "M"])


def test_colours_with_pictures_of_their_own_are_looks(tmp_path: Path) -> None:
    def product(number: int) -> dict[str, object]:
        colors = [
            {"name": "Navy", "code": "n", "images": [f"https://s.example/{number}n.jpg"], "sizes": ["S", "M"]},
            {"name": "Camel", "code": "c", "images": [f"https://s.example/{number}c.jpg", "https://s.example/d.jpg"]},
        ]
        return {"productId": f"p{number}", "productName": "Merino jumper", "colors": colors, "price": 89}

    (tmp_path / "catalog.json").write_text(json.dumps([product(1), product(2)]))
    catalog = read_catalog(tmp_path / "catalog.json")
    assert [(one.group, one.attributes["color"], len(one.images)) for one in catalog] == [
        ("p1", "Navy", 1), ("p1", "Camel", 2), ("p2", "Navy", 1), ("p2", "Camel", 2),
    ]  # fmt: skip
    assert catalog[0].attributes["sizes"] == ["S", "M"]


def test_names_of_colours_without_pictures_are_a_list(tmp_path: Path) -> None:
    colors = [{"name": "Navy", "hex": "#008"}, {"name": "Camel", "hex": "#c96"}]
    (tmp_path / "catalog.json").write_text(
        json.dumps([{"id": f"p{n}", "title": "a", "colors": colors} for n in (1, 2)])
    )
    catalog = read_catalog(tmp_path / "catalog.json", images_required=False)
    assert [one.attributes["colors"] for one in catalog] == [["Navy", "Camel"]] * 2


def test_variants_within_looks_are_read(tmp_path: Path) -> None:
    def config(id: str, colour: str) -> dict[str, object]:
        simples = [{"product_simple_id": f"{id}-{size}", "ean": f"400{id[-1]}{size}", "size": size} for size in "SM"]
        media = [{"media_path": f"https://a.example/{id}.jpg"}]
        return {"product_config_id": id, "color": colour, "media": media, "product_simples": simples}

    item = {"product_model_id": "Z", "product_configs": [config("Z-1", "red"), config("Z-2", "blue")], "name": "Cape"}
    (tmp_path / "a.json").write_text(json.dumps({"items": [item]}))
    red, blue = read_catalog(tmp_path / "a.json")
    assert (red.title, red.group, blue.group) == ("Cape", "Z", "Z")
    assert [len(red.variants), len(blue.variants)] == [2, 2]
    assert red.image == Address("https://a.example/Z-1.jpg")


def test_the_stock_in_a_list_of_warehouses_is_its_sum(tmp_path: Path) -> None:
    def sku(id: str, *counts: int) -> dict[str, object]:
        return {"skuId": id, "size": id[-1], "stock": [{"wh": at, "qty": count} for at, count in enumerate(counts)]}

    lines = [
        {"productId": "p-1", "name": "Shoe", "skus": [sku("s-1", 2, 0), sku("s-2", 0, 0)]},
        {"productId": "p-2", "name": "Boot", "skus": [sku("s-3", 0)]},
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (shoe,) = read_catalog(tmp_path / "a.jsonl", images_required=False)
    assert (shoe.id, [one.id for one in shoe.variants], shoe.attributes["variant stock"]) == ("p-1", ["s-1"], 2)


def test_variants_in_json_within_a_csv_are_variants_and_options_are_columns(tmp_path: Path) -> None:
    variants = [{"sku": f"A-{size}", "size": size, "stock": stock} for size, stock in (("S", 0), ("M", 2), ("L", 1))]
    row = {"id": 7, "title": "Hat", "options": json.dumps([{"name": "Colour", "value": "Red"}])}
    (product,) = read(tmp_path, [row | {"variants": json.dumps(variants)}])
    assert product.attributes["Colour"] == "Red"
    assert [one.id for one in product.variants] == ["A-M", "A-L"]


def test_numbered_columns_of_variants_are_variants(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "code,name,Variant 1 SKU,Variant 1 Size,Variant 2 SKU,Variant 2 Size\na,Tee,a-s,S,a-m,M\nb,Cap,b-1,One,,\n"
    )
    catalog = read_catalog(tmp_path / "a.csv", images_required=False)
    assert [(one.id, [variant.id for variant in one.variants]) for one in catalog] == [
        ("a", ["a-s", "a-m"]),
        ("b", ["b-1"]),
    ]
    assert catalog[0].attributes["variant Size"] == ["S", "M"]
