"""Texts that name a product: its id, an article number or its title."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tests.understanding.shops import large_shop, make_shop
from understanding import Shop, understand


@pytest.mark.parametrize("code", ["AB-1234", "ab-1234", "4006381333931", "'AB-1234'", "AB-1234."])
def test_ids_and_article_numbers_name_a_product(code: str) -> None:
    shop = make_shop(["Shirt", "Skirt"], {"ean": ["4006381333931", "12345670"], "sku": ["AB-1234", "AB-99"]})
    assert [match.row for match in understand(code, shop).matches] == [0]
    assert [match.row for match in understand("1001", shop).matches] == [1]


def test_an_exact_title_names_its_product() -> None:
    shop = large_shop()
    [match] = understand("Nike Men White Tshirts 1", shop).matches
    assert (match.row, match.by) == (1, "title")


def test_a_title_with_a_slip_names_its_product() -> None:
    shop = make_shop(["Aurora Linen Summer Dress", "Borealis Wool Winter Dress", "Aurora Silk Evening Gown"])
    assert [match.row for match in understand("Borealis wool winter dresss", shop).matches] == [1]


def test_attributes_do_not_name_products() -> None:
    assert understand("red casual shoes for men", large_shop()).matches == ()


def test_a_title_that_lacks_a_wish_is_not_the_one_that_is_meant() -> None:
    shop = make_shop(["Basics Men Grey Trousers", "Arrow Men Formal Grey Trousers"])
    assert [match.row for match in understand("men formal trousers grey", shop).matches] == [1]


def test_refused_words_name_no_product() -> None:
    shop = make_shop(["Skybags Unisex Black Backpack", "Wildcraft Unisex Blue Backpack", "Puma Men Red Shirt"])
    understood = understand("unisex backpack not black", shop)
    assert understood.matches == ()
    assert [wish.word for wish in understood.unwanted] == ["black"]
    assert [match.row for match in understand("unisex black backpack", shop).matches] == [0]


@pytest.mark.parametrize(
    "code",
    ["WC-28518-M", "wc-28518-s", "WC-28518", "4006381333931", "in red like WC-28518-M", "28518-L", "28518-l, cheaper"],
)
@pytest.mark.parametrize("column", ["SKU", "Variant Barcode", "GTIN, UPC, EAN, or ISBN"])
def test_codes_of_variants_and_their_product_name_the_product(code: str, column: str) -> None:
    codes = pa.array(["WC-1-M", "WC-28518", "WC-28518-S", "WC-28518-M", "4006381333931"]).dictionary_encode()
    listed = pa.ListArray.from_arrays(pa.array([0, 1, 1, 5], pa.int32()), codes)
    titles = pa.array(["Shirt", "Skirt", "Dress"])
    shop = Shop(pa.array(["1", "2", "3"]), titles, {column: listed}, others={"28518-L": 2, "3": 2})
    understood = understand(code, shop)
    assert [match.row for match in understood.matches] == [2]
    assert understood.not_understood == ()
    assert understand("WC-28518-X", shop).matches == ()


def test_an_id_that_is_also_a_group_names_its_product_once() -> None:
    shop = Shop(pa.array(["A-1", "A-2"]), pa.array(["Shirt", "Skirt"]), {}, others={"A-1": 0, "A-2": 1})
    assert [match.row for match in understand("A-2", shop).matches] == [1]
