"""A conversation folds into one wish."""

from __future__ import annotations

import pytest

from tests.understanding.shops import large_shop
from tests.understanding.test_wishes import parts_of
from understanding import english, fold, understand


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
        (["by nike", "another brand"], {"diff:brand"}),
        (["in red", "or green"], {"+colour:red", "+colour:green"}),
        (["in red", "reset"], set()),
        (["in red", "reset the colour"], set()),
        (["under 50", "no limit"], set()),
        (["darker", "in red"], {"+colour:red"}),
        (["in red", "darker"], {"+colour:red", "<darker"}),
        (["a dress with long sleeves", "sleeveless"], {"+kind:dress", "+detail:sleeveless"}),
        (["for a wedding", "more casual"], {"<more casual"}),
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
