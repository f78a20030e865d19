"""Rows of variants that refer to the row of their product, or continue it, in columns with any name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.catalog.shops import accounted, read

NAMES = [
    ("Tilda UID", "Parent UID"), ("ID", "Variant Of"), ("Código", "Código Pai"), ("Nr.", "Vater"), ("x", "y"),
    ("Kod", "Kod rodzica"),
]  # fmt: skip


@pytest.mark.parametrize(("own", "reference"), NAMES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(0, 3), min_size=1, max_size=6).filter(any))
def test_rows_that_refer_to_another_row_are_its_variants(
    tmp_path: Path, own: str, reference: str, sizes: list[int]
) -> None:
    rows: list[dict[str, object]] = []
    for product, count in enumerate(sizes):
        id = f"P{product}0"
        rows.append({own: id, "Title": f"Shirt {product}.", reference: "", "Size": ""})
        rows += [
            {own: f"P{product}{n + 1}", "Title": f"Shirt {product}. - {n}", reference: id, "Size": f"{n + 36}"}
            for n in range(count)
        ]
    catalog = read(tmp_path, rows)
    assert [(one.id, one.title, len(one.variants)) for one in catalog] == [
        (f"P{product}0", f"Shirt {product}.", count) for product, count in enumerate(sizes)
    ]
    assert accounted(catalog)


def test_a_product_that_replaces_another_is_no_variant_of_it(tmp_path: Path) -> None:
    rows = [
        {"id": "A1", "title": "Coat", "replaced by": "A2"},
        {"id": "A2", "title": "Parka", "replaced by": ""},
        {"id": "A3", "title": "Hat", "replaced by": "A2"},
    ]
    assert [one.id for one in read(tmp_path, rows)] == ["A1", "A2", "A3"]


def test_rows_without_a_title_continue_the_product_with_the_same_key(tmp_path: Path) -> None:
    rows = [
        {"adresse": "robe", "title": "Robe", "sku": "R-S", "size": "S"},
        {"adresse": "robe", "title": "", "sku": "R-M", "size": "M"},
        {"adresse": "jupe", "title": "Jupe", "sku": "J-S", "size": "S"},
    ]
    robe, jupe = read(tmp_path, rows)
    assert [one.attributes["size"] for one in robe.variants] == ["S", "M"]
    assert (robe.title, jupe.title) == ("Robe", "Jupe")


def test_a_group_that_a_row_shares_with_itself_is_no_parent(tmp_path: Path) -> None:
    rows = [
        {"код_товара": "7", "название_позиции": "Сукня", "ID_группы_разновидностей": "7", "Размер": "S"},
        {"код_товара": "7-M", "название_позиции": "Сукня", "ID_группы_разновидностей": "7", "Размер": "M"},
        {"код_товара": "8", "название_позиции": "Шарф", "ID_группы_разновидностей": "", "Размер": ""},
    ]
    dress, scarf = read(tmp_path, rows)
    assert (dress.id, dress.attributes["Размер"], scarf.id) == ("7", ["S", "M"], "8")


def test_a_row_above_its_skus_is_no_variant(tmp_path: Path) -> None:
    rows = [
        {"商品管理番号（商品URL）": "tee", "商品名": "Tシャツ", "SKU管理番号": "", "販売価格": "", "倉庫指定": "0"},
        {"商品管理番号（商品URL）": "tee", "商品名": "", "SKU管理番号": "s-1", "販売価格": "2980", "倉庫指定": ""},
        {"商品管理番号（商品URL）": "hat", "商品名": "ハット", "SKU管理番号": "", "販売価格": "", "倉庫指定": "1"},
        {"商品管理番号（商品URL）": "hat", "商品名": "", "SKU管理番号": "s-2", "販売価格": "980", "倉庫指定": ""},
    ]
    (tee,) = catalog = read(tmp_path, rows)
    assert (tee.id, [one.id for one in tee.variants], tee.attributes["販売価格"]) == ("tee", ["s-1"], 2980)
    assert [one.reason for one in catalog.left_out] == ["倉庫指定 is 1", "倉庫指定 is 1"]


def test_the_code_of_a_colour_is_not_given_to_other_colours(tmp_path: Path) -> None:
    from tests.catalog.shops import pictures

    pictures(tmp_path, ["a.jpg", "b.jpg"])
    rows = [
        {"style number": "D1", "style name": "Dress", "color": "Ivory", "color code": "011", "image": "a.jpg"},
        {"style number": "D1", "style name": "Dress", "color": "Noir", "color code": "099", "image": "b.jpg"},
    ]
    assert [one.attributes["color code"] for one in read(tmp_path, rows, images=True)] == ["011", "099"]


@pytest.mark.parametrize("title", ["Title", "Product"])
def test_sizes_below_their_product_are_its_variants(tmp_path: Path, title: str) -> None:
    rows = [
        {"Code": "R-1", title: "Ruffle Blouse", "Price": "49.00", "Color": "Red", "Size": "S", "Qty": "2"},
        {"Code": "", title: "", "Price": "", "Color": "Red", "Size": "M", "Qty": "1"},
        {"Code": "", title: "", "Price": "", "Color": "Blue", "Size": "S", "Qty": "4"},
        {"Code": "R-2", title: "Plain Tee", "Price": "19.00", "Color": "White", "Size": "S", "Qty": "3"},
        {"Code": "", title: "", "Price": "", "Color": "", "Size": "", "Qty": "10"},
    ]
    blouse, tee = catalog = read(tmp_path, rows)
    assert (blouse.id, len(blouse.variants), blouse.attributes["Price"]) == ("R-1", 3, 49.0)
    assert blouse.attributes["Size"] == ["S", "M"]
    assert (tee.id, tee.variants) == ("R-2", ())
    assert [one.row for one in catalog.problems] == [6]
    assert accounted(catalog)


def test_the_row_of_a_product_with_a_size_of_its_own_is_a_variant_too(tmp_path: Path) -> None:
    rows = [
        {"sku": "A-1", "parent sku": "", "title": "Coat", "size": "S"},
        {"sku": "A-1-M", "parent sku": "A-1", "title": "Coat", "size": "M"},
        {"sku": "B-1", "parent sku": "", "title": "Hat", "size": "S, M"},
        {"sku": "B-1-S", "parent sku": "B-1", "title": "Hat", "size": "S"},
        {"sku": "B-1-M", "parent sku": "B-1", "title": "Hat", "size": "M"},
    ]
    coat, hat = catalog = read(tmp_path, rows)
    assert (coat.id, [one.id for one in coat.variants]) == ("A-1", ["A-1", "A-1-M"])
    assert (hat.id, [one.id for one in hat.variants]) == ("B-1", ["B-1-S", "B-1-M"])
    assert accounted(catalog)


def test_a_product_whose_variants_have_barcodes_alone_has_the_shops_number(tmp_path: Path) -> None:
    rows = [
        {"Modellnr": "AB12", "EAN": f"400000000001{n}", "Modell": "Sneaker", "Schuhgröße": str(41 + n)}
        for n in range(3)
    ]
    (sneaker,) = read(tmp_path, rows)
    assert (sneaker.id, [one.id for one in sneaker.variants]) == ("AB12", [row["EAN"] for row in rows])


def test_variants_of_variants_belong_to_the_outermost_product(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"identifier": "m", "parent": "", "name": "Tee", "color": "", "size": ""}]
    for color in ("Red", "Blue"):
        rows.append({"identifier": f"m-{color}", "parent": "m", "color": color})
        rows += [{"identifier": f"m-{color}-{s}", "parent": f"m-{color}", "color": color, "size": s} for s in "SM"]
    catalog = read(tmp_path, rows)
    assert {one.title for one in catalog} == {"Tee"}
    assert sorted(variant.id for one in catalog for variant in one.variants if variant.id.endswith(("S", "M"))) == [
        "m-Blue-M", "m-Blue-S", "m-Red-M", "m-Red-S",
    ]  # fmt: skip


def test_rows_with_barcodes_below_a_model_are_its_variants(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = []
    for model, title in (("M1", "Tee"), ("M2", "Cap")):
        for place, size in enumerate("SML"):
            first = {"Model": model, "Product name": title, "Colour": "Red"} if place == 0 else {}
            rows.append(
                {"Model": "", "Product name": "", "Colour": "", **first, "Size": size, "EAN": f"40{model[1]}{place}"}
            )
    catalog = read(tmp_path, rows)
    assert [(one.id, one.title, one.attributes["Size"]) for one in catalog] == [
        ("M1", "Tee", ["S", "M", "L"]), ("M2", "Cap", ["S", "M", "L"]),
    ]  # fmt: skip
    assert accounted(catalog)
