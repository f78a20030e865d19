from __future__ import annotations

import logging
from pathlib import Path

import pytest
from PIL import Image

from catalog.errors import ModisteError
from models.bundle import Bundle
from models.evaluation.published.models import evaluate_encoder
from models.evaluation.published.protocols import find_protocol
from tests.models.datasets.annotated.annotations import write_fashioniq
from tests.models.pictures import saved

COLOURS = {"dark": (40, 40, 40), "reddish": (170, 40, 40), "greenish": (40, 170, 40), "bluish": (40, 40, 170)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """From a dark dress to the reddish and to the bluish one, with plain pictures of all."""
    for id, colour in COLOURS.items():
        (tmp_path / "images").mkdir(exist_ok=True)
        (tmp_path / "images" / f"{id}.png").write_bytes(saved(Image.new("RGB", (40, 40), colour)))
    pairs = [("dark", "reddish", ["red", ""]), ("dark", "bluish", ["blue", "blue"])]
    return write_fashioniq(tmp_path, {"dress.val": pairs}, {"dress.val": list(COLOURS)})


def test_a_bundle_is_measured_by_several_protocols_beside_picture_and_words_alone(toy: Bundle, folder: Path) -> None:
    runs = {
        protocol: protocol.read(folder, categories=["dress"], images=folder / "images")
        for protocol in map(find_protocol, ("fashioniq-original-reference-removed", "fashioniq-val"))
    }
    metrics = evaluate_encoder(runs, toy, toy.manifest.images)
    found = {(metric.protocol.split(":")[0], metric.method): metric.values["R@1"] for metric in metrics}
    assert found["fashioniq-original-reference-removed", "composer"] == 100.0
    assert found["fashioniq-original-reference-removed", "image only"] < 100.0
    assert found["fashioniq-val", "image only"] == 0.0
    assert {method for _, method in found} == {"image only", "text only", "weighted sum", "composer"}
    weights = {metric.method: metric.values.get("weight") for metric in metrics}
    assert weights["composer"] is None
    for protocol in ("fashioniq-original-reference-removed", "fashioniq-val"):
        assert found[protocol, "weighted sum"] >= max(found[protocol, "image only"], found[protocol, "text only"])
    assert {metric.gallery for metric in metrics} == {4, 3}


def test_a_missing_picture_stops_the_measurement(toy: Bundle, folder: Path) -> None:
    (folder / "images" / "bluish.png").unlink()
    protocol = find_protocol("fashioniq-original")
    annotations = protocol.read(folder, categories=["dress"], images=folder / "images")
    with pytest.raises(ModisteError, match="no picture of bluish"):
        evaluate_encoder({protocol: annotations}, toy, toy.manifest.images)


def test_a_text_that_is_cut_off_is_logged(toy: Bundle, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    pairs = [("dark", "reddish", ["red " * 200, "red"]), ("dark", "bluish", ["blue", "blue"])]
    write_fashioniq(folder, {"dress.val": pairs}, {"dress.val": list(COLOURS)})
    protocol = find_protocol("fashioniq-original")
    annotations = protocol.read(folder, categories=["dress"], images=folder / "images")
    with caplog.at_level(logging.WARNING):
        evaluate_encoder({protocol: annotations}, toy, toy.manifest.images)
    length = toy.tokenizer.settings.length
    assert caplog.messages == [
        f"fashioniq-original: 1 of 2 texts are longer than the {length} tokens of the text tower and are cut off"
    ]
