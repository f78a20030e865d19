from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from catalog.errors import ModisteError
from service.evaluation.judged import Judged, with_prices
from service.evaluation.protocols import TWELVE
from service.evaluation.questions import PAGE, dialogues, questions
from service.evaluation.wordings import DEVELOPMENT, TEST, Condition, Conversation, Way, conversations, ways
from tests.service.evaluation.products import EACH, make_products

JUDGED = Judged(with_prices(make_products()))


def sentences(folder: Path) -> set[str]:
    """Without capitals and marks."""
    listed = [sentence for _, way in ways(folder) for group in way.group for sentence in group.sentences]
    if folder == TEST:
        listed += [turn.say for one in conversations(folder) for turn in one.turns]
    return {" ".join(re.findall(r"[\w{}]+", sentence.casefold())) for sentence in listed}


def test_no_sentence_is_for_the_test_and_for_development() -> None:
    assert not sentences(TEST) & sentences(DEVELOPMENT)


@pytest.mark.parametrize("folder", [TEST, DEVELOPMENT], ids=lambda folder: folder.name)
def test_every_way_of_the_mean_has_sentences_whose_slots_can_be_filled(folder: Path) -> None:
    found = dict(ways(folder))
    assert set(TWELVE) <= found.keys()
    rng = np.random.default_rng(0)
    for way in found.values():
        for group in way.group:
            for sentence in group.sentences:
                text, _ = group.filled(sentence, rng)
                assert "{" not in text


def test_the_turns_of_conversations_can_be_judged() -> None:
    for one in conversations(TEST):
        assert len(one.turns) >= 2
        for turn in one.turns:
            assert turn.mask(JUDGED, 0).shape == (JUDGED.size,)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "chatty.toml").write_text('kept = ["kind"]\nsentences = "none"\n')
    with pytest.raises(ModisteError, match=r"chatty\.toml"):
        list(ways(tmp_path))


@pytest.mark.parametrize(
    ("asked", "right"),
    [
        ({"asked": {"colour": ["Red"]}}, 2 * EACH),
        ({"asked": {"colour": ["Red", "Blue"], "kind": ["Shirts"]}}, 2 * EACH),
        ({"refused": {"colour": ["Red"]}}, 4 * EACH),
        ({"asked": {"brand": ["nike"]}}, 3 * EACH),
        ({"refused": {"pattern": ["strip"]}}, 3 * EACH),
        ({"same": ["kind", "colour"]}, EACH),
        ({"from": {"colour": {"Red": ["Black"]}}}, 2 * EACH),
        ({"compare": {"year": "more"}}, 6 * (EACH - 1)),
    ],
)
def test_what_a_condition_asks_for_is_judged_by_the_columns(asked: dict[str, object], right: int) -> None:
    # Product 0 is a red T-shirt by Nike of 2010.
    assert Condition.model_validate(asked).mask(JUDGED, 0).sum() == right


def test_a_question_has_a_page_of_right_answers_and_is_not_answered_by_its_reference() -> None:
    group = {
        "sentences": ["not {colour}", "never {colour}"],
        "refused": "colour",
        "words": {"colour": {"red": ["Red"]}},
    }
    way = Way.model_validate({"kept": ["kind"], "group": [group]})
    asked = questions("refusals", way, JUDGED, limit=6)
    assert len(asked) == 6
    for one in asked:
        assert one.row is not None
        assert JUDGED.value("colour", one.row) == "Red"
        assert not one.asked[one.row]
        assert not one.kept[one.row]
        assert (one.asked & one.kept).sum() >= PAGE


def test_a_sentence_without_a_page_of_right_answers_is_not_asked(caplog: pytest.LogCaptureFixture) -> None:
    group = {"sentences": ["in {colour}"], "words": {"colour": {"pink": ["Pink"]}}}
    assert not questions("chatty", Way.model_validate({"kept": [], "group": [group]}), JUDGED, limit=5)
    assert "in {colour}" in caplog.text


def test_a_conversation_asks_each_turn_with_the_turns_before_it() -> None:
    turns = [{"say": "in blue", "asked": {"colour": ["Blue"]}}, {"say": "go back", "same": ["kind"]}]
    one = Conversation.model_validate({"kept": ["people"], "reference": {"colour": ["Red"]}, "turns": turns})
    (first, second), *_ = dialogues([one], JUDGED, limit=2)
    assert (first.texts, second.texts) == (("in blue",), ("in blue", "go back"))
    assert first.row == second.row
    assert first.row is not None
    assert JUDGED.value("colour", first.row) == "Red"
    assert first.asked.sum() == 2 * EACH


def test_products_without_the_columns_of_the_layout_cannot_be_judged() -> None:
    with pytest.raises(ModisteError, match="no column"):
        Judged([one for one in with_prices(make_products()) if one.attributes.pop("usage")])
