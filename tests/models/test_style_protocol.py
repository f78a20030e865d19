"""``modiste models evaluate --protocol style-search``, on random weights and drawn garments."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from models.datasets.attribute_words import common_words
from models.errors import ModisteError
from models.evaluation.style import METHODS
from models.evaluation.style_queries import KINDS
from models.training.checkpoint import Checkpoint
from models.training.run import DONE, Run
from models.training.sources import split_source
from tests.models.test_cli import run as command
from tests.models.untrained import untrained_config, untrained_model


def write_run(folder: Path, *, knowing: bool) -> Path:
    """A run of a model that has learnt nothing, with an attribute head or without."""
    folder.mkdir(parents=True)
    config = untrained_config("sum").model_copy(
        update={
            "sources": (untrained_config("sum").sources[0].model_copy(update={"count": 200, "validation_share": 0.5}),)
        }
    )
    _, held = split_source(config.sources[0], folder.parent / "cache")
    words = common_words(held, 10) if knowing else []
    model = untrained_model("sum", folder, words=words)
    (folder / "config.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json")))
    if words:
        (folder / "attributes.json").write_text(json.dumps(words))
    Checkpoint(DONE, 0, model.state_dict()).save(folder)
    return folder


def test_every_kind_of_query_is_measured_by_every_method(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", knowing=True)
    command("evaluate", str(run), "--protocol", "style-search", "--queries", "10", "--output", str(tmp_path / "m.json"))
    metrics = json.loads((tmp_path / "m.json").read_text())
    assert {(metric["edit"], metric["method"]) for metric in metrics} == {
        (kind, way) for kind in KINDS for way in METHODS
    }
    assert all("style-search" in metric["protocol"] for metric in metrics)
    assert all(0 <= value <= 100 for metric in metrics for value in metric["values"].values())
    assert all(set(metric["values"]) == {"V-nDCG@20", "T-nDCG@20", "MM@20"} for metric in metrics)
    assert not Run(run).metrics.exists()


def test_a_model_without_an_attribute_head_is_told_how_to_get_one(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", knowing=False)
    with pytest.raises(ModisteError, match="no attribute head") as refused:
        command("evaluate", str(run), "--protocol", "style-search", "--queries", "10")
    assert "joint" in refused.value.hint


def test_vectors_alone_cannot_be_asked_for_words(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="style-search measures a model"):
        command("evaluate", "--protocol", "style-search", "--vectors", str(tmp_path / "v.npz"))
