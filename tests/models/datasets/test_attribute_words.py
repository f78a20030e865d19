from __future__ import annotations

import numpy as np

from catalog import AttributeValue, Product
from models.datasets.attributes.words import (
    EXCLUDED,
    STATED,
    common_words,
    corrected_probabilities,
    shown_words,
    spellings_of,
    stated_words,
    words_of,
)


def product(title: str = "", **attributes: AttributeValue) -> Product:
    return Product(id="p", title=title, attributes=attributes, image=None)


def test_spellings_of_one_word_are_one_word() -> None:
    shop, other = product("Gray Tshirts for Men"), product("grey t-shirt, men's")
    assert words_of(shop) == words_of(other) == {"grey", "t-shirt", "men"}


def test_a_value_of_several_words_is_one_word() -> None:
    assert words_of(product(articleType="Casual Shoes", baseColour="Navy Blue")) == {"casual shoe", "navy blue"}


def test_an_ambiguous_value_is_prefixed_with_its_attribute() -> None:
    assert words_of(product(sleeve="long", heel="high")) == {"long sleeve", "high heel"}


def test_a_flag_is_a_word_where_it_is_set_and_none_where_it_is_not() -> None:
    assert words_of(product(waterproof=True)) == {"waterproof"}
    assert words_of(product(waterproof=False)) == frozenset()


def test_numbers_and_invisible_values_are_no_words() -> None:
    assert words_of(product("Shirt 2012", price=19, season="Summer", year="2012")) == {"shirt"}


def test_articles_and_single_letters_of_a_title_are_no_words() -> None:
    assert words_of(product("a dress for the beach & v")) == {"dress", "beach"}


def test_rare_words_are_left_out_and_the_most_frequent_come_first() -> None:
    products = [product("red shirt"), product("red dress"), product("blue shirt"), product("red hat")]
    assert common_words(products, minimum=2) == ["red", "shirt"]


def test_words_of_equal_frequency_are_in_alphabetical_order() -> None:
    assert common_words([product("shirt dress blue")], minimum=1) == ["blue", "dress", "shirt"]


def test_what_a_product_shows_is_a_row_in_the_order_of_the_words() -> None:
    shown = shown_words([product("red shirt"), product("blue hat")], ["shirt", "blue", "red"])
    assert shown.dtype == np.bool_
    assert shown.tolist() == [[True, False, True], [False, True, False]]


def test_no_products_have_no_words() -> None:
    assert shown_words([], ["red"]).shape == (0, 1)


def test_titles_and_values_are_stated_and_other_values_of_the_column_excluded() -> None:
    products = [product("polka dress", baseColour="Red"), product("shirt", baseColour="Blue"), product("blue hat")]
    found = stated_words(products, ["red", "blue", "polka", "green"])
    assert found.stated.tolist() == [
        [True, False, True, False],
        [False, True, False, False],
        [False, True, False, False],
    ]
    assert found.used.tolist() == [True, True, True, False]
    assert found.exclusive.tolist() == [True, True, False, False]
    # No title denies anything, nor does a product without the column, nor is a word denied that no column has.
    assert found.excluded.tolist() == [
        [False, True, False, False],
        [True, False, False, False],
        [False, False, False, False],
    ]


def test_a_word_of_the_title_is_not_excluded_by_a_column() -> None:
    found = stated_words([product("red shirt", baseColour="Maroon"), product(baseColour="Red")], ["red", "maroon"])
    assert found.stated[0].tolist() == [True, True]
    assert not found.excluded[0].any()


def test_numbers_and_invisible_values_exclude_nothing() -> None:
    found = stated_words([product(season="Summer", price=3), product(season="Winter", price=4)], ["summer", "winter"])
    assert not found.stated.any()
    assert not found.excluded.any()


def test_recognised_probabilities_are_corrected_by_stated_words() -> None:
    seen = np.full((2, 3), 0.4, np.float32)
    found = stated_words([product(colour="Red"), product("hat", colour="Blue")], ["red", "blue", "hat"])
    half = np.float32(0.4)
    assert corrected_probabilities(seen, found).tolist() == [[STATED, EXCLUDED, half], [EXCLUDED, STATED, STATED]]


def test_a_word_has_the_spellings_that_people_use() -> None:
    ways = spellings_of(["t-shirt", "grey", "navy blue", "women", "casual shoe"])
    assert {"tee", "tees", "t-shirts", "tshirts"} <= set(ways["t-shirt"])
    assert "gray" in ways["grey"]
    assert {"navy", "dark blue"} <= set(ways["navy blue"])
    assert {"ladies", "woman", "women's"} <= set(ways["women"])
    assert "casual shoes" in ways["casual shoe"]


def test_a_word_of_its_own_is_no_spelling_of_another() -> None:
    ways = spellings_of(["navy blue", "navy", "shoe", "casual shoe"])
    assert "navy" not in ways["navy blue"]
    assert "shoe" not in ways["casual shoe"]


def test_a_spelling_belongs_to_one_word_only() -> None:
    ways = spellings_of(["maroon", "burgundy", "sweater", "jumper"])
    everything = [spelling for spellings in ways.values() for spelling in spellings]
    assert len(everything) == len(set(everything))
    assert "dark red" in ways["maroon"]


def test_sleeves_come_in_pairs_and_a_pattern_need_not_be_called_one() -> None:
    ways = spellings_of(["long sleeve", "striped pattern", "maxi length", "maxi"])
    assert ways == {"long sleeve": ("long sleeves",), "striped pattern": ("striped",)}


def test_a_word_that_people_write_in_one_way_has_no_spellings() -> None:
    assert spellings_of(["striped", "casual"]) == {}


def test_categories_state_kinds_as_a_type_does() -> None:
    words = ["hoodie", "dress", "shoe", "sneaker", "sale"]
    products = [
        product(Categories=["Clothing > Hoodies", "Sale"]), product(Categories=["Shoes > Sneakers"]),
        product(Categories=["Sale"]), product(Type="Dresses"),
    ]  # fmt: skip
    found = stated_words(products, words)
    assert found.stated.tolist() == [
        [True, False, False, False, False],
        [False, False, True, True, False],
        [False] * 5,
        [False, True, False, False, False],
    ]
    assert found.excluded.tolist() == [
        [False, False, True, True, False],
        [True, False, False, False, False],
        [False] * 5,
        [False] * 5,
    ]


def test_a_column_without_any_of_the_words_excludes_none() -> None:
    assert not stated_words([product("Red hat", sleeve="long")], ["red"]).excluded.any()
