"""V-nDCG, T-nDCG and MM on galleries small enough to compute by hand."""

from __future__ import annotations

import math
from typing import cast

import numpy as np
import pytest

from catalog import AttributeValue, Product
from models.datasets.products import title_group
from models.evaluation.encoding import EncodedGallery, Encoder
from models.evaluation.held_out.style_queries import MIN_PRODUCTS, StyleGallery, StyleQuery, half_of
from models.evaluation.held_out.style_search import Weights, measure_styles, normalised_gain

WORDS = ("red", "blue", "long sleeve", "sleeveless", "shirt", "women")


def product(id: str, title: str = "", **attributes: AttributeValue) -> Product:
    return Product(id=id, title=title, attributes=attributes, image=None)


SHOP = [
    product("red", type="shirt", colour="red", sleeve="long", gender="women"),
    product("blue", type="shirt", colour="blue", sleeve="long", gender="women"),
    product("bare", type="shirt", colour="blue", sleeve="sleeveless", gender="women"),
    product("hat", type="hat", colour="blue", gender="men"),
]
TURN_BLUE = StyleQuery(0, ("blue",), ("red",), frozenset({"colour"}), "replace")


def test_ndcg_is_the_discounted_gain_over_that_of_the_best_order() -> None:
    gains = np.array([0.0, 1.0, 0.5])
    ideal = 1 + 0.5 / math.log2(3)
    assert normalised_gain(gains, [1, 2, 0]) == pytest.approx(1)
    assert normalised_gain(gains, [0, 1, 2]) == pytest.approx((1 / math.log2(3) + 0.5 / 2) / ideal)


def test_ndcg_of_a_page_counts_better_products_beyond_it() -> None:
    assert normalised_gain(np.array([0.2, 0.8]), [0]) == pytest.approx(0.25)


def test_without_any_gain_every_order_is_ideal() -> None:
    assert normalised_gain(np.zeros(3), [2, 0]) == 1


def test_the_visual_gain_is_the_share_of_kept_columns_without_those_asked_about() -> None:
    gains = StyleGallery(SHOP, WORDS).visual_gain(TURN_BLUE)
    np.testing.assert_allclose(gains, [1, 1, 2 / 3, 0])  # of type, sleeve and gender


def test_attributes_that_the_reference_lacks_are_not_kept() -> None:
    gains = StyleGallery(SHOP, WORDS).visual_gain(StyleQuery(3, ("red",), (), frozenset({"colour"}), "add"))
    np.testing.assert_allclose(gains, [0, 0, 0, 1])  # of type and gender: a hat has no sleeve


def test_a_reference_that_keeps_nothing_is_like_everything() -> None:
    bare = [product("a", colour="red"), product("b", colour="blue")]
    query = StyleQuery(0, ("blue",), (), frozenset({"colour"}), "add")
    np.testing.assert_array_equal(StyleGallery(bare, WORDS).visual_gain(query), [1, 1])


def test_the_textual_gain_is_the_share_of_words_that_hold() -> None:
    query = StyleQuery(0, ("blue", "sleeveless"), ("red",), frozenset({"colour", "sleeve"}), "replace two")
    np.testing.assert_allclose(StyleGallery(SHOP, WORDS).textual_gain(query), [0, 2 / 3, 1, 2 / 3])


def test_words_of_a_title_count_as_metadata() -> None:
    shop = [product("a", "Blue Shirt"), product("b", "Gray Hat")]
    query = StyleQuery(1, ("blue",), ("shirt",), frozenset(), "replace")
    np.testing.assert_allclose(StyleGallery(shop, WORDS).textual_gain(query), [0.5, 0.5])


def many() -> list[Product]:
    """Shirts and hats in two colours and two lengths of sleeve, and one in a colour of its own."""
    shop = [
        product(f"{number}", type=("shirt", "dress")[number % 2], colour=("red", "blue")[number // 2 % 2],
                sleeve=("long", "sleeveless")[number // 4 % 2])
        for number in range(8 * MIN_PRODUCTS)
    ]  # fmt: skip
    return [*shop, product("odd", type="shirt", colour="green", sleeve="long")]


def test_every_query_can_be_satisfied_by_a_product_of_the_references_type() -> None:
    styles = StyleGallery(many(), WORDS)
    for query in styles.queries(20, seed=1):
        reference = styles.products[query.reference]
        held = styles.textual_gain(query) == 1
        able = [styles.products[int(row)].attributes["type"] for row in np.flatnonzero(held)]
        assert reference.attributes["type"] in able
        assert styles.textual_gain(query)[query.reference] < 1


def test_queries_are_of_four_kinds_and_match_their_texts() -> None:
    queries = StyleGallery(many(), WORDS).queries(20, seed=1)
    shapes = {(query.edit, len(query.wanted), len(query.unwanted), len(query.asked)) for query in queries}
    assert shapes == {("add", 1, 0, 1), ("remove", 0, 1, 1), ("replace", 1, 1, 1), ("replace two", 2, 2, 2)}
    assert len(queries) == 80


def test_rare_types_and_words_and_unknown_words_are_not_queried() -> None:
    def asked(words: tuple[str, ...]) -> set[str]:
        queries = StyleGallery(many(), words).queries(100, seed=2)
        return {word for query in queries for word in (*query.wanted, *query.unwanted)}

    assert asked((*WORDS, "green", "dress")) == {"red", "blue", "long sleeve", "sleeveless"}
    assert asked(("red", "blue", "long sleeve")) == {"red", "blue"}


def test_equal_seeds_draw_equal_queries() -> None:
    styles = StyleGallery(many(), WORDS)
    assert styles.queries(10, seed=3) == styles.queries(10, seed=3)
    assert styles.queries(10, seed=3) != styles.queries(10, seed=4)


def articles(count: int) -> list[Product]:
    """Each in two colours, on a picture of its own."""
    return [
        Product(
            f"{number} {colour}", f"Shirt number{number} {colour}", {"baseColour": colour}, f"{number}{colour}".encode()
        )
        for number in range(count)
        for colour in ("Red", "Blue")
    ]


def test_the_halves_share_no_product_and_no_title_group_and_leave_nothing_out() -> None:
    held = articles(50)
    chosen_on, measured = half_of(held, "chosen on"), half_of(held, "measured")
    assert sorted([*chosen_on, *measured]) == list(range(100))
    assert len(chosen_on) == pytest.approx(50, abs=2)
    assert not {title_group(held[row]) for row in chosen_on} & {title_group(held[row]) for row in measured}


def test_equal_products_have_equal_halves() -> None:
    assert half_of(articles(50), "measured") == half_of(articles(50), "measured")


def test_products_too_few_for_a_query_in_each_half_have_no_halves() -> None:
    few = articles(2 * MIN_PRODUCTS)[:-1]
    assert half_of(few, "chosen on") == half_of(few, "measured") == []


class Words:
    """Stands for a model: each word is one axis of its text tower."""

    def __init__(self, axes: dict[str, list[float]]) -> None:
        self.axes = axes
        self.tokenizer = self

    def encode(self, texts: list[str]) -> tuple[list[str], list[bool]]:
        return texts, [False] * len(texts)

    def text(self, texts: list[str]) -> np.ndarray:
        return np.array([self.axes[text] for text in texts], dtype=np.float32)


def test_the_three_ways_and_their_mean_are_the_hand_computed_figures() -> None:
    gallery = EncodedGallery.__new__(EncodedGallery)
    # The axes: shirt, red, blue.
    gallery.embedding = np.array([[0.8, 0.6, 0], [0.8, 0, 0.6], [0, 0.6, 0.8], [0.6, 0, 0.8]], dtype=np.float32)
    gallery.attributes = np.zeros((4, len(WORDS)), dtype=np.float32)
    gallery.attributes[:, 0] = 0.9, 0.8, 0.0, 0.9  # red, of which all but the first and third are wrong
    gallery.attributes[:, 1] = 0.1, 0.2, 1.0, 0.1  # blue
    model = cast(Encoder, Words({"red": [0, 1, 0], "blue": [0, 0, 1]}))
    ways = {
        "image only": Weights(0, 0),
        "arithmetic": Weights(0.5, 0),
        "filter": Weights(0, 0.35),
        "joint": Weights(0.5, 0.35),
    }
    figures = measure_styles(model, gallery, StyleGallery(SHOP, WORDS), [TURN_BLUE], ways)
    # The cosines with the reference are 0.64, 0.36, 0.48: blue, bare, hat are found as blue, hat, bare.
    ideal = 1 + 2 / 3 / math.log2(3)
    assert figures["replace", "image only"]["V-nDCG@20"] == round(100 * (1 + 2 / 3 / 2) / ideal, 2)
    assert figures["replace", "image only"]["T-nDCG@20"] == 100  # All three of them are blue, not red.
    # The query moves to [0.8, 0.1, 0.5] / 0.949: 0.94, 0.46, 0.88.
    assert figures["replace", "arithmetic"] == figures["replace", "image only"]
    # Multiplied by (blue * (1 - red)) ** 0.35, 0.32, 1 and 0.20: 0.21, 0.36, 0.10: bare, blue, hat.
    filtered = (2 / 3 + 1 / math.log2(3)) / ideal
    assert figures["replace", "filter"]["V-nDCG@20"] == round(100 * filtered, 2)
    assert figures["replace", "filter"]["MM@20"] == round(math.sqrt(100 * filtered * 100), 2)
    # 0.94, 0.46, 0.88 times the same: 0.30, 0.46, 0.18.
    assert figures["replace", "joint"] == figures["replace", "filter"]
