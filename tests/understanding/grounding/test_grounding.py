"""What a shop can be asked for, and which of its products satisfy a wish."""

from __future__ import annotations

import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.understanding.shops import column, large_shop, make_shop, same
from tests.understanding.test_wishes import parts_of
from understanding import Bound, Grounding, Relative, Shop, Wish, understand
from understanding.grounding.compared import compared
from understanding.grounding.value_levels import FURTHER, NARROWER, NEAR
from understanding.words.concepts import families_of_columns

NAN = float("nan")


def levels(shop: Shop, family: str, word: str, column: str = "") -> list[float]:
    return [round(float(one), 3) for one in Grounding(shop).levels(Wish(family, word, word, column))]


def test_a_column_overrules_the_words_of_a_title() -> None:
    shop = make_shop(["Red Tape Men Shoes", "Plain Shoes", "Red Shoes"], {"colour": ["Black", "Red", None]})
    same(levels(shop, "colour", "red"), [0, 1, 1])


def test_a_column_without_a_value_leaves_a_product_open() -> None:
    shop = make_shop(["Shoes", "Shoes", "Shoes"], {"colour": ["Black", "Red", None]})
    same(levels(shop, "colour", "red"), [0, 1, NAN])


def test_words_of_a_brand_are_no_attributes() -> None:
    titles = [f"Red Fox Men Black Shirt {number}" for number in range(9)]
    shop = make_shop([*titles, "Nordwind Men Red Shirt", "Nordwind Men Green Shirt", "Nordwind Men Red Cap"])
    assert levels(shop, "colour", "red")[:9] == [0] * 9
    assert levels(shop, "colour", "red")[9:] == [1, 0, 1]
    assert [wish.family for wish in understand("red fox", shop).wanted] == ["brand"]


def test_brands_that_begin_with_the_same_colour_are_found() -> None:
    branded = [
        f"Red {brand} {people} Black Shoes" for brand in ("Tape", "Chief") for people in ("Men", "Boys", "Girls")
    ]
    coloured = [f"Red {shape} {kind}" for shape in ("Round", "Square") for kind in ("Cap", "Bag")]
    other = ["Blue Round Cap", "Blue Round Bag", "Green Square Cap", "Green Square Bag"]
    shop = make_shop([*branded, *coloured, *other])
    assert [wish.key for wish in understand("red chief", shop).wanted] == [("brand", "red chief")]
    assert levels(shop, "colour", "red") == [0] * 6 + [1] * 4 + [0] * 4


def test_words_of_a_brand_column_are_no_attributes() -> None:
    shop = make_shop(["Red Fox Shirt", "Nordwind Red Shirt"], {"brand": ["Red Fox", "Nordwind"]})
    same(levels(shop, "colour", "red"), [NAN, 1])


def test_a_wider_kind_is_satisfied_by_its_narrower_ones() -> None:
    shop = make_shop([""] * 4, {"type": ["Casual Shoes", "Heels", "Tshirts", "Shoes"]})
    same(levels(shop, "kind", "shoe"), [NARROWER, NARROWER, 0, 1])
    same(levels(shop, "kind", "heels"), [0, 1, 0, NAN])


def test_a_product_of_a_wider_kind_may_be_of_the_wanted_one() -> None:
    columns = {"articleType": ["Jackets", "Shirts"], "subCategory": ["Topwear"] * 2, "masterCategory": ["Apparel"] * 2}
    shop = make_shop(["Fox Women Jacket", "Fox Men Shirt"], columns)
    same(levels(shop, "kind", "leather jacket"), [NAN, 0])
    same(levels(shop, "kind", "dress"), [0, 0])


def test_a_title_may_name_a_kind_that_the_columns_put_beside_it() -> None:
    titles = ["Fox Women Gold Sandals", "Fox Women Heels", "Fox Men Sandals", "Fox Sandals Shirt"]
    shop = make_shop(titles, {"type": ["Heels", "Heels", "Sandals", "Shirts"]})
    grounding = Grounding(shop)
    same(list(grounding.levels(Wish("kind", "sandals", ""))), [0, 0, 1, 0])
    same(list(grounding.together([Wish("kind", "sandals", "")])), [NEAR, 0, 1, 0])


def test_what_comes_close_is_worth_less_than_what_was_asked() -> None:
    shop = make_shop([""] * 3, {"colour": ["Red", "Maroon", "Blue"]})
    same(levels(shop, "colour", "crimson"), [NEAR, NEAR * FURTHER, 0])


def test_values_in_another_language_are_known() -> None:
    shop = make_shop([""] * 3, {"Farbe": ["Rot", "Blau", "Schwarz"], "Kategorie": ["Kleider", "Hemden", "Schuhe"]})
    assert levels(shop, "colour", "red") == [1, 0, 0]
    assert levels(shop, "kind", "shirt") == [0, 1, 0]
    assert Grounding(shop).values(Wish("colour", "red", "rouge")) == {"Farbe": ["Rot"]}


def test_titles_alone_ground_a_shop_without_columns() -> None:
    shop = make_shop(["Navy Blue Dress", "Light Blue Dress", "Blue Dress", "Dress"])
    same(levels(shop, "colour", "blue"), [NEAR, NEAR, 1, NAN])
    same(levels(shop, "colour", "navy blue"), [1, 0, NEAR, NAN])


def test_a_title_says_what_its_product_is_where_no_column_does() -> None:
    titles = [f"Red Fox Men Navy Blue Shirt {number}" for number in range(5)]
    grounding = Grounding(make_shop([*titles, "Nordwind Women Red Dress", "Nordwind Men Green Cap"]))
    assert grounding.concepts_of(0, "colour") == ["navy blue"]
    assert grounding.concepts_of(0, "kind") == ["shirt"]
    assert grounding.concepts_of(5, "people") == ["women"]
    assert grounding.concepts_of(5, "material") == []


def test_a_column_of_an_unusual_name_is_known_by_its_values() -> None:
    shop = make_shop([""] * 3, {"tint": ["Red", "Blue", "Green"]})
    assert levels(shop, "colour", "green") == [0, 0, 1]


def test_lists_hold_several_values() -> None:
    values = pa.ListArray.from_arrays(pa.array([0, 2, 3, 3]), pa.array(["Red", "Blue", "Green"]).dictionary_encode())
    shop = Shop(pa.array(["1", "2", "3"]), pa.array(["", "", ""]), {"colours": values, "colour": values})
    same(levels(shop, "colour", "blue"), [1, 0, NAN])


def test_a_value_of_another_family_counts_less_only_beside_a_column_of_its_own() -> None:
    lines: dict[str, list[str | None]] = {"line": ["crewneck", "tee", "jeans"]}
    same(levels(make_shop([""] * 3, lines), "detail", "round neck"), [1, NAN, NAN])
    both = make_shop([""] * 3, {**lines, "neckline": [None, "round neck", None]})
    same(levels(both, "detail", "round neck"), [0.75, 1, NAN])


def test_bounds_leave_products_without_a_number_open() -> None:
    shop = make_shop([""] * 3, {"price": [10.0, 60.0, None]})
    same(list(Grounding(shop).within(Bound("price", None, 50, ""))), [1, 0, NAN])


def test_a_bound_without_a_column_is_not_kept() -> None:
    shop = make_shop(["Shirt"])
    [bound] = understand("under 50", shop).constraints
    assert bound.column == ""


def test_several_wishes_of_one_family_are_alternatives() -> None:
    shop = make_shop([""] * 3, {"colour": ["Red", "Blue", "Green"]})
    wishes = [Wish("colour", "red", ""), Wish("colour", "blue", "")]
    same(list(Grounding(shop).together(wishes)), [1, 1, 0])


def test_sizes_are_those_of_the_shop() -> None:
    shop = large_shop()
    wishes = {wish.family: (wish.word, wish.column) for wish in understand("shoes in size 42", shop).wanted}
    assert wishes["size"] == ("42", "size")
    assert understand("shoes in size 57", shop).not_understood == ("in size 57",)


def test_a_waist_is_a_size_and_an_inside_leg_is_not_understood() -> None:
    understood = understand("black jeans W34 L32", make_shop(["jeans"], {"size": ["34"]}))
    assert parts_of(understood) == {"+colour:black", "+kind:jeans", "+size:34"}
    assert understood.not_understood == ("L 32",)


def test_years_and_prices_are_told_apart() -> None:
    shop = large_shop()
    assert [bound.family for bound in understand("from 2012", shop).constraints] == ["year"]
    assert [bound.family for bound in understand("under 150", shop).constraints] == ["price"]


def test_a_brand_that_is_an_everyday_word_needs_to_be_called_one() -> None:
    shop = large_shop()
    assert [wish.family for wish in understand("red and blue", shop).wanted] == ["colour", "colour"]
    assert [wish.word for wish in understand("something by AND", shop).wanted] == ["and"]


def test_misspelt_brands_are_found() -> None:
    found = {text: [wish.word for wish in understand(text, large_shop()).wanted] for text in ("pumma", "Rebok")}
    assert found == {"pumma": ["puma"], "Rebok": ["reebok"]}


def test_an_empty_shop_understands_words_all_the_same() -> None:
    shop = make_shop(["", ""])
    assert [wish.word for wish in understand("a red dress", shop).wanted] == ["red", "dress"]
    assert Grounding(shop).values(Wish("colour", "red", "")) == {}


@pytest.mark.parametrize(
    "column",
    ["Variant Price", "Regular price", "price", "Price (EUR)", "special_price", "Price tax included", "Prix", "Preis"],
)
def test_prices_of_exports_are_what_a_text_bounds(column: str) -> None:
    shop = make_shop(["Shirt"] * 3, {column: [19.0, 49.0, None], "Variant Compare At Price": [99.0, 99.0, 99.0]})
    (bound,) = understand("under 20", shop).constraints
    assert (bound.family, bound.column) == ("price", column)
    same(list(Grounding(shop).within(bound)), [1, 0, NAN])


@pytest.mark.parametrize("column", ["RRP", "UVP (EUR)", "mrp", "List Price", "定価"])
def test_a_list_price_is_the_price_if_there_is_no_other(column: str) -> None:
    (bound,) = understand("under 20", make_shop(["Shirt"] * 2, {column: [19.0, 49.0]})).constraints
    assert bound.column == column
    both = make_shop(["Shirt"] * 2, {column: [19.0, 49.0], "price": [9.0, 39.0]})
    assert both.families == {column: "", "price": "price"}


@pytest.mark.parametrize(
    ("columns", "reduced", "named"),
    [
        ({"price": [40.0, 40.0, 20.0], "sale price": [20.0, None, 20.0]}, [1, 0, 0], "sale price"),
        ({"Price": [20.0, 40.0, 20.0], "Compare at price": [40.0, None, 20.0]}, [1, 0, 0], "Price"),
        ({"Price": [20.0, 40.0, None], "RRP": [30.0, 40.0, 50.0]}, [1, 0, NAN], "Price"),
        ({"Price": [20.0, 40.0, 50.0]}, [NAN] * 3, ""),
    ],
)
def test_what_costs_less_than_before_is_on_sale(
    columns: dict[str, list[float]], reduced: list[float], named: str
) -> None:
    shop = make_shop(["Shirt"] * 3, columns)
    (bound,) = understand("shirts on sale", shop).constraints
    assert (bound.family, bound.column) == ("discount", named)
    same(list(Grounding(shop).within(bound)), reduced)
    (most,) = understand("at least 60% off", shop).constraints
    assert most.min == 60


def test_ratings_are_bounds_on_their_column() -> None:
    shop = make_shop(["Shirt"] * 3, {"price": [3.0, 5.0, 9.0], "Average rating": [4.5, 3.0, None]})
    (bound,) = understand("at least 4 stars", shop).constraints
    assert (bound.family, bound.column) == ("rating", "Average rating")
    same(list(Grounding(shop).within(bound)), [1, 0, NAN])


@pytest.mark.parametrize("text", ["shoes size 7.5", "Schuhe Größe 7,5", "shoes UK 7.5", "shoes 7.5"])
@pytest.mark.parametrize("value", ["7.5", "7,5", "UK 7.5", "7.5 UK", "UK7.5"])
def test_half_sizes_are_found_however_they_are_written(value: str, text: str) -> None:
    shop = make_shop(["Shoe", "Shoe"], {"size": [value, "9"]})
    assert [wish.word for wish in understand(text, shop).wanted if wish.family == "size"] == [value]


@pytest.mark.parametrize("value", ["26.5", "26.5cm", "26,5 cm"])
def test_a_size_may_be_a_length_of_feet(value: str) -> None:
    shop = make_shop(["Sneaker", "Sneaker"], {"size": [value, "27"]})
    assert [wish.word for wish in understand("26.5cmのスニーカー", shop).wanted if wish.family == "size"] == [value]


def test_a_kind_that_a_shop_lacks_is_the_nearest_one_of_its_wearers() -> None:
    columns = {
        "type": ["Tops", "Tops", "Tshirts", "Shirts", "Jeans"], "gender": ["Women", "Men", "Women", "Women", "Women"],
    }  # fmt: skip
    grounding = Grounding(make_shop(["x"] * 5, columns))
    women, men, shirt, formal, jeans = grounding.levels(Wish("kind", "blouse", "Bluse"))
    assert women > formal > shirt > jeans == 0
    assert women > men
    assert grounding.lacks(Wish("kind", "blouse", ""))
    assert not grounding.lacks(Wish("kind", "top", ""))


def test_the_lower_of_a_regular_and_a_sale_price_counts() -> None:
    columns = {"Sale price": [None, 15.0, 0.0, None], "Regular price": [30.0, 40.0, 10.0, None]}
    shop = make_shop(["Shirt"] * 4, columns)
    (bound,) = understand("under 20", shop).constraints
    assert bound.column == "Regular price"
    same(list(Grounding(shop).within(bound)), [0, 1, 1, NAN])


WISHES = (
    Wish("colour", "red", ""), Wish("colour", "crimson", ""), Wish("kind", "shoe", ""), Wish("people", "women", ""),
    Wish("title", "puma", ""), Wish("brand", "Puma", "", "title"), Wish("size", "M", "", "size"),
)  # fmt: skip


@pytest.mark.parametrize("with_columns", [True, False])
def test_levels_of_some_products_equal_those_of_all(with_columns: bool) -> None:
    grounding = Grounding(large_shop(with_columns))
    rows = np.random.default_rng(0).integers(0, 720, 200)
    bound = Bound("price", 20, 90, "")
    relatives = [Relative(direction, "") for direction in ("darker", "cheaper", "newer")]
    judged = [
        *((grounding.levels(wish), grounding.levels(wish, rows)) for wish in WISHES),
        (grounding.within(bound), grounding.within(bound, rows)),
        (grounding.alike(7, "kind"), grounding.alike(7, "kind", rows)),
        (grounding.together(WISHES[:2]), grounding.together(WISHES[:2], rows)),
        *((compared(one, grounding, 5, ["red"]), compared(one, grounding, 5, ["red"], rows)) for one in relatives),
    ]
    for everyone, some in judged:
        if everyone is None:
            assert some is None
        else:
            assert some is not None
            np.testing.assert_array_equal(some, everyone[rows])


def test_some_products_with_several_values_are_judged_as_all_are() -> None:
    values = [["Red", "Blue"], [], ["Maroon"], ["Green", "Black", "Red"], ["Blue"]]
    lists = pa.ListArray.from_arrays(
        pa.array(np.cumsum([0, *map(len, values)]), pa.int32()),
        pa.array([one for some in values for one in some]).dictionary_encode(),
    )
    ids = pa.array([str(number) for number in range(5)])
    grounding = Grounding(Shop(ids, pa.array(["Red Shirt"] * 5), {"colours": lists}))
    everyone = grounding.levels(Wish("colour", "red", ""))
    same(list(everyone), [1, 1, 0, 1, 0])
    same(list(grounding.levels(Wish("colour", "red", ""), np.array([4, 0, 1]))), [0, 1, 1])


BRANDED = ("Nike Men", "Adidas Men", "Red Tape Men", "Reid & Taylor Men")


def test_brands_are_found_in_other_scripts_as_one_word_and_with_their_ampersand() -> None:
    shop = make_shop([f"{brand} {word} Shoes" for brand in BRANDED for word in ("Dash", "Glide", "Stride", "Sprint")])
    for text, wanted in (
        ("ナイキの靴", ["nike"]),
        ("耐克鞋", ["nike"]),
        ("redtape shoes", ["red tape"]),
        ("reid and taylor", ["reid & taylor"]),
        ("reid & taylor", ["reid & taylor"]),
        ("reid taylor", ["reid & taylor"]),
    ):
        assert [wish.word for wish in understand(text, shop).wanted if wish.family == "brand"] == wanted, text
    refused = understand("アディダスじゃないやつ", shop)
    assert ([wish.word for wish in refused.unwanted], refused.wanted) == (["adidas"], ())


def test_a_brand_column_in_latin_letters_is_found_in_other_scripts() -> None:
    shop = make_shop(["a", "b"], {"brand": ["PUMA", "New Balance"]})
    assert [wish.word for wish in understand("プーマ", shop).wanted] == ["PUMA"]
    assert [wish.word for wish in understand("新百伦以外", shop).unwanted] == ["New Balance"]


def test_a_brand_in_two_spellings_is_one() -> None:
    shop = make_shop(["a", "b", "c"], {"brand": ["Levi's", "Levis", "Lee"]})
    wish = understand("levis", shop).wanted[0]
    np.testing.assert_allclose(Grounding(shop).levels(wish), [1, 1, 0])
    assert Grounding(shop).values(wish) == {"brand": ["Levi's", "Levis"]}


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Price (EUR)", "price"), ("price-EUR", "price"), ("product_price", "price"), ("Variant Price USD", "price"),
        ("Regulärer Preis", "price"), ("Brutto-VK", "price"), ("Prix TTC", "price"), ("VK-Preis (€)", "price"),
        ("Compare-at price", ""), ("cost EUR", ""), ("color-en_US", "colour"), ("variant size", "size"),
        ("product_color", "colour"), ("Farbe de", "colour"), ("item", ""), ("de", ""), ("product de", ""),
        ("Google Shopping / Gender", "people"), ("Google Shopping / Age Group", "people"),
        ("google_product_category", ""),
        ("Target gender (product.metafields.shopify.target-gender)", "people"), ("Included / Google Shopping", ""),
        ("Sleeve length type (product.metafields.shopify.sleeve-length-type)", "detail"),
    ],
)  # fmt: skip
def test_an_owner_a_language_and_a_currency_do_not_count_in_the_name_of_a_column(name: str, family: str) -> None:
    assert families_of_columns([name]) == {name: family}


@pytest.mark.parametrize("form", ["one column", "columns"])
def test_a_bound_is_in_the_currency_of_the_most_prices(form: str) -> None:
    ids, titles = pa.array(["0", "1", "2", "3"]), pa.array(["Shirt"] * 4)
    if form == "columns":
        columns = {
            "Price EUR": pa.array([40.0, None, 60.0, None]), "Price USD": pa.array([None, 40.0, None, None]),
            "Price": pa.array([None, None, None, 10.0]),
        }  # fmt: skip
        shop = Shop(ids, titles, columns, currencies={"Price EUR": "EUR", "Price USD": "USD"})
    else:
        prices = {"price": pa.array([40.0, 40.0, 60.0, 10.0])}
        shop = Shop(ids, titles, {**prices, "price currency": column(["EUR", "USD", "EUR", None])})
    assert shop.currency == "EUR"
    (bound,) = understand("under 50", shop).constraints
    same(list(Grounding(shop).within(bound)), [1, NAN, 0, 1])


CONDITIONS = ("New", "Used - very good", "Refurbished")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("used jacket", "+condition:used +kind:jacket"),
        ("second hand jacket", "+condition:used +kind:jacket"),
        ("no second hand", "-condition:used"),
        ("a jacket, brand new, not used", "+kind:jacket +condition:new -condition:used"),
        ("gebrauchte Jacke", "+condition:used +kind:jacket"),
        ("robe de seconde main", "+kind:dress +condition:used"),
        ("robe pour une occasion", "+kind:dress"),
        ("używana kurtka", "+condition:used +kind:jacket"),
        ("二手包", "+condition:used +kind:bag"),
        ("I used to love red", "+colour:red"),
        ("white sneakers, used is fine too", "+colour:white +kind:sneaker"),
        ("cheaper, used is fine too", "<cheaper"),
    ],
)
def test_the_condition_of_a_product_is_a_wish_where_a_column_tells_it(text: str, asked: str) -> None:
    shop = make_shop(["jacket"] * 3, {"condition": CONDITIONS})
    assert parts_of(understand(text, shop)) == set(asked.split())
    assert levels(shop, "condition", "used") == [0, 1, 0]


def test_words_for_conditions_are_everyday_words_without_a_column_that_differs() -> None:
    for conditions in ({}, {"condition": ["New", "New"]}):
        understood = understand("used jacket", make_shop(["jacket", "jacket"], conditions))
        assert [wish.word for wish in understood.wanted] == ["jacket"]


@given(data=st.data())
def test_accents_and_case_do_not_count_in_the_name_of_a_column(data: st.DataObject) -> None:
    written = {"größe": "size", "grösse": "size", "taille": "size", "matière": "material", "catégorie": "kind"}
    name = data.draw(st.sampled_from(sorted(written)))
    case = data.draw(st.sampled_from([str.upper, str.title, str.lower]))
    composed = case(name)
    for column_name in (composed, unicodedata.normalize("NFD", composed)):
        assert families_of_columns([column_name]) == {column_name: written[name]}


@pytest.mark.parametrize("text", ["Schuhe in Größe 39", "shoes size 39", "chaussures taille 39"])
@pytest.mark.parametrize("name", ["Größe", "Größen", "Schuhgröße", "Pointures", "Tallas"])
def test_a_size_is_found_in_a_column_with_the_word_for_sizes_of_any_language(name: str, text: str) -> None:
    shop = make_shop(["Schuh 1", "Schuh 2"], {name: ["39", "40"]})
    (wish,) = [wish for wish in understand(text, shop).wanted if wish.family == "size"]
    np.testing.assert_allclose(Grounding(shop).levels(wish), [1, 0])


def test_a_category_that_all_products_have_says_nothing_about_agreement() -> None:
    columns = {"Product Category": ["Clothing"] * 4, "Type": ["bag", "bag", "dress", "skirt"]}
    grounding = Grounding(make_shop(["a", "b", "c", "d"], columns))
    np.testing.assert_allclose(grounding.alike(0, "kind"), [1, 1, 0, 0])
    assert grounding.concepts_of(0, "kind") == ["bag"]
    alone = Grounding(make_shop(["a", "b"], {"Type": ["dress", "dress"]}))
    assert alone.concepts_of(0, "kind") == ["dress"]


@pytest.mark.parametrize(
    ("text", "titles", "wanted"),
    [
        ("Lederjacke", ["Jacke"] * 2, [("kind", "jacket"), ("material", "leather")]),
        ("a denim jacket", ["Jacke"] * 2, [("kind", "denim jacket")]),
        ("leather jacket", ["Lederjacke", "Jacke"], [("kind", "leather jacket")]),
        ("leather jacket in wool", ["Jacke"] * 2, [("kind", "leather jacket"), ("material", "wool")]),
    ],
)
def test_a_kind_of_a_material_that_the_shop_does_not_name_is_the_kind_and_the_material(
    text: str, titles: list[str], wanted: list[tuple[str, str]]
) -> None:
    shop = make_shop(titles, {"Type": ["Jacken", "Jacken"], "Material": ["Leder", "Wolle"]})
    assert [(wish.family, wish.word) for wish in understand(text, shop).wanted] == wanted
