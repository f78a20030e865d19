"""Texts with several wishes, in every language: none is lost, and none is refused with another."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.understanding.shops import large_shop
from tests.understanding.test_wishes import FOLDER, parts_of, read
from understanding import understand
from understanding.words.language import languages

KINDS = {path.stem: read(f"combined/{path.name}") for path in sorted(FOLDER.glob("combined/*.txt"))}
PARTS = read("wish_parts.txt")
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
        understood = parts_of(understand(written.text, large_shop()))
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


def test_an_article_begins_another_wish() -> None:
    for text in ("no stripes a cotton shirt", "ohne Streifen ein Baumwollhemd", "sin rayas una camisa de algodón"):
        assert parts_of(understand(text, large_shop())) == {"-pattern:striped", "+material:cotton", "+kind:shirt"}, text


def test_a_suffix_refuses_unless_the_lists_have_the_word() -> None:
    for text, parts in (
        ("a hoodless jacket", {"+kind:jacket", "-detail:hood"}),
        ("ein kragenloses Hemd", {"+kind:shirt", "-detail:collar"}),
        ("kemersiz elbise", {"+kind:dress", "-kind:belt"}),
        ("ein ärmelloses Kleid", {"+kind:dress", "+detail:sleeveless"}),
        ("a strapless dress", {"+kind:dress", "+detail:off-shoulder"}),
    ):
        assert parts_of(understand(text, large_shop())) == parts, text
