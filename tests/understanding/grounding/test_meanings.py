"""What the values of columns mean."""

from __future__ import annotations

import numpy as np
import pytest

from tests.understanding.shops import make_shop, same
from tests.work import lines_run
from understanding import Grounding, Wish, understand
from understanding.grounding.meanings import Meanings
from understanding.grounding.refused import refused
from understanding.words.language import languages

NAN = float("nan")


def meant(value: str, family: str) -> set[str]:
    return {f"{one.family}:{one.name}" for one in make_shop(["a"]).meaning(value, family, family)}


@pytest.mark.parametrize(
    ("value", "concepts"),
    [
        ("Business-Schuhe", {"kind:formal shoe"}),
        ("Hand-Taschen", {"kind:handbag"}),
        ("Sun Glasses", {"kind:sunglasses"}),
        ("Herren Business-Schuhe", {"people:men", "kind:formal shoe"}),
        ("Rote Schuhe", {"kind:shoe"}),
        ("Red Tape Shoes", {"kind:shoe"}),
        ("Shoes > Boots", {"kind:boots"}),
        ("Women's Leather Shoes", {"people:women", "material:leather", "kind:shoe"}),
        ("Bags for Shoes", {"kind:bag"}),
        ("Shoe Bags", {"kind:bag"}),
        ("Coats & Jackets", {"kind:coat", "kind:jacket"}),
        ("Clothing > Coats & Jackets", {"kind:coat", "kind:jacket"}),
        ("コート・ジャケット", {"kind:coat", "kind:jacket"}),
        ("Robes et jupes", {"kind:dress", "kind:skirt"}),
        ("Vestes en cuir femme", {"people:women", "material:leather", "kind:jacket"}),
        ("Non-leather shoes", set()),
    ],
)
def test_a_category_states_its_kinds_and_what_stands_beside_them(value: str, concepts: set[str]) -> None:
    assert meant(value, "kind") == concepts


@pytest.mark.parametrize(
    "value",
    ["Damenschuhe", "Damen-Schuhe", "Schuhe für Damen", "Damen > Schuhe", "Women's Shoes", "Shoes for Women",
     "Chaussures femme", "Chaussures pour femmes", "Zapatos de mujer", "Scarpe da donna", "Sapatos femininos",
     "Damesschoenen", "Buty damskie", "Kadın Ayakkabı", "女鞋", "レディースシューズ"],
)  # fmt: skip
def test_a_category_for_women_says_so_in_every_language(value: str) -> None:
    assert meant(value, "kind") == {"people:women", "kind:shoe"}


@pytest.mark.parametrize(
    ("value", "colours"),
    [
        ("Black/Red", {"black", "red"}), ("Schwarz-Weiß", {"black", "white"}), ("dark navy", {"navy blue"}),
        ("dark green", {"dark green"}), ("vert foncé", {"dark green"}), ("washed black", {"black"}),
        ("black (matte)", {"black"}), ("ink", {"navy blue"}), ("snow", {"white"}), ("jet", {"black"}),
    ],
)  # fmt: skip
def test_a_value_of_a_colour_column_may_have_other_words(value: str, colours: set[str]) -> None:
    assert meant(value, "colour") == {f"colour:{one}" for one in colours}


@pytest.mark.parametrize(
    ("value", "family", "concept"),
    [
        ("100% Baumwolle", "material", "cotton"), ("Genuine Leather", "material", "leather"),
        ("綿100%", "material", "cotton"), ("Small dots", "pattern", "dotted"), ("uni", "pattern", "plain"),
        ("her", "people", "women"), ("everyone", "people", "unisex"), ("little ones", "people", "children"),
    ],
)  # fmt: skip
def test_values_of_other_columns_are_read_as_well(value: str, family: str, concept: str) -> None:
    assert meant(value, family) == {f"{family}:{concept}"}


def test_words_of_values_mean_nothing_in_other_columns_and_texts() -> None:
    assert not meant("ink", "material")
    assert not understand("ink", make_shop(["a"])).wanted


def test_an_audience_in_a_category_is_found_in_every_language() -> None:
    shop = make_shop([""] * 3, {"Warengruppe": ["Damenschuhe", "Herrenschuhe", "Schuhe"]})
    grounding = Grounding(shop)
    for text in ("Schuhe für Frauen", "shoes for women", "zapatos de mujer"):
        levels = [grounding.together([wish]) for wish in understand(text, shop).wanted]
        assert np.nanargmax(np.prod(levels, axis=0)) == 0


def test_a_value_without_a_known_meaning_excludes_nothing() -> None:
    shop = make_shop([""] * 3, {"colour": ["Red", "Blue", "Zephyr"], "type": ["Shirts", "Dresses", "Zephyrs"]})
    grounding = Grounding(shop)
    same(list(grounding.levels(Wish("colour", "red", ""))), [1, 0, NAN])
    same(list(grounding.levels(Wish("kind", "shirt", ""))), [1, 0, NAN])
    same(list(refused(grounding, Wish("colour", "red", ""))), [1, 0, NAN])


def test_a_column_of_an_unusual_name_has_the_family_of_its_values() -> None:
    shop = make_shop([""] * 4, {"dept": ["him", "her", "everyone", "her"], "group": ["Damenschuhe", "Herrenhosen"] * 2})
    assert [column.family for column in shop.columns] == ["people", "kind"]


def test_a_colour_that_a_shop_calls_by_an_ordinary_word_is_asked_for() -> None:
    shop = make_shop([""] * 3, {"colour": ["forest", "army", "ink"]})
    assert {wish.word for wish in understand("in forest or army please", shop).wanted} == {"forest", "army"}


def test_a_value_is_read_once_and_only_in_languages_that_know_its_words() -> None:
    meanings, english = Meanings(languages()), Meanings({"en": languages()["en"]})
    meanings.of("zephyr trousers", "kind")  # Fills the caches of the languages.
    work = lines_run(lambda: meanings.of("zephyr leather shoes", "kind"))
    assert work < 4 * lines_run(lambda: english.of("zephyr leather shoes", "kind"))
    assert lines_run(lambda: meanings.wholly("zephyr leather shoes")) < work / 4
