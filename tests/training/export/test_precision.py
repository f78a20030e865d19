"""Graphs in int8 and fp16 give nearly the vectors of fp32."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from models.bundle import SHIPPED_BUNDLE, Bundle
from models.bundle.encoder import Vectors
from models.bundle.text import TokenIds
from models.export.precision import fp16_graph, int8_graph
from tests.toy_bundle import WORDS

TEXTS = ["red trousers", "a long blue dress for women", "with shorter sleeves", "black", "no print at all, please"]


def least_cosine(left: Vectors, right: Vectors) -> float:
    return float((left * right).sum(axis=1).min())


@pytest.fixture(scope="module")
def shipped_text(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bundle, Callable[[TokenIds], Vectors], int]:
    """The shipped bundle, its text graph in int8, and that graph's size."""
    shipped = Bundle(SHIPPED_BUNDLE, device="cpu", threads=1, precision="fp32")
    ids, _ = shipped.tokenizer.encode(TEXTS * 8)
    made = int8_graph(SHIPPED_BUNDLE / "text.onnx", [{"ids": ids}])
    assert made is not None
    folder = tmp_path_factory.mktemp("int8")
    (folder / "text.onnx").write_bytes(made.SerializeToString())
    (folder / "weights.bin").write_bytes((SHIPPED_BUNDLE / "weights.bin").read_bytes())
    onnx.checker.check_model(str(folder / "text.onnx"))
    session = onnxruntime.InferenceSession(folder / "text.onnx", providers=["CPUExecutionProvider"])
    return shipped, lambda given: session.run(None, {"ids": given})[0], made.ByteSize()


Int8Text = tuple[Bundle, Callable[[TokenIds], Vectors], int]


def test_an_int8_graph_gives_nearly_the_same_vectors(shipped_text: Int8Text) -> None:
    shipped, text, _ = shipped_text
    ids, _ = shipped.tokenizer.encode(["green shoes", "a shirt with stripes", "gold"])
    assert not np.array_equal(text(ids), shipped.text(ids))
    assert least_cosine(text(ids), shipped.text(ids)) > 0.998


def test_an_int8_graph_stores_no_weight_twice(shipped_text: Int8Text) -> None:
    _, _, size = shipped_text
    assert size < 150_000


def test_a_row_in_int8_does_not_depend_on_its_batch(shipped_text: Int8Text) -> None:
    shipped, text, _ = shipped_text
    ids, _ = shipped.tokenizer.encode(TEXTS)
    alone = np.concatenate([text(row[None]) for row in ids])
    assert np.allclose(text(ids), alone, atol=1e-6)


def test_a_graph_without_anything_to_quantise_is_not_made(toy_folder: Path, toy: Bundle) -> None:
    ids, _ = toy.tokenizer.encode(list(WORDS))
    assert int8_graph(toy_folder / "text.onnx", [{"ids": ids}]) is None


def test_an_fp16_graph_gives_nearly_the_same_float32_unit_vectors(tmp_path: Path) -> None:
    shipped = Bundle(SHIPPED_BUNDLE, device="cpu", threads=1, precision="fp32")
    made = fp16_graph(SHIPPED_BUNDLE / "vision.onnx")
    (tmp_path / "vision.onnx").write_bytes(made.SerializeToString())
    (tmp_path / "weights.bin").write_bytes((SHIPPED_BUNDLE / "weights.bin").read_bytes())
    onnx.checker.check_model(str(tmp_path / "vision.onnx"))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC  # More can crash on a CPU.
    session = onnxruntime.InferenceSession(tmp_path / "vision.onnx", options, providers=["CPUExecutionProvider"])
    images = shipped.manifest.images
    pixels = np.random.default_rng(0).integers(0, 256, (2, images.height, images.width, 3), dtype=np.uint8)
    (half,) = session.run(["embedding"], {"pixels": pixels})
    assert half.dtype == np.float32
    assert np.allclose(np.linalg.norm(half, axis=1), 1, atol=1e-5)
    assert least_cosine(half, shipped.vision(pixels).embedding) > 0.999
