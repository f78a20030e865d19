"""The model card of a run that started from a bundle."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.bundle.manifest import read_manifest
from models.export.model_card import model_card
from models.training.config import TrainConfig
from models.training.stage_settings import ExpectStage, JointStage
from tests.toy_bundle import write_toy_bundle
from tests.training.untrained import untrained_config, untrained_model


def card(folder: Path, config: TrainConfig) -> str:
    return model_card(config, "1", untrained_model("sum", folder), [], ["shop: 50 products"])


@pytest.mark.parametrize("stage_0", [True, False])
def test_the_origin_states_what_came_from_the_bundle_and_what_was_trained(tmp_path: Path, stage_0: bool) -> None:
    bundle = write_toy_bundle(tmp_path / "toy")
    joint = JointStage(epochs=1, batch=8, lr=0.001) if stage_0 else None
    expect = ExpectStage(steps=1, batch=8, lr=0.001)
    config = untrained_config("sum").model_copy(update={"start": bundle, "joint": joint, "expect": expect})
    text = card(tmp_path, config)
    manifest = read_manifest(bundle)
    assert f"## Origin\n\nThis bundle started from toy 1.0.0. Its fingerprint is {manifest.fingerprint}" in text
    assert all(f"It was trained on {source}." in text for source in manifest.trained_on)
    assert "tokens, vocabulary of toy 1.0.0" in text
    assert ("trained further here (`joint`)" in text) is stage_0
    assert ("Both towers and the attribute head, unchanged." in text) is not stage_0
    assert "The head for expected words was trained here." in text


def test_a_missing_start_is_named_as_in_the_config(tmp_path: Path) -> None:
    text = card(tmp_path, untrained_config("sum").model_copy(update={"start": Path("runs/gone")}))
    assert "This bundle started from `runs/gone`." in text


def test_a_run_from_nothing_has_no_origin(tmp_path: Path) -> None:
    assert "## Origin" not in card(tmp_path, untrained_config("sum"))
