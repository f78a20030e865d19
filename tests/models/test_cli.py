import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from catalog.errors import ModisteError
from models.cli import app
from tests.models.datasets.annotated.annotations import write_fashioniq


def run(*arguments: str) -> None:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output


def test_a_catalogue_is_drawn_in_the_requested_folder(tmp_path: Path) -> None:
    run("draw", str(tmp_path / "shop"), "--count", "12", "--width", "60", "--height", "80")
    assert len(list((tmp_path / "shop" / "images").glob("*.jpg"))) == 12


def test_vectors_are_measured_by_several_protocols_in_one_command(
    tmp_path: Path,
) -> None:
    pairs = [("a", "b", ["is red", "has sleeves"]), ("b", "c", ["is blue", "is long"])]
    dataset = write_fashioniq(tmp_path / "fashioniq", {"dress.val": pairs}, {"dress.val": ["a", "b", "c", "d"]})
    names = np.array(["a", "b", "c", "d"])
    gallery = np.eye(4, dtype=np.float32)
    np.savez(tmp_path / "ours.npz", names=names, gallery=gallery, queries=gallery[[1, 2]])
    figures = tmp_path / "figures.json"
    run(
        "evaluate", "--protocol", "fashioniq-original", "--protocol", "fashioniq-val-reference-removed", "--category",
        "dress", "--annotations", str(dataset), "--vectors", str(tmp_path / "ours.npz"), "--output", str(figures),
    )  # fmt: skip
    measured = json.loads(figures.read_text())
    assert [(one["gallery"], one["queries"], one["values"]["R@10"]) for one in measured] == [
        (4, 2, 100.0),
        (3, 2, 100.0),
    ]


def test_a_protocol_without_annotations_is_refused_with_a_hint() -> None:
    with pytest.raises(ModisteError, match="--annotations"):
        run("evaluate", "--protocol", "cirr")


def test_a_command_with_nothing_to_measure_is_refused_with_a_hint() -> None:
    with pytest.raises(ModisteError, match="Give a model"):
        run("evaluate")


def test_the_doctor_fails_for_a_corrupt_picture_and_names_it(tmp_path: Path) -> None:
    run("draw", str(tmp_path), "--count", "3", "--width", "60", "--height", "80")
    run("doctor", str(tmp_path))
    (tmp_path / "images" / "G00002.jpg").write_bytes(b"broken")
    result = CliRunner().invoke(app, ["doctor", str(tmp_path)])
    assert result.exit_code == 1
    assert "G00002" in result.output
