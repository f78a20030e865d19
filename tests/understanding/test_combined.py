"""Texts with several wishes, in every language: none is lost, and none is refused with another."""

from __future__ import annotations

from itertools import permutations, product

import pytest

from tests.understanding.shops import large_shop
from tests.understanding.test_wishes import FOLDER, WISHES, parts_of, read
from understanding import fold, understand, understand_turns
from understanding.words.concepts import Concept
from understanding.words.language import languages

KINDS = {path.stem: read(path) for path in sorted((FOLDER / "combined").rglob("*.txt"))}
PARTS = read(WISHES / "wish_parts.txt")
JOINTS = {
    "en": (", ", " and ", " but "),
    "de": (", ", " und ", ", aber "),
    "fr": (", ", " et ", " mais "),
    "es": (", ", " y ", " pero "),
    "it": (", ", " e ", " ma "),
    "pt": (", ", " e ", " mas "),
    "nl": (", ", " en ", " maar "),
    "pl": (", ", " i ", ", ale "),
    "tr": (", ", " ve ", " ama "),
    "zh": ("，", "而且", "，但是"),
    "ja": ("、", "、でも"),
}


@pytest.mark.parametrize("code", languages())
@pytest.mark.parametrize("kind", KINDS)
def test_combined_wishes_are_understood_whole(kind: str, code: str) -> None:
    missed = {}
    for written in KINDS[kind][code]:
        turns = understand_turns(written.text.split(" // "), large_shop())
        understood = parts_of(fold(turns) if len(turns) > 1 else turns[0])
        if understood - written.also != written.asked:
            missed[written.text] = sorted(understood)
    assert KINDS[kind][code]
    assert not missed


@pytest.mark.parametrize("code", languages())
def test_any_two_wishes_can_stand_side_by_side(code: str) -> None:
    missed = {}
    for joint in JOINTS[code]:
        for first, second in permutations(PARTS[code], 2):
            text = f"{first.text}{joint}{second.text}"
            understood = parts_of(understand(text, large_shop()))
            if understood != first.asked | second.asked:
                missed[text] = sorted(understood)
    assert not missed


@pytest.mark.parametrize("code", languages())
def test_three_wishes_can_stand_side_by_side(code: str) -> None:
    missed = {}
    for three in list(permutations(PARTS[code], 3))[::17]:
        text = JOINTS[code][0].join(part.text for part in three)
        understood = parts_of(understand(text, large_shop()))
        if understood != three[0].asked | three[1].asked | three[2].asked:
            missed[text] = sorted(understood)
    assert not missed


PARTS_NOT_NEEDED = {
    "en": ("{colour} {thing} with {part} {refused}", "{colour} {thing}, {part} {refused}"),
    "de": ("{thing} in {colour} mit {part} {refused}", "{thing} {colour} {part} {refused}"),
    "fr": ("{thing} {colour} avec {part} {refused}", "{thing} {colour}, {part} {refused}"),
    "es": ("{thing} {colour} con {part} {refused}", "{thing} {colour} {part} {refused}"),
    "it": ("{thing} {colour} con {part} {refused}", "{thing} {colour} {part} {refused}"),
    "pt": ("{thing} {colour} com {part} {refused}", "{thing} {colour} {part} {refused}"),
    "nl": ("{thing} {colour} met {part} {refused}", "{thing} {colour} {part} {refused}"),
    "pl": ("{thing} {colour} z {part} {refused}", "{thing} {colour} {part} {refused}"),
    "tr": ("{colour} {thing} {part} {refused}", "{thing} {colour} {part} {refused}"),
    "zh": ("{colour}{thing}，{part}{refused}", "{colour}{thing} {part}{refused}"),
    "ja": ("{colour}の{thing}、{part}{refused}", "{colour}の{thing} {part}{refused}"),
}
"""How people say that a part of a thing need not be there."""
NOT_NEEDED = {
    "en": ("not needed", "not necessary", "no thanks"),
    "de": ("nicht nötig", "muss nicht sein", "brauche ich nicht"),
    "fr": ("pas nécessaire", "non merci"),
    "es": ("no hace falta", "no es necesario", "no gracias"),
    "it": ("non serve", "non è necessario", "no grazie"),
    "pt": ("não precisa", "não é necessário", "não obrigada"),
    "nl": ("hoeft niet", "niet nodig", "nee bedankt"),
    "pl": ("niepotrzebny", "nie trzeba", "odpada"),
    "tr": ("gerekmez", "şart değil", "olmasın"),
    "zh": ("不需要", "不要", "没必要"),
    "ja": ("は不要", "はいらない", "はなくていい"),
}


@pytest.mark.parametrize("code", languages())
def test_a_part_that_is_not_needed_is_all_that_is_refused(code: str) -> None:
    spoken, separator, missed = languages()[code], "" if code in ("zh", "ja") else " ", {}

    def said(family: str, name: str) -> str:
        return separator.join(spoken.spellings[Concept(family, name)][0])

    for form, refused, thing, colour, part in product(
        PARTS_NOT_NEEDED[code], NOT_NEEDED[code], ("jacket", "dress"), ("blue", "black", "red"), ("collar", "zip")
    ):
        named = {"thing": said("kind", thing), "colour": said("colour", colour), "part": said("detail", part)}
        text = form.format(refused=refused, **named)
        understood = parts_of(understand(text, large_shop()))
        if understood != {f"+kind:{thing}", f"+colour:{colour}", f"-detail:{part}"}:
            missed[text] = sorted(understood)
    assert not missed


CORRECTIONS = {
    "en": ("no wait", "no, hang on", "sorry, I meant", "actually"),
    "de": ("nein warte", "ach nee", "quatsch", "ich meine"),
    "fr": ("non attends", "euh non", "pardon", "je veux dire"),
    "es": ("no espera", "ay perdón", "digo", "mejor dicho"),
    "it": ("no aspetta", "anzi no", "scusa", "volevo dire"),
    "pt": ("não espera", "opa", "quer dizer", "aliás"),
    "nl": ("nee wacht", "nee sorry", "ik bedoel", "of nee"),
    "pl": ("nie czekaj", "nie chwila", "to znaczy", "o nie"),
    "tr": ("yok dur", "pardon", "yani", "daha doğrusu"),
    "zh": ("不对", "等一下", "说错了", "我是说"),
    "ja": ("違う", "いや", "間違えた", "あ、違う"),
}
"""How people interrupt themselves."""


@pytest.mark.parametrize("code", languages())
def test_what_follows_an_interruption_replaces_what_was_said(code: str) -> None:
    spoken, separator, missed = languages()[code], "" if code in ("zh", "ja") else " ", {}

    def said(family: str, name: str) -> str:
        return separator.join(spoken.spellings[Concept(family, name)][0])

    for words, kind, (wrong, right) in product(
        CORRECTIONS[code], ("skirt", "shirt"), permutations(("red", "blue", "green", "black"), 2)
    ):
        thing, colours = said("kind", kind), (said("colour", wrong), said("colour", right))
        for new in (f"{colours[1]}{separator}{thing}", f"{thing}{separator}{colours[1]}"):
            text = JOINTS[code][0].join((colours[0], words, new))
            understood = parts_of(understand(text, large_shop()))
            if understood != {f"+kind:{kind}", f"+colour:{right}"}:
                missed[text] = sorted(understood)
    assert not missed


TAKEN_BACK = {
    "en": ("actually no", "never mind", "the other one was better", "go back"),
    "de": ("doch nicht", "ach lass mal", "das davor war besser", "geh zurück"),
    "fr": ("en fait non", "laisse tomber", "l'autre était mieux", "reviens en arrière"),
    "es": ("mejor no", "olvídalo", "el otro era mejor", "vuelve atrás"),
    "it": ("anzi no", "lascia perdere", "meglio quello di prima", "torna indietro"),
    "pt": ("melhor não", "deixa pra lá", "o outro era melhor", "volta"),
    "nl": ("toch maar niet", "laat maar", "die andere was beter", "ga terug"),
    "pl": ("jednak nie", "zapomnij", "tamta była lepsza", "wróć"),
    "tr": ("vazgeçtim", "boşver", "önceki daha iyiydi", "geri dön"),
    "zh": ("算了", "不用了", "还是刚才那个吧", "返回"),
    "ja": ("やっぱりやめた", "今のなし", "さっきの方が良かった", "前に戻して"),
}
"""How people take the turn before back."""


@pytest.mark.parametrize("code", languages())
def test_a_turn_is_taken_back(code: str) -> None:
    missed = {}
    for words, (first, second) in product(TAKEN_BACK[code], permutations(PARTS[code], 2)):
        turns = understand_turns((first.text, second.text, words), large_shop())
        if parts_of(fold(turns)) != parts_of(fold(turns[:1])):
            missed[f"{first.text} // {second.text} // {words}"] = sorted(parts_of(fold(turns)))
    assert not missed


def test_an_article_begins_another_wish() -> None:
    for text in ("no stripes a cotton shirt", "ohne Streifen ein Baumwollhemd", "sin rayas una camisa de algodón"):
        assert parts_of(understand(text, large_shop())) == {"-pattern:striped", "+material:cotton", "+kind:shirt"}, text


def test_a_suffix_refuses_unless_the_lists_have_the_word() -> None:
    for text, parts in (
        ("a hoodless jacket", {"+kind:jacket", "-detail:hood"}),
        ("ein kragenloses Hemd", {"+kind:shirt", "-detail:collar"}),
        ("kemersiz elbise", {"+kind:dress", "-detail:belt"}),
        ("ein ärmelloses Kleid", {"+kind:dress", "+detail:sleeveless"}),
        ("a strapless dress", {"+kind:dress", "+detail:off-shoulder"}),
    ):
        assert parts_of(understand(text, large_shop())) == parts, text
