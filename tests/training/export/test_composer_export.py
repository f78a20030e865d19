"""What TIRG and ComposeAE become in a bundle, on random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from models.bundle import Bundle
from models.export.bundle import export_bundle
from models.training.model import RetrievalModel
from tests.models.pictures import photograph, saved
from tests.training.untrained import WISHES, untrained_model

Exported = tuple[RetrievalModel, Bundle]


@pytest.fixture(scope="module", params=["tirg", "composeae"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder: Path = tmp_path_factory.mktemp(request.param)
    model = untrained_model(request.param, folder)
    pictures = [saved(photograph(40, 60, seed)) for seed in range(4)]
    export_bundle(
        model, folder / "bundle", name="untrained", version="1", tokenizer=folder / "tokenizer.json",
        pictures=pictures, texts=WISHES,
    )  # fmt: skip
    return model, Bundle(folder / "bundle", device="cpu")


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_graph_answers_as_torch_does_for_any_number_of_queries(exported: Exported, count: int) -> None:
    model, bundle = exported
    features = np.random.default_rng(count).normal(size=(count, model.backbone.dim)).astype(np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    ids, _ = bundle.tokenizer.encode(WISHES[:count])
    ours, theirs = model.query(features, ids), bundle.query(features, ids)
    assert theirs.shape == (count, model.backbone.dim)
    np.testing.assert_allclose(np.linalg.norm(theirs, axis=1), 1, atol=1e-5)
    assert (ours * theirs).sum(axis=1).min() > 0.9999


def test_parts_used_in_training_alone_are_not_in_the_graph(exported: Exported) -> None:
    model, bundle = exported
    graph = onnx.load(str(bundle.folder / "query.onnx"), load_external_data=False).graph
    assert not [tensor.name for tensor in graph.initializer if "decode" in tensor.name or "length" in tensor.name]
    held = sum(int(np.prod(tensor.dims)) for tensor in graph.initializer)
    towers = model.backbone.clip.text.parameters()
    queries = [weight for name, weight in model.composer.named_parameters() if not name.startswith("decode")]
    needed = sum(weight.numel() for weight in [*towers, *queries])
    assert held == pytest.approx(needed, abs=3000)  # Constants of the graph.


def test_the_picture_matters_as_well_as_the_text(exported: Exported) -> None:
    model, bundle = exported
    features = torch.nn.functional.normalize(torch.randn(2, model.backbone.dim), dim=-1).numpy()
    ids, _ = bundle.tokenizer.encode([WISHES[0], WISHES[0], WISHES[2]])
    one, other_picture, other_text = bundle.query(features[[0, 1, 0]], ids)
    assert one @ other_picture < 0.9999
    assert one @ other_text < 0.9999
