"""Products that are darker, lighter, cheaper or newer than a reference."""

from __future__ import annotations

import numpy as np
import pytest

from tests.understanding.shops import make_shop, same
from understanding import Grounding, Relative
from understanding.grounding.compared import compared

NAN = float("nan")


@pytest.mark.parametrize(
    ("start", "direction", "first"),
    [
        ("Blue", "darker", "Navy Blue"),
        ("Red", "darker", "Maroon"),
        ("Grey", "darker", "Charcoal"),
        ("Brown", "darker", "Coffee Brown"),
        ("Navy Blue", "lighter", "Blue"),
        ("Purple", "lighter", "Lavender"),
        ("Black", "lighter", "Charcoal"),
        ("Maroon", "lighter", "Red"),
    ],
)
def test_a_darker_or_lighter_colour_is_the_next_of_its_hue(start: str, direction: str, first: str) -> None:
    names = [
        *("Blue", "Navy Blue", "Red", "Maroon", "Grey", "Charcoal", "Brown", "Coffee Brown", "Purple", "Lavender"),
        *("Black", "White", "Green", "Yellow"),
    ]
    grounding = Grounding(make_shop([""] * len(names), {"colour": names}))
    found = compared(Relative(direction, ""), grounding, names.index(start), [start.lower()])
    assert found is not None
    assert names[int(found.argmax())] == first
    assert found[names.index(start)] == 0


def test_a_comparison_by_numbers_needs_a_column_of_them() -> None:
    with_prices = Grounding(make_shop([""] * 4, {"price": [10.0, 20.0, 30.0, None], "year": [2010, 2011, 2012, 2013]}))
    for direction, row, wanted in (
        ("cheaper", 1, [1, 0, 0, NAN]),
        ("newer", 1, [0, 0, 1, 1]),
        ("cheaper", None, [1, 0, 0, NAN]),
    ):
        found = compared(Relative(direction, ""), with_prices, row, [])
        assert found is not None
        same(list(found), wanted)
    assert compared(Relative("cheaper", ""), Grounding(make_shop(["Shirt"])), 0, []) is None


def shaded(colour: str, direction: str, *, asked: bool = False) -> list[str]:
    """The colours of a shop, the best version of one that is so much darker or lighter first."""
    colours = (
        "Black",
        "Grey",
        "White",
        "Brown",
        "Tan",
        "Orange",
        "Pink",
        "Magenta",
        "Red",
        "Green",
        "Lime Green",
        "Cream",
    )
    grounding = Grounding(make_shop([""] * len(colours), {"colour": colours}))
    found = compared(Relative(direction, ""), grounding, None, [colour], asked=asked)
    assert found is not None
    return [colours[row] for row in np.argsort(-found, kind="stable") if found[row] > 0]


def test_a_darker_pink_is_stronger_and_a_lighter_brown_paler() -> None:
    assert shaded("pink", "darker").index("Magenta") < shaded("pink", "darker").index("Grey")
    assert shaded("brown", "lighter").index("Tan") < shaded("brown", "lighter").index("Orange")


def test_a_lighter_red_is_no_grey() -> None:
    assert shaded("red", "lighter").index("Pink") < shaded("red", "lighter").index("Grey")


def test_a_lighter_green_is_green_all_the_same() -> None:
    assert shaded("green", "lighter", asked=True)[:2] == ["Lime Green", "Green"]
