"""Languages are data: a folder makes one, and a fault in it is named."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.understanding.shops import large_shop
from understanding import english, understand
from understanding.sentence.items import Lexer
from understanding.words.concepts import FAMILIES, WordingError, concepts
from understanding.words.language import Language, languages
from understanding.words.text import accented, folded

GRAMMAR = """
name = "Toki"
ignore = ["li", "e"]
ask = ["mi wile"]
refuse = ["ala"]
prepositions = ["lon"]
under = ["anpa"]
currency = ["mani"]

[endings]
a = ["", "n", "ta"]

[relative]
darker = ["pimeja mute"]
"""


def toy(folder: Path, grammar: str = GRAMMAR, **lists: str) -> Path:
    """A folder with the toy language ``tk``; returns the folder of all languages."""
    (folder / "tk").mkdir(parents=True)
    (folder / "tk" / "grammar.toml").write_text(grammar, encoding="utf-8")
    for name, text in lists.items():
        (folder / "tk" / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("written", [str.upper, str.title, partial(unicodedata.normalize, "NFD")])
def test_an_accent_tells_some_words_apart(written: Callable[[str], str]) -> None:
    assert folded(written("beż")) == folded("beż") != folded("bez")
    assert folded(written("größe")) in {"größe", "grösse"}
    assert folded(written("été")) == folded("ete")
    for word in accented():
        assert folded(written(word)) in {word, word.replace("ß", "ss")}


def test_a_new_language_is_a_folder(tmp_path: Path) -> None:
    toy(tmp_path, colours="red: loje/a\nnavy blue: laso pimeja\n", kinds="dress: len suli, (kama|sin) len\n")
    spoken = languages() | languages(tmp_path)
    understood = understand("mi wile e len suli lon lojeta, ala laso pimeja, anpa 50 mani", large_shop(), spoken)
    assert understood.language == "tk"
    assert {(wish.family, wish.word) for wish in understood.wanted} == {("kind", "dress"), ("colour", "red")}
    assert [wish.word for wish in understood.unwanted] == ["navy blue"]
    assert [bound.max for bound in understood.constraints] == [50]
    assert english(understood) == "a red dress"
    assert [one.direction for one in understand("pimeja mute", large_shop(), spoken).relative] == ["darker"]
    assert [wish.word for wish in understand("sin len", large_shop(), spoken).wanted] == ["dress"]


def test_the_example_of_the_page_is_understood(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "add-a-language.md").read_text(encoding="utf-8")
    (grammar,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    lists = {name: line for line, name in re.findall(r"`([a-z]+: \S+/\w+)` in\s`(\w+)\.txt`", page)}
    (text,) = re.findall(r'understand\("(.*?)"', page)
    assert lists.keys() == {"colours", "kinds", "patterns"}
    toy(tmp_path, grammar, **lists)
    understood = understand(text, large_shop(), languages() | languages(tmp_path))
    assert {(wish.family, wish.word) for wish in understood.wanted} == {("kind", "dress"), ("colour", "red")}
    assert [wish.word for wish in understood.unwanted] == ["striped"]
    assert [bound.max for bound in understood.constraints] == [50]
    assert understood.not_understood == ()


@pytest.mark.parametrize(
    ("grammar", "lists", "said"),
    [
        ('name = "x"\nrefusal = ["no"]', {}, "unknown entry 'refusal'"),
        ("name = ", {}, "cannot be read"),
        ('[relative]\nfaster = ["fast"]', {}, "direction 'faster'"),
        ('[numbers]\nfifty = ["fifty"]', {}, "number 'fifty'"),
        ('[kin]\nfriends = ["mate"]', {}, "audience 'friends'"),
        ('name = "x"', {"colours": "rot: red"}, "line 1: there is no colour 'rot'"),
        ('name = "x"', {"colours": "# comment\nred rot"}, "line 2"),
        ('name = "x"', {"kinds": "dress: kle/id"}, "no endings 'id'"),
        ('name = "x"', {"kinds": "dress: " + "(a|b|c|d|e|f|g)" * 6}, "spellings"),
    ],
)
def test_a_fault_in_a_language_is_named(tmp_path: Path, grammar: str, lists: dict[str, str], said: str) -> None:
    toy(tmp_path, grammar, **lists)
    with pytest.raises(WordingError) as error:
        Language(tmp_path / "tk")
    assert said in str(error.value)
    assert error.value.hint


def test_eleven_languages_know_the_families_that_matter() -> None:
    assert set(languages()) == {"en", "de", "es", "fr", "it", "ja", "nl", "pl", "pt", "tr", "zh"}
    for language in languages().values():
        known = {family: sum(one.family == family for one in language.spellings) for family in FAMILIES.values()}
        assert known["colour"] >= 35, language
        assert known["kind"] >= 60, language
        assert min(known.values()) >= 4, (language, known)
        assert language.phrases.first_words({"refuse", "refuse_after"}), language
        assert language.phrases.first_words({"relative"}), language


def test_english_has_a_word_for_every_concept() -> None:
    assert concepts().names == languages()["en"].spellings.keys()


def test_no_list_gives_a_word_two_colours() -> None:
    for language in languages().values():
        for concept, spellings in language.spellings.items():
            for words in spellings:
                colours = {e.value for e in language.phrases.exactly(words) if e.family == "colour"}
                assert concept.family != "colour" or colours == {concept.name}, (language, words, colours)


@pytest.mark.parametrize("text", ["thinkking yllow", "shoud be yllow", "coudl it be yllow", "pleas in yllow"])
def test_misspelt_words_of_its_grammar_tell_a_language(text: str) -> None:
    understood = understand(text, large_shop())
    assert understood.language == "en"
    assert [wish.word for wish in understood.wanted] == ["yellow"]


def test_a_slip_is_rather_a_word_of_the_lists_than_an_adjective() -> None:
    assert [wish.word for wish in understand("Kleit in dunkelgrün", large_shop()).wanted] == ["dress", "dark green"]


@pytest.mark.parametrize("code", [code for code, language in languages().items() if language.everyday])
def test_an_everyday_word_is_no_slip(code: str) -> None:
    spoken = languages()[code]
    lexer = Lexer(spoken, languages(), large_shop())
    wishes = {word: items[0].said for word in spoken.everyday if (items := lexer.items(word)) and items[0].meanings}
    assert len(spoken.everyday) > 150
    assert not wishes


@pytest.mark.parametrize(
    "text",
    [
        "röd tröja utan luva", "sort kjole uden ærmer", "sort taske", "rochie neagra lunga", "punainen mekko",
        "빨간 원피스", "красное платье до 5000 рублей", "فستان أحمر طويل", "κόκκινο φόρεμα με μανίκια",
    ],
)  # fmt: skip
def test_one_known_word_does_not_make_a_language(text: str) -> None:
    understood = understand(text, large_shop())
    assert understood.language is None
    assert not understood.wanted
    assert understood.not_understood


@pytest.mark.parametrize("case", ["{}ler", "{}leri", "{}lerden", "{}lerin", "{}inde", "{}imi", "{}lerim"])
@pytest.mark.parametrize("stem", ["elbise", "ceket", "kemer", "gömlek"])
def test_a_word_is_known_by_its_stem(stem: str, case: str) -> None:
    [wish] = understand(stem, large_shop()).wanted
    written = case.format(stem[:-1] + "ğ" if stem.endswith("k") and case[2:3] == "i" else stem)
    found = understand(f"kırmızı {written} arıyorum", large_shop())
    assert found.language == "tr"
    assert {one.word for one in found.wanted} == {"red", wish.word}


@pytest.mark.parametrize(("said", "number"), [("七百", 700), ("七百五", 750), ("一千五", 1500), ("三千六", 3600)])
def test_a_chinese_number_may_leave_out_its_last_power(said: str, number: int) -> None:
    assert understand(f"{said}以内的手表", large_shop()).constraints[0].max == number


def test_a_word_in_another_script_keeps_its_grammar() -> None:
    for text in ("红色 not 格子", "赤 without チェック", "vestido not 红色"):
        assert understand(text, large_shop()).unwanted, text


def test_a_letter_tells_the_language_of_a_word() -> None:
    understood = understand("sarı summer dress", large_shop())
    assert {wish.word for wish in understood.wanted} == {"yellow", "summer", "dress"}
