"""What holds of every text, whatever is in it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.properties import properties
from tests.understanding.shops import large_shop
from tests.work import lines_run
from understanding import Understood, english, fold, understand
from understanding.sentence import items
from understanding.sentence.items import MAX_CORRECTIONS
from understanding.words.concepts import Concept
from understanding.words.language import Language, languages
from understanding.words.text import MAX_CHARACTERS, MAX_TOKENS, folded, normalised, tokens_of

QUICK = properties(80)
SPOKEN = [
    " ".join(words)
    for language in languages().values()
    for spellings in list(language.spellings.values())[::9]
    for words in spellings[:1]
]
GRAMMAR = [
    *("not", "no", "without", "anything but", "but", "and", "or", ",", "keep the", "same", "colour", "too", "more"),
    *("under", "between", "50", "€", "in", "for", "by", "nicht", "sin", "pas", "以外", "不要", "olmasın", "go back"),
]
TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from(SPOKEN + GRAMMAR), max_size=30).map(" ".join),
)
COLOURS = ["black", "red", "navy blue", "off white", "crimson", "grey melange"]


@QUICK
@given(TEXTS)
def test_any_text_is_understood_without_an_error(text: str) -> None:
    understood = understand(text, large_shop())
    assert isinstance(english(understood), str)


@QUICK
@given(TEXTS)
def test_what_is_refused_is_not_wanted(text: str) -> None:
    understood = understand(text, large_shop())
    assert not {wish.key for wish in understood.wanted} & {wish.key for wish in understood.unwanted}


@QUICK
@given(TEXTS)
def test_a_text_is_always_understood_in_the_same_way(text: str) -> None:
    assert understand(text, large_shop()) == understand(text, large_shop())


@QUICK
@given(st.sampled_from(COLOURS), st.sampled_from(["not {}", "no {}", "anything but {}", "without {}", "i hate {}",
       "in a colour other than {}", "{} is not for me", "except {}"]))  # fmt: skip
def test_the_english_for_the_model_does_not_say_what_is_refused(colour: str, form: str) -> None:
    understood = understand(form.format(colour), large_shop())
    assert [wish.word for wish in understood.unwanted] == [colour]
    assert not set(colour.split()) & set(english(understood).split())


@QUICK
@given(st.sampled_from(sorted(languages().values(), key=lambda language: language.code)), st.data())
def test_every_word_of_a_list_is_understood_alone(language: Language, data: st.DataObject) -> None:
    concept = data.draw(st.sampled_from(sorted(language.spellings)))
    words = data.draw(st.sampled_from(language.spellings[concept]))
    separator = "" if language.code in ("zh", "ja") else " "
    found = understand(separator.join(words), large_shop(), {language.code: language})
    said = {Concept(wish.family, wish.word) for wish in (*found.wanted, *found.unwanted)}
    senses = {entry.role for entry in language.phrases.exactly(words)}
    assert concept in said or len(senses) > 1 or len(language.phrases.exactly(words)) > 1


@QUICK
@given(
    st.sampled_from([
        ("en", "a skirt", "euros"), ("de", "ein Rock", "Euro"), ("fr", "une jupe", "euros"),
        ("es", "una falda", "euros"),
        ("it", "una gonna", "euro"), ("pt", "uma saia", "reais"), ("nl", "een rok", "euro"), ("tr", "etek", "lira"),
        ("pl", "spódnica", "zł"), ("zh", "短裙", "元"), ("ja", "スカート", "円"),
    ]),
    st.integers(10, 900), st.integers(10, 900), st.sampled_from(["{}-{}", "{} - {}", "{}/{}"]),
    st.sampled_from(["{thing} {range} {money}", "{thing}, {range} {money}", "{range} {money}, {thing}"]),
)  # fmt: skip
def test_a_range_of_prices_has_both_ends(
    said: tuple[str, str, str], first: int, second: int, joined: str, form: str
) -> None:
    code, thing, money = said
    found = understand(form.format(thing=thing, range=joined.format(first, second), money=money), large_shop())
    [bound] = found.constraints
    assert (bound.family, bound.min, bound.max) == ("price", min(first, second), max(first, second))
    assert found.language == code
    assert [wish.word for wish in found.wanted] == ["skirt"]


@QUICK
@given(st.text(max_size=3 * MAX_CHARACTERS))
def test_no_more_than_a_bounded_part_of_a_text_is_read(text: str) -> None:
    plain = normalised(text)
    assert len(plain) <= MAX_CHARACTERS
    assert len(tokens_of(plain)) <= MAX_TOKENS


def test_a_bounded_number_of_words_is_corrected(monkeypatch: pytest.MonkeyPatch) -> None:
    corrected: list[str] = []
    correct = items.Lexer._correction

    def counted(lexer: items.Lexer, word: str, written: str) -> str:
        corrected.append(word)
        return correct(lexer, word, written)

    monkeypatch.setattr(items.Lexer, "_correction", counted)
    understand(" ".join(f"qz{chr(97 + n % 26)}xv{chr(97 + n // 26)}" for n in range(200)), large_shop())
    assert 0 < len(corrected) <= MAX_CORRECTIONS * (2 + len(languages()))


@QUICK
@given(st.lists(TEXTS, max_size=4))
def test_folding_a_conversation_again_changes_nothing(texts: list[str]) -> None:
    shop = large_shop()
    turns = [understand(text, shop) for text in texts]
    folded_once = fold(turns)
    if not any(turn.forget or turn.back for turn in turns):
        assert fold([folded_once]) == folded_once
    assert not {wish.key for wish in folded_once.wanted} & {wish.key for wish in folded_once.unwanted}


@QUICK
@given(TEXTS)
def test_going_back_undoes_a_turn(text: str) -> None:
    shop = large_shop()
    first, turn = understand("a red dress", shop), understand(text, shop)
    if turn.back or turn.forget:
        return
    undone = fold([first, turn, Understood(back=1)])
    assert replace(undone, language="en") == replace(fold([first]), language="en")


@QUICK
@given(st.text(max_size=40))
def test_folding_letters_twice_changes_nothing(word: str) -> None:
    assert folded(folded(word)) == folded(word)


@pytest.mark.parametrize("part", ["with", "my sister", "of", "not", "darker than", "38", "red,", "she said", "不要"])
def test_the_work_grows_with_the_length_of_a_text_and_not_faster(part: str) -> None:
    def work(times: int) -> int:
        return lines_run(lambda: understand(f"{part} " * times, large_shop()))

    work(1)  # Makes what is kept.
    assert work(160) < 6 * work(40)


def test_many_unknown_words_are_not_read_in_every_language() -> None:
    def work(times: int) -> int:
        return lines_run(lambda: understand("क ख " * times, large_shop()))

    work(1)  # Makes what is kept.
    assert work(50) < 6 * work(5)
