from __future__ import annotations

from pathlib import Path

import pytest

from models.bundle.manifest import Metric
from service.evaluation import protocols
from tests.service.evaluation.products import make_catalog
from tests.toy_bundle import write_toy_bundle

CHATTY = """
kept = ["kind", "people"]
[[group]]
sentences = ["honestly, I would love to have it in {colour}", "{colour} please"]
words.colour = {red = ["Red"], blue = ["Blue"], black = ["Black"]}
"""
CONVERSATIONS = """
[[conversation]]
kept = ["kind", "people"]
reference.colour = ["Red"]
turns = [
  {say = "in blue", asked.colour = ["Blue"]},
  {say = "no, black", asked.colour = ["Black"]},
]
"""


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Metric]]:
    """Both protocols with the toy bundle, on wordings of the test's own."""
    (tmp_path / "chatty.toml").write_text(CHATTY)
    (tmp_path / "conversations.toml").write_text(CONVERSATIONS)
    monkeypatch.setattr(protocols, "TEST", tmp_path)
    bundle = write_toy_bundle(tmp_path / "bundle", attributes=True)
    return {
        name: protocols.measure(name, bundle, make_catalog(), {}, tmp_path / "cache", limit=4)
        for name in (protocols.WISHES, protocols.CONVERSATION)
    }


def test_ways_and_turns_are_measured_by_what_the_search_answers(measured: dict[str, list[Metric]]) -> None:
    wishes = {(one.edit, one.method): one.values for one in measured["wishes"]}
    assert {method for _, method in wishes} == {
        "search, product", "search, upload", "image only", "text only", "the model alone", "search, no columns",
    }  # fmt: skip
    # The columns answer exactly what was asked, and titles without columns do, too.
    assert wishes["chatty", "search, product"] == {"asked@10": 100, "kept@10": 100, "both@10": 100}
    assert wishes["chatty", "search, no columns"]["asked@10"] == 100
    # Without the words the reference's own colour is found.
    assert wishes["chatty", "image only"]["both@10"] < 50
    turns = {one.edit: one.values for one in measured["conversation"] if one.method == "search, product"}
    assert list(turns) == ["turn 1", "turn 2"]
    assert turns["turn 2"]["both@10"] == 100
    assert all(one.gallery == len(make_catalog()) for one in measured["wishes"])
