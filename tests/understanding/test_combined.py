"""Texts with several wishes, in every language: none is lost, and none is refused with another."""

from __future__ import annotations

import pytest

from tests.understanding.shops import large_shop
from tests.understanding.test_wishes import FOLDER, parts_of, read
from understanding import understand
from understanding.words.language import languages

KINDS = {path.stem: read(f"combined/{path.name}") for path in sorted(FOLDER.glob("combined/*.txt"))}


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


def test_a_suffix_refuses_unless_the_lists_have_the_word() -> None:
    for text, parts in (
        ("a hoodless jacket", {"+kind:jacket", "-detail:hood"}),
        ("ein kragenloses Hemd", {"+kind:shirt", "-detail:collar"}),
        ("kemersiz elbise", {"+kind:dress", "-kind:belt"}),
        ("ein ärmelloses Kleid", {"+kind:dress", "+detail:sleeveless"}),
        ("a strapless dress", {"+kind:dress", "+detail:off-shoulder"}),
    ):
        assert parts_of(understand(text, large_shop())) == parts, text
