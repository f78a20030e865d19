from __future__ import annotations

from pathlib import Path

import pytest

from catalog.errors import ModisteError
from models.datasets.annotated.shoes import read_shoes
from tests.models.datasets.annotated.annotations import real, write, write_shoes


def test_an_entry_belongs_to_the_split_of_its_target(tmp_path: Path) -> None:
    folder = write_shoes(tmp_path, [("a", "b", "is red "), ("x", "y", "has laces")], "a b c", "x y z")
    evaluation = read_shoes(folder).dataset()
    assert evaluation.gallery == ("x", "y", "z")
    assert [(one.reference, one.modification, one.targets) for one in evaluation.triplets] == [
        ("x", "has laces", ("y",))
    ]
    assert [one.reference for one in read_shoes(folder, "train").dataset().triplets] == ["a"]


def test_a_target_in_neither_list_and_a_reference_in_the_other_are_reported(tmp_path: Path) -> None:
    folder = write_shoes(tmp_path, [("x", "q", "is red"), ("a", "y", "is blue")], "a", "x y")
    assert [(finding.kind, finding.where) for finding in read_shoes(folder).findings()] == [
        ("target outside the gallery", "shoes entry 1"),
        ("reference outside the gallery", "shoes/eval entry 2"),
    ]


def test_a_list_that_is_not_text_is_refused(tmp_path: Path) -> None:
    folder = write_shoes(tmp_path, [("x", "y", "is red")], "a", "x y")
    (folder / "eval_im_names.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModisteError, match="not UTF-8"):
        read_shoes(folder)


def test_another_json_is_refused_with_the_place_of_what_is_missing(tmp_path: Path) -> None:
    write(tmp_path / "relative_captions_shoes.json", [{"ImageName": "a", "RelativeCaption": "x"}])
    with pytest.raises(ModisteError, match=r"0\.ReferenceImageName"):
        read_shoes(tmp_path)


def test_the_real_files_have_the_published_sizes() -> None:
    train, evaluation = read_shoes(real("shoes"), "train"), read_shoes(real("shoes"))
    assert (len(train.gallery), len(train.entries)) == (10_000, 8_990)
    assert (len(evaluation.gallery), len(evaluation.entries)) == (4_658, 1_761)
    assert len(train.entries) + len(evaluation.entries) == 10_751


def test_the_27_real_references_that_are_their_own_targets_are_reported_and_left_out() -> None:
    train, evaluation = read_shoes(real("shoes"), "train"), read_shoes(real("shoes"))
    assert [finding.kind for finding in [*train.findings(), *evaluation.findings()]] == ["reference is target"] * 27
    assert (len(train.asked()), len(evaluation.asked())) == (8_964, 1_760)
