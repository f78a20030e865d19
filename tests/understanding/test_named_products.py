"""Texts that name a product: its id, an article number or its title."""

from __future__ import annotations

import pytest

from tests.understanding.shops import large_shop, make_shop
from understanding import understand


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
