"""What a refusal takes in, where it ends, and what only looks like one."""

from __future__ import annotations

import numpy as np
import pytest

from tests.understanding.shops import large_shop, make_shop
from tests.understanding.test_wishes import parts_of
from understanding import Grounding, fold, understand, understand_turns
from understanding.grounding.refused import refused
from understanding.wishes import Wish


def parts(text: str) -> str:
    return " ".join(sorted(parts_of(understand(text, large_shop()))))


@pytest.mark.parametrize(
    "text",
    ["navy isn't working for me", "navy doesn't go with my skin tone", "navy looks awful", "i look awful in navy",
     "navy? nah", "navy no", "navy isn't allowed at school", "der Ton Marineblau ist hässlich"],
)  # fmt: skip
def test_a_denial_refuses_what_follows_or_else_what_stands_before(text: str) -> None:
    assert parts(text) == "-colour:navy blue"


BOTH_SIDES = {
    "en": ("for women, not blue", "red, not blue", "not blue, red"),
    "de": ("für Damen, nicht blau", "rot, nicht blau", "nicht blau, rot"),
    "fr": ("pour femmes, pas bleu", "rouge, pas bleu", "pas bleu, rouge"),
    "es": ("para mujer, no azul", "rojo, no azul", "no azul, rojo"),
    "it": ("da donna, non blu", "rosso, non blu", "non blu, rosso"),
    "pt": ("para mulher, não azul", "vermelho, não azul", "não azul, vermelho"),
    "nl": ("voor dames, niet blauw", "rood, niet blauw", "niet blauw, rood"),
    "pl": ("dla kobiet, nie niebieskie", "czerwone, nie niebieskie", "nie niebieskie, czerwone"),
    "tr": ("kadın için, mavi değil", "kırmızı, mavi değil", "mavi değil, kırmızı"),
    "zh": ("女款，不要蓝色", "红色，不要蓝色", "不要蓝色，红色"),
    "ja": ("レディース、青以外", "赤がいい。青は嫌", "青以外、赤"),
}


@pytest.mark.parametrize("code", BOTH_SIDES)
def test_a_wish_beside_a_refusal_is_not_refused(code: str) -> None:
    for text, wanted in zip(BOTH_SIDES[code], ("people:women", "colour:red", "colour:red"), strict=True):
        assert parts(text) == f"+{wanted} -colour:blue", text


def test_an_answer_to_a_question_refuses_what_was_asked() -> None:
    assert parts("black? nah, blue") == "+colour:blue -colour:black"
    assert parts("rot? nein, blau") == "+colour:blue -colour:red"
    assert parts("No, in red") == "+colour:red"


def test_a_refused_look_does_not_take_the_audience_along() -> None:
    assert parts("men's black isn't for me") == "+people:men -colour:black"


def test_a_denial_refuses_no_thing_that_it_describes() -> None:
    assert parts("red shoes that don't hurt") == "+colour:red +kind:shoe"
    assert parts("something red that doesn't shrink") == "+colour:red"


def test_a_question_that_is_negated_refuses_nothing() -> None:
    for text in ("don't you have it in red?", "¿no lo tienen en rojo?", "vous ne l'avez pas en rouge ?"):
        assert parts(text) == "+colour:red"


def test_a_refusal_ends_before_words_that_cannot_belong_to_it() -> None:
    assert parts("shoes no laces black") == "+colour:black +kind:shoe -detail:laces"
    assert parts("not black for men") == "+people:men -colour:black"
    assert parts("no striped shirts") == "+kind:shirt -pattern:striped"


def test_nouns_come_first_in_some_languages() -> None:
    assert parts("no quiero una camisa negra") == "+kind:shirt -colour:black"
    assert parts("pas de robe noire") == "+kind:dress -colour:black"


def test_praise_of_a_part_does_not_take_the_refusal_behind_it() -> None:
    assert parts("nice cut but I don't do stripes") == "-pattern:striped"
    assert parts("the colour doesn't work for me") == "diff:colour"


def test_too_much_or_less_of_a_look_refuses_it() -> None:
    assert parts("less blue") == "-colour:blue"
    assert parts("too black") == "-colour:black"
    assert parts("weniger schwarz") == "-colour:black"


def test_whose_occasion_it_is_says_nothing_of_who_goes() -> None:
    assert parts("for my sister's wedding") == "+occasion:wedding"
    assert parts("a women's party dress") == "+kind:dress +occasion:party +people:women"


def test_whose_birthday_it_is_says_for_whom() -> None:
    assert parts("dad's birthday, a shirt") == "+kind:shirt +people:men"


def test_a_colour_and_the_one_that_it_is_a_shade_of_are_one() -> None:
    assert parts("navy blu") == "+colour:navy blue"
    assert parts("crimson red") == "+colour:crimson"
    assert parts("red blue") == "+colour:blue +colour:red"


@pytest.mark.parametrize("text", ["in silver because my dress is red", "in Silber, denn mein Kleid ist rot"])
def test_what_somebody_has_is_not_what_they_want(text: str) -> None:
    assert parts(text) == "+colour:silver"


def test_signs_bound_a_price() -> None:
    assert parts("tees <20") == "+kind:t-shirt ..20"
    assert parts("tees > 20") == "+kind:t-shirt 20.."


def test_a_year_with_from_is_that_year() -> None:
    assert parts("the one from 2012") == "2012..2012"
    assert parts("from 20") == "20.."


def test_everyday_words_are_no_slips() -> None:
    for text in ("this shows everything", "darker than this"):
        assert "+" not in parts(text)


def test_not_blue_refuses_navy_and_not_navy_no_other_blue() -> None:
    shop = make_shop([""] * 4, {"colour": ["Blue", "Navy Blue", "Red", "Turquoise Blue"]})
    grounding = Grounding(shop)
    np.testing.assert_allclose(refused(grounding, Wish("colour", "blue", "")), [1, 1, 0, 0])
    np.testing.assert_allclose(refused(grounding, Wish("colour", "navy blue", "")), [0, 1, 0, 0])


def test_similar_values_are_refused_if_no_value_has_the_name() -> None:
    grounding = Grounding(make_shop([""] * 2, {"colour": ["Red", "Blue"]}))
    assert refused(grounding, Wish("colour", "crimson", ""))[0] > 0.5


def test_a_wanted_look_beside_a_refused_one_is_kept() -> None:
    assert parts("white with stripes but not blue stripes") == "+colour:white +pattern:striped -colour:blue"
    assert parts("red, not red or blue") == "-colour:blue -colour:red"


def test_a_refused_part_does_not_refuse_the_things_that_are_called_so() -> None:
    shop = make_shop(
        ["Dress with Bow", "Red Bow Tie", "Belted Dress", "Leather Belt", "Hooded Sweatshirt"],
        {"articleType": ["Dresses", "Bow Ties", "Dresses", "Belts", "Sweatshirts"]},
    )
    for part, found in (("bow", [1, 0, 0, 0, 0]), ("belt", [0, 0, 1, 0, 0]), ("hood", [0, 0, 0, 0, 1])):
        np.testing.assert_allclose(np.nan_to_num(refused(Grounding(shop), Wish("detail", part, ""))), found)


def test_what_looks_like_a_refused_material_is_wanted_if_the_shop_has_it() -> None:
    text = "a jacket that isn't leather but looks like it"
    without, shop = large_shop(), make_shop(["Leather Jacket", "Leatherette Jacket", "Denim Jacket"])
    assert parts_of(understand(text, shop)) == {"+kind:jacket", "-material:leather", "+material:faux leather"}
    assert parts_of(understand(text, without)) == {"+kind:jacket", "-material:leather"}
    assert understand(text, without).not_understood == ("looks like it",)
    assert parts_of(fold(understand_turns(["a jacket, not leather", "but looks like it"], shop))) == {
        "+kind:jacket", "-material:leather", "+material:faux leather",
    }  # fmt: skip
    levels = refused(Grounding(shop), Wish("material", "leather", ""))
    np.testing.assert_allclose(np.nan_to_num(levels), [1, 0, 0])


def test_another_name_of_a_wanted_thing_is_refused_in_titles() -> None:
    shop = make_shop(["Red Stilettos", "Red Wedge Heels", "Black Stilettos"], {"articleType": ["Heels"] * 3})
    for text in ("red heels, no stilettos", "heels not stilettos tho"):
        understood = understand(text, shop)
        assert [wish.word for wish in understood.wanted if wish.family == "kind"] == ["heels"]
        assert [(wish.family, wish.word) for wish in understood.unwanted] == [("title", "stilettos")]
