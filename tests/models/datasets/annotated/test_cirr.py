from __future__ import annotations

from pathlib import Path

import pytest

from catalog.errors import ModisteError
from models.datasets.annotated.cirr import read_cirr
from tests.models.datasets.annotated.annotations import cirr_pair, real, write_cirr

SIX = "a b c d e f"


def test_an_entry_keeps_its_pair_its_target_and_the_five_others_of_its_subset(tmp_path: Path) -> None:
    folder = write_cirr(tmp_path, "val", [cirr_pair(12060, "c", "a", SIX, " show three bottles ")], f"{SIX} g")
    annotation = read_cirr(folder)
    assert annotation.pairs == (12060,)
    assert annotation.candidates == (("a", "b", "d", "e", "f"),)
    (triplet,) = annotation.dataset().triplets
    assert (triplet.reference, triplet.modification, triplet.targets) == ("c", "show three bottles", ("a",))
    assert annotation.gallery == (*SIX.split(), "g")
    assert annotation.findings() == []


@pytest.mark.parametrize(
    ("pair", "reason"),
    [
        (cirr_pair(1, "a", "b", "a b c d e"), "5 members, not 6"),
        (cirr_pair(1, "g", "b", SIX), "reference is not in its subset"),
        (cirr_pair(1, "a", "g", SIX), "target is not in its subset"),
        (cirr_pair(1, "a", "b", "a b c d e z"), "not in the gallery"),
    ],
)
def test_a_subset_that_cannot_be_right_is_reported(tmp_path: Path, pair: dict[str, object], reason: str) -> None:
    (finding,) = read_cirr(write_cirr(tmp_path, "val", [pair], f"{SIX} g")).findings()
    assert finding.kind == "wrong subset"
    assert reason in finding.reason


def test_the_hidden_test_split_is_read_but_cannot_be_measured_on(tmp_path: Path) -> None:
    annotation = read_cirr(write_cirr(tmp_path, "test1", [cirr_pair(1, "a", None, SIX)], SIX), "test1")
    assert annotation.rows == 1
    with pytest.raises(ModisteError, match="cirr/test1 were not published"):
        annotation.dataset()


def test_the_real_val_split_has_the_published_sizes() -> None:
    annotation = read_cirr(real("cirr"))
    assert (len(annotation.asked()), len(annotation.gallery)) == (4181, 2297)
    assert {len(candidates) for candidates in annotation.candidates} == {5}
    assert annotation.findings() == []


def test_the_real_hidden_split_has_the_published_sizes() -> None:
    annotation = read_cirr(real("cirr"), "test1")
    assert (annotation.rows, len(annotation.gallery)) == (4148, 2315)
    assert [finding.kind for finding in annotation.findings()] == ["empty caption"]
