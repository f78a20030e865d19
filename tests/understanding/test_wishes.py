"""How many of the wishes that were written by hand are understood whole, by the way in which they are said."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.understanding.shops import large_shop
from understanding import Understood, understand

FOLDER = Path(__file__).parent
WISHES = FOLDER / "wishes"
MIN_SHARE = 0.9
"""Share of the wishes of a way that must be understood whole: nothing missing, nothing made up."""
PART = re.compile(r"(?<= )(?=[+\-<]|keep:|diff:|forget:|sim\b|back:|rating:|discount:|[\d.]*\.\.)")


class Written(NamedTuple):
    text: str
    asked: frozenset[str]
    also: frozenset[str]
    """What may be understood, too."""


def read(path: Path) -> dict[str, list[Written]]:
    """The wishes of a file by their way."""
    ways: dict[str, list[Written]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            way, text, asked = (part.strip() for part in line.split("|"))
            parts = [part.strip() for part in PART.split(f" {asked}") if part.strip()]
            also = {part.replace("?", "") for part in parts if "?" in part}
            ways[way].append(Written(text, frozenset(part for part in parts if "?" not in part), frozenset(also)))
    return ways


WAYS = read(WISHES / "wishes.txt") | read(WISHES / "wishes_in_languages.txt")
HELD_OUT = read(WISHES / "wishes_held_out.txt")["held out"]
MIN_HELD_OUT = 0.75
"""Share of the wishes that nothing was mended for."""


def parts_of(understood: Understood) -> frozenset[str]:
    """What was understood, written as the files write it."""

    def number(value: float | None) -> str:
        return "" if value is None else f"{value:g}"

    parts = [f"+{wish.family}:{wish.word.lower()}" for wish in understood.wanted]
    parts += [f"-{wish.family}:{wish.word.lower()}" for wish in understood.unwanted]
    parts += [f"{'<<' if one.most else '<'}{one.direction}" for one in understood.relative]
    named = {"rating": "rating:", "discount": "discount:"}
    parts += [
        f"{named.get(bound.family, '')}{number(bound.min)}..{number(bound.max)}" for bound in understood.constraints
    ]
    for name, families in (("keep", understood.keep), ("diff", understood.different), ("forget", understood.forget)):
        parts += [f"{name}:{family}" for family in families]
    parts += ["sim"] if understood.similar else []
    parts += [f"back:{understood.back}"] if understood.back else []
    return frozenset(parts)


@pytest.mark.parametrize("way", sorted(WAYS))
def test_wishes_are_understood_whole(way: str) -> None:
    missed = {}
    for written in WAYS[way]:
        understood = parts_of(understand(written.text, large_shop()))
        if understood - written.also != written.asked:
            missed[written.text] = sorted(understood)
    assert len(WAYS[way]) - len(missed) >= MIN_SHARE * len(WAYS[way]), missed


def test_wishes_that_nothing_was_mended_for_are_understood_as_well() -> None:
    missed = {}
    for written in HELD_OUT:
        understood = parts_of(understand(written.text, large_shop()))
        if understood - written.also != written.asked:
            missed[written.text] = sorted(understood)
    assert len(HELD_OUT) - len(missed) >= MIN_HELD_OUT * len(HELD_OUT), missed


@pytest.mark.parametrize("way", [way for way in WAYS if len(way) == 2])
def test_the_language_of_a_wish_is_returned(way: str) -> None:
    right = [understand(written.text, large_shop()).language == way for written in WAYS[way]]
    assert sum(right) >= MIN_SHARE * len(right)


@pytest.mark.parametrize("text", ["красные туфли", "röda skor", "赤", "asdf qwerty", "червоний одяг", "i rød tak"])
def test_an_unknown_language_is_not_guessed_at(text: str) -> None:
    understood = understand(text, large_shop())
    if understood.language is None:
        assert understood.empty
        assert understood.not_understood
    else:
        assert text == "赤"
        assert understood.language in {"ja", "zh"}
