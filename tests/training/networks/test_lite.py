"""EfficientNet-Lite0 as vision tower: every composer works on it, and its int8 graph sees what the fp32 graph sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnxruntime import InferenceSession

from models.bundle import Bundle
from models.bundle.images import Pixels
from models.export.bundle import export_bundle
from models.export.precision import int8_graph
from models.networks.composers.registry import COMPOSERS
from models.training.model import RetrievalModel
from tests.models.pictures import photograph, saved
from tests.training.untrained import WISHES, untrained_model


def lite(composer: str, folder: Path) -> RetrievalModel:
    return untrained_model(composer, folder, words=("red", "dress"), backbone="modiste-lite", side=64)


@pytest.fixture(scope="module")
def pixels() -> Pixels:
    return np.stack([np.asarray(photograph(64, 64, seed=seed)) for seed in range(24)])


@pytest.mark.parametrize("composer", COMPOSERS)
def test_every_composer_works_on_the_tower(tmp_path: Path, pixels: Pixels, composer: str) -> None:
    model = lite(composer, tmp_path)
    ids, _ = model.tokenizer.encode(WISHES)
    query = model.query(model.vision(pixels[: len(WISHES)]).features, ids)
    np.testing.assert_allclose(np.linalg.norm(query, axis=1), 1, atol=1e-5)


def test_its_int8_graph_sees_what_the_fp32_graph_sees(tmp_path: Path, pixels: Pixels) -> None:
    model = lite("combiner", tmp_path)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.bias, -0.1, 0.1)
    folder = tmp_path / "bundle"
    pictures = [saved(photograph(64, 64, seed=seed)) for seed in range(4)]
    export_bundle(
        model, folder, name="lite", version="1", tokenizer=tmp_path / "tokenizer.json", pictures=pictures, texts=WISHES
    )
    graph = int8_graph(folder / "vision.onnx", [{"pixels": pixels[:16]}])
    assert graph is not None
    kinds = [node.op_type for node in graph.graph.node]
    assert kinds.count("QuantizeLinear") > 50
    precise = Bundle(folder, device="cpu").vision(pixels).embedding
    onnx.checker.check_model(_beside(folder, graph))
    session = InferenceSession(_beside(folder, graph), providers=["CPUExecutionProvider"])
    (rounded,) = session.run(["embedding"], {"pixels": pixels})
    np.testing.assert_allclose(np.linalg.norm(rounded, axis=1), 1, atol=1e-5)
    assert (precise * rounded).sum(axis=1).min() > 0.9


def _beside(folder: Path, graph: onnx.ModelProto) -> str:
    path = folder / "vision.int8.onnx"
    path.write_bytes(graph.SerializeToString())
    return str(path)
