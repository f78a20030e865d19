from __future__ import annotations

import pytest

from models.bundle.vocabulary import Vocabulary

KNOWN = Vocabulary(["t-shirt", "navy blue", "navy", "long sleeve"], {"t-shirt": ["tee", "navy"], "navy": ["marine"]})


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("t-shirt", "t-shirt"),
        ("T Shirt", "t-shirt"),
        ("  TEE ", "t-shirt"),
        ("long-sleeve", "long sleeve"),
        ("navy", "navy"),
        ("marine", "navy"),
        ("navy\u00a0blue", "navy blue"),
    ],
)
def test_a_word_is_found_in_any_case_and_spelling(said: str, word: str) -> None:
    place = KNOWN.find(said)
    assert place is not None
    assert KNOWN.words[place] == word


@pytest.mark.parametrize("said", ["", "-", "trousers", "blue navy"])
def test_another_word_is_not_found(said: str) -> None:
    assert KNOWN.find(said) is None


def test_a_slip_of_the_keyboard_is_near_what_was_meant() -> None:
    assert KNOWN.nearest("t-shrit")[0] == "t-shirt"
    assert KNOWN.nearest("nvy") == ["navy"]


def test_words_near_through_several_spellings_are_named_once() -> None:
    assert Vocabulary(["shirt"], {"shirt": ["shirts", "shirte"]}).nearest("shirtx") == ["shirt"]


def test_nothing_is_near_what_looks_like_no_word() -> None:
    assert KNOWN.nearest("xylophone") == []


def test_a_bundle_without_words_has_an_empty_vocabulary() -> None:
    nothing = Vocabulary((), {})
    assert len(nothing) == 0
    assert nothing.find("red") is None
    assert nothing.nearest("red") == []
