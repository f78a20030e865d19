from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from onnx import helper, numpy_helper
from torch import nn

from models.bundle import Bundle
from models.bundle.weights import SharedWeights
from models.export.bundle import check_parity, export_bundle
from models.networks.backbones.rounding import round_to_int8
from models.training.config import TrainConfig
from models.training.model import RetrievalModel
from models.training.train import train
from tests.models.pictures import photograph, saved
from tests.training.tiny import TINY
from tests.training.untrained import WISHES, untrained_model

PICTURES = [saved(photograph(40, 60, seed)) for seed in range(4)]


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Linear(40, 20))


def test_each_row_has_at_most_127_steps_to_either_side(network: nn.Module) -> None:
    round_to_int8(network)
    for weight in network.parameters():
        for row in weight.flatten(1) if weight.ndim >= 2 else []:
            steps = row / (row.abs().max() / 127)
            torch.testing.assert_close(steps, steps.round(), atol=1e-4, rtol=0)


def test_no_weight_moves_by_more_than_half_a_step(network: nn.Module) -> None:
    before = [weight.clone() for weight in network.parameters()]
    round_to_int8(network)
    for old, new in zip(before, network.parameters(), strict=True):
        step = old.flatten(1).abs().amax(dim=1) / 127 * (1 + 2**-10) if old.ndim >= 2 else torch.zeros(len(old))
        assert ((old - new).abs().flatten(1).amax(dim=1) <= step / 2).all() if old.ndim >= 2 else (old == new).all()


def test_rounding_twice_is_rounding_once(network: nn.Module) -> None:
    round_to_int8(network)
    once = [weight.clone() for weight in network.parameters()]
    round_to_int8(network)
    assert all(torch.equal(old, new) for old, new in zip(once, network.parameters(), strict=True))


def test_a_row_of_zeros_stays_one() -> None:
    empty = nn.Linear(4, 2, bias=False)
    nn.init.zeros_(empty.weight)
    round_to_int8(empty)
    assert not empty.weight.any()


def exported(model: RetrievalModel, folder: Path) -> Bundle:
    tokenizer = folder.parent / "tokenizer.json"
    export_bundle(model, folder, name="rounded", version="1", tokenizer=tokenizer, pictures=PICTURES, texts=WISHES)
    return Bundle(folder, device="cpu")


def test_a_bundle_stores_rounded_towers_in_a_byte_a_weight_and_answers_the_same(tmp_path: Path) -> None:
    model = untrained_model("combiner", tmp_path, {"projection": 64, "hidden": 64})
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)  # The last of a block begins with zeros, and a tensor of zeros is stored once.
    plain = exported(model, tmp_path / "plain")
    model.backbone.round_weights()
    rounded = exported(model, tmp_path / "rounded")
    towers = sum(weight.numel() for weight in model.backbone.clip.parameters() if weight.ndim >= 2)
    saved_bytes = plain.manifest.files["weights.bin"].size - rounded.manifest.files["weights.bin"].size
    assert saved_bytes == pytest.approx(towers, rel=0.02)
    assert check_parity(model, rounded, PICTURES, WISHES) > 0.999999  # float16 would lose more than this


@pytest.mark.parametrize("shape", [(2048,), (2048, 1), (1, 2048), (512, 4), (64, 32)])
def test_weights_that_were_not_rounded_are_stored_as_float16_whatever_their_shape(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    graph = helper.make_graph([], "one", [], [], [numpy_helper.from_array(values, "weight")])
    stream = io.BytesIO()
    SharedWeights(stream).move_out(graph)
    assert len(stream.getvalue()) == 2 * values.size
    assert [node.op_type for node in graph.node] == ["Cast"]


@pytest.mark.parametrize("stages", [("joint",), ("joint", "compose")])
def test_a_finished_run_is_rounded(tmp_path: Path, stages: tuple[str, ...]) -> None:
    schedules = {
        "joint": {"epochs": 1, "batch": 32, "lr": 0.001},
        "compose": {"steps": 2, "batch": 8, "lr": 0.001, "negatives": 8, "text_rank": 2},
    }
    images = {"height": 32, "width": 32, "pad_ratio": 1.0, "fill": 255}
    config = TrainConfig.model_validate(
        {
            "name": "rounded",
            "device": "cpu",
            "backbone": {"name": TINY, "vocabulary": 600, "images": images, "weights": "int8"},
            "sources": [{"name": "garments", "kind": "garments", "count": 120, "validation_share": 0}],
            **{name: schedules[name] for name in stages},
        }
    )
    model = train(config, tmp_path / "run").model()
    before = [weight.clone() for weight in model.backbone.clip.parameters()]
    model.backbone.round_weights()
    assert all(torch.equal(old, new) for old, new in zip(before, model.backbone.clip.parameters(), strict=True))
    composer = [weight.clone() for weight in model.composer.parameters()]
    round_to_int8(model.composer)
    assert all(torch.equal(old, new) for old, new in zip(composer, model.composer.parameters(), strict=True))
