from __future__ import annotations

import random
import re
from collections.abc import Mapping

import pytest

from models.datasets.wording import attribute_phrase, describe

DRESS = {"articleType": "Dresses", "baseColour": "Navy Blue", "gender": "Women", "sleeve": "long", "season": "Summer"}


def said(attributes: Mapping[str, object], count: int = 500) -> list[str]:
    rng = random.Random(1)
    return [describe(attributes, rng) for _ in range(count)]


def test_a_description_always_names_the_type() -> None:
    assert all(re.search(r"\bdress\b", text) for text in said(DRESS))


def test_most_descriptions_name_the_colour_in_common_words() -> None:
    with_colour = [text for text in said(DRESS) if re.search(r"\b(navy|navy blue)\b", text)]
    assert 0.75 < len(with_colour) / 500 < 0.95


def test_some_descriptions_name_other_attributes() -> None:
    with_sleeves = [text for text in said(DRESS) if "sleeve" in text]
    assert 0.2 < len(with_sleeves) / 500 < 0.8


def test_descriptions_omit_attributes_that_pictures_do_not_show() -> None:
    assert not any("summer" in text.lower() for text in said(DRESS))


def test_products_worn_in_pairs_have_no_article() -> None:
    assert not any(re.match(r"an? ", text) for text in said({"articleType": "Jeans", "baseColour": "Blue"}))


def test_the_finer_of_two_types_is_named() -> None:
    assert all("shirt" in text for text in said({"masterCategory": "Apparel", "articleType": "Shirts"}, 50))


def test_without_a_type_there_is_nothing_to_describe() -> None:
    assert describe({"baseColour": "Red"}, random.Random(0)) == ""


def test_equal_chance_gives_equal_descriptions() -> None:
    assert said(DRESS, 20) == said(DRESS, 20)


@pytest.mark.parametrize(
    ("name", "value", "phrase"),
    [
        ("articleType", "Tshirts", "t-shirt"),
        ("baseColour", "Gray", "grey"),
        ("accentColour", "Golden", "gold details"),
        ("gender", "Women's", "women"),
        ("usage", "Smart Casual", "smart casual"),
        ("sleeve", "long", "long sleeve"),
        ("sleeve", "Sleeveless", "sleeveless"),
        ("closureType", "zip", "zip closure type"),
        ("brand", "Nike", "nike"),
        ("waterproof", True, "waterproof"),
        ("waterproof", False, ""),
        ("pattern", "  ", ""),
    ],
)
def test_a_value_has_one_name(name: str, value: str | bool, phrase: str) -> None:
    assert attribute_phrase(name, value) == phrase
