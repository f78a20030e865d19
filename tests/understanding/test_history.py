"""A conversation folds into one wish."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.properties import properties
from tests.understanding.shops import large_shop, make_shop
from tests.understanding.test_wishes import parts_of
from understanding import english, fold, understand, understand_turns

QUICK = properties(80)
LATER = {
    "en": ("a red dress", "rather green, without pockets"),
    "de": ("ein rotes Kleid", "lieber grün, ohne Taschen"),
    "fr": ("une robe rouge", "plutôt verte, sans poches"),
    "es": ("un vestido rojo", "mejor verde, sin bolsillos"),
    "it": ("un vestito rosso", "piuttosto verde, senza tasche"),
    "pt": ("uma saia vermelha", "melhor verde, sem bolsos"),
    "nl": ("een rode jurk", "liever groen, zonder zakken"),
    "pl": ("czerwona sukienka", "raczej zielona, bez kieszeni"),
    "tr": ("kırmızı elbise", "yeşil olsun, cepsiz"),
    "zh": ("红色连衣裙", "绿色，不要口袋"),
    "ja": ("赤いドレス", "緑色で、ポケットなし"),
}
"""A first turn and a later one in each language."""


def folded(*texts: str) -> frozenset[str]:
    return parts_of(fold([understand(text, large_shop()) for text in texts]))


@pytest.mark.parametrize(
    ("turns", "asked"),
    [
        (["a red dress", "in navy"], {"+kind:dress", "+colour:navy blue"}),
        (["in red", "not red"], {"-colour:red"}),
        (["not red", "actually red"], {"+colour:red"}),
        (["in red", "no, cheaper"], {"+colour:red", "<cheaper"}),
        (["cheaper", "more expensive"], {"<more expensive"}),
        (["under 50", "between 60 and 80"], {"60..80"}),
        (["red, under 50", "forget the colour"], {"..50"}),
        (["red, under 50", "never mind the price"], {"+colour:red"}),
        (["in red", "in blue", "go back"], {"+colour:red"}),
        (["in red", "striped", "in blue", "undo", "go back"], {"+colour:red"}),
        (["in red", "go back"], set()),
        (["in red", "go back", "go back", "in blue"], {"+colour:blue"}),
        (["a red dress under 50", "start over", "boots"], {"+kind:boots"}),
        (["striped", "with long sleeves"], {"+pattern:striped", "+detail:long sleeves"}),
        (["no stripes", "striped"], {"+pattern:striped"}),
        (["keep the colour but a skirt", "in green"], {"+kind:skirt", "+colour:green"}),
        (["not black", "not brown"], {"-colour:black", "-colour:brown"}),
        (["by nike", "another brand"], {"-brand:nike", "diff:brand"}),
        (["in red", "or green"], {"+colour:red", "+colour:green"}),
        (["in red", "reset"], set()),
        (["in red", "reset the colour"], set()),
        (["under 50", "no limit"], set()),
        (["darker", "in red"], {"+colour:red"}),
        (["in red", "darker"], {"+colour:red", "<darker"}),
        (["a dress with long sleeves", "sleeveless"], {"+kind:dress", "+detail:sleeveless"}),
        (["for a wedding", "more casual"], {"<more casual"}),
        (["lower heels", "No heels, flats"], {"+kind:flats", "-kind:heels"}),
        (["lower heels", "ballerinas"], {"+kind:ballerinas"}),
        (["heels", "lower", "in black"], {"+kind:heels", "+colour:black", "<lower"}),
        (["a dress, longer", "knee-length"], {"+kind:dress", "+detail:knee-length"}),
        (["a shirt, looser", "slim fit"], {"+kind:shirt", "+detail:slim fit"}),
        (["a shirt, longer sleeves", "sleeveless"], {"+kind:shirt", "+detail:sleeveless"}),
        (
            ["schwarze Schuhe mit niedrigerem Absatz", "keine Absätze, flache Schuhe"],
            {"+colour:black", "+kind:flats", "-kind:heels"},
        ),
        (["talons moins hauts", "pas de talons, des ballerines"], {"+kind:ballerinas", "-kind:heels"}),
        (["a faux leather jacket", "no leather"], {"+kind:jacket", "+material:faux leather", "-material:leather"}),
        (["in rot", "unter 50 Euro", "en bleu"], {"+colour:blue", "..50"}),
        ([], set()),
    ],
)
def test_later_turns_replace_add_to_or_undo_earlier_ones(turns: list[str], asked: set[str]) -> None:
    assert folded(*turns) == asked


def test_the_language_is_that_of_the_last_turn() -> None:
    turns = [understand(text, large_shop()) for text in ("in red", "nicht gestreift")]
    assert fold(turns).language == "de"


def test_a_folded_conversation_is_one_english_text() -> None:
    turns = [understand(text, large_shop()) for text in ("ein rotes Kleid", "lieber in blau", "ohne Streifen")]
    assert english(fold(turns)) == "a blue dress"


BOTH = {
    "en": ("a red dress", "in blue", "actually both colours are fine"),
    "de": ("ein rotes Kleid", "in blau", "eigentlich beide"),
    "fr": ("une robe rouge", "en bleu", "finalement les deux"),
    "es": ("un vestido rojo", "en azul", "mejor los dos"),
    "it": ("un vestito rosso", "in blu", "anzi entrambi"),
    "pt": ("um vestido vermelho", "em azul", "ambos"),
    "nl": ("een rode jurk", "in blauw", "toch maar allebei"),
    "pl": ("czerwona sukienka", "niebieska", "obie"),
    "tr": ("kırmızı elbise", "mavi olsun", "ikisi de olur"),
    "zh": ("红色连衣裙", "蓝色", "两个都要"),
    "ja": ("赤いワンピース", "青で", "両方"),
}


@pytest.mark.parametrize("turns", BOTH.values(), ids=BOTH)
def test_both_restores_what_the_turn_before_replaced(turns: tuple[str, ...]) -> None:
    assert folded(*turns) == {"+kind:dress", "+colour:red", "+colour:blue"}
    assert folded(*turns[:1], turns[2]) == folded(turns[0])


RESTARTED = {
    "en": "let's start fresh", "de": "nochmal von vorne", "fr": "on recommence à zéro", "es": "empecemos de cero",
    "it": "ricominciamo da capo", "pt": "vamos começar de novo", "nl": "laten we opnieuw beginnen",
    "pl": "zacznijmy od początku", "tr": "baştan başlayalım", "zh": "重新来", "ja": "最初からやり直し",
}  # fmt: skip


@pytest.mark.parametrize("language", RESTARTED)
def test_a_conversation_starts_over_in_the_words_of_each_language(language: str) -> None:
    restart = RESTARTED[language]
    mark = "、" if language == "ja" else "，" if language == "zh" else ", "
    turns = understand_turns([BOTH[language][0], f"{restart}{mark}{BOTH[language][1]}"], large_shop())
    assert parts_of(fold(turns)) == {"+colour:blue"}


FORGOTTEN = {
    "en": "forget the price and the colour", "de": "vergiss den Preis und die Farbe",
    "fr": "oublie le prix et la couleur", "es": "olvida el precio y el color", "it": "dimentica il prezzo e il colore",
    "pt": "esquece o preço e a cor", "nl": "vergeet de prijs en de kleur", "pl": "zapomnij o cenie i kolorze",
}  # fmt: skip


@pytest.mark.parametrize("language", FORGOTTEN)
def test_several_families_are_forgotten_at_once(language: str) -> None:
    turns = understand_turns([BOTH[language][0], "max 50", FORGOTTEN[language]], large_shop())
    assert parts_of(fold(turns)) == {"+kind:dress"}


def test_the_price_alone_is_forgotten_in_chinese() -> None:
    assert folded("红色连衣裙", "50以内", "忘了价格") == {"+kind:dress", "+colour:red"}


@pytest.mark.parametrize(
    ("turns", "asked"),
    [
        (["mavi tişört", "15 euroyu geçmesin"], {"+colour:blue", "+kind:t-shirt", "..15"}),
        (["mavi tişört", "15 eurodan ucuz"], {"+colour:blue", "+kind:t-shirt", "..15"}),
        (["赤い靴", "青で", "黒で", "さっきのに戻して"], {"+kind:shoe", "+colour:blue"}),
        (["ジャケットを探してる", "紺で"], {"+kind:jacket", "+colour:navy blue"}),
        (["适合爸爸戴的手表", "银色"], {"+kind:watch", "+people:men", "+colour:silver"}),
        (["a green backpack", "grey then", "both work for me"], {"+kind:backpack", "+colour:green", "+colour:grey"}),
        (["rote Tasche", "alles nochmal neu: Damensandalen"], {"+kind:sandals", "+people:women"}),
        (["una camicia bianca", "di lino se possibile"], {"+kind:shirt", "+colour:white", "+material:linen"}),
        (["beyaz etek", "gri", "bir öncekine dön"], {"+kind:skirt", "+colour:white"}),
        (["ピンクか白のスカート", "白はやめとく"], {"+kind:skirt", "+colour:pink", "-colour:white"}),
        (["uma mochila azul", "qualquer cor serve"], {"+kind:backpack"}),
    ],
)
def test_turns_of_everyday_conversations(turns: list[str], asked: set[str]) -> None:
    understood = fold(understand_turns(turns, large_shop()))
    assert parts_of(understood) == asked
    assert not understood.not_understood


@pytest.mark.parametrize(
    ("first", "second"),
    [("red shoes", "no green"), ("rote Schuhe", "nein grün"), ("chaussures rouges", "non vertes"),
     ("zapatos rojos", "no verdes"), ("scarpe rosse", "no verdi"), ("rode schoenen", "nee groen")],
)  # fmt: skip
def test_a_refusal_of_what_is_excluded_anyway_is_a_correction(first: str, second: str) -> None:
    wishes = fold([understand(text, large_shop()) for text in (first, second)])
    assert ([wish.word for wish in wishes.wanted], wishes.unwanted) == (["shoe", "green"], ())


def test_a_refusal_of_what_is_asked_for_remains_one() -> None:
    wishes = fold([understand(text, large_shop()) for text in ("red or green shoes", "no green")])
    assert [wish.word for wish in wishes.unwanted] == ["green"]
    wishes = fold([understand(text, large_shop()) for text in ("shoes", "no green")])
    assert [wish.word for wish in wishes.unwanted] == ["green"]


@pytest.mark.parametrize(
    ("language", "turns"),
    [
        ("en", ["a red dress", "mini", "max 50", "xl", "no"]),
        ("de", ["rotes Kleid", "in rosa", "mini", "max 50", "xl", "Nike"]),
        ("fr", ["robe rouge", "pas trop cher", "en beige", "max 50", "mini"]),
        ("es", ["vestido rojo", "no tan caro", "en beige", "max 50", "no"]),
        ("it", ["vestito rosso", "in beige", "in rosa", "max 50", "no"]),
        ("pt", ["saia vermelha", "em rosa", "até 50", "mini", "azul"]),
        ("nl", ["rode jurk", "in beige", "met print", "max 50", "kort", "xl"]),
        ("pl", ["czerwona sukienka", "mini", "do 50", "max 50", "xl"]),
        ("tr", ["kırmızı elbise", "bej", "mini", "50", "ucuz"]),
        ("zh", ["红色连衣裙", "白", "长袖", "50", "不要"]),
        ("ja", ["赤いドレス", "白", "長袖", "5000円", "M"]),
    ],
)
def test_a_turn_that_tells_no_language_is_in_that_of_the_conversation(language: str, turns: list[str]) -> None:
    assert [turn.language for turn in understand_turns(turns, large_shop())] == [language] * len(turns)


@QUICK
@given(st.sampled_from(sorted(LATER)), st.sampled_from(sorted(LATER)))
def test_a_turn_in_another_language_is_understood_in_that(first: str, second: str) -> None:
    turns = understand_turns((LATER[first][0], LATER[second][1]), large_shop())
    assert [turn.language for turn in turns] == [first, second]
    assert parts_of(turns[1]) == {"-detail:pockets", "+colour:green"}


def test_an_allowed_condition_is_asked_for_only_beside_another_one() -> None:
    shop = make_shop(["jacket"] * 3, {"condition": ["new", "used", "new"]})
    for texts, asked in (
        (["used is fine too"], []),
        (["a jacket", "used is fine too"], ["jacket"]),
        (["a new jacket", "used is fine too"], ["new", "jacket", "used"]),
    ):
        folded = fold(understand_turns(texts, shop))
        assert [wish.word for wish in folded.wanted] == asked
