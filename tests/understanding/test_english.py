"""The English that is left for the model."""

from __future__ import annotations

import pytest

from tests.understanding.shops import large_shop
from understanding import english, understand


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("in rot", "in red"),
        ("zapatos rojos", "red shoe"),
        ("not blue", ""),
        ("not blue but green", "in green"),
        ("ein dunkelblaues Sommerkleid für meine Schwester", "a women's navy blue summer dress"),
        ("blakc shrit", "a black shirt"),
        ("a bit darker please", "darker"),
        ("cheaper", ""),
        ("under 50", ""),
        ("by Puma, in red", "in red"),
        ("red or green", "in red or green"),
        ("for the gym", "for the gym"),
        ("something similar", "similar"),
        ("with long sleeves", "with long sleeves"),
        ("黒以外の赤いドレス", "a red dress"),
        ("hi, could i have this in teal, i love it so much", "in teal"),
        ("in red with quixotic frobnication", "in red, quixotic frobnication"),
        ("красные туфли", ""),
        ("eine warme Jacke", "a jacket, warm"),
    ],
)
def test_refusals_and_what_only_a_catalogue_answers_are_left_out(text: str, left: str) -> None:
    assert english(understand(text, large_shop())) == left
