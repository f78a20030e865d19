"""A text graph cuts padding off without a change of its outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from models.export.padding import MIN_LENGTH, trim_padding

LENGTH, PAD = 12, 7
VALUES = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
VALUES[PAD] = 0


@pytest.fixture(scope="module")
def session() -> onnxruntime.InferenceSession:
    """Sums what stands for each id (padding stands for nothing), and tells how many ids were read."""
    nodes = [
        helper.make_node("Gather", ["values", "ids"], ["found"]),
        helper.make_node("ReduceSum", ["found", "second"], ["sum"], keepdims=0),
        helper.make_node("Shape", ["ids"], ["read"]),
    ]
    graph = helper.make_graph(
        nodes,
        "text",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "length"])],
        [
            helper.make_tensor_value_info("sum", TensorProto.FLOAT, ["batch", 4]),
            helper.make_tensor_value_info("read", TensorProto.INT64, [2]),
        ],
        [numpy_helper.from_array(VALUES, "values"), numpy_helper.from_array(np.array([1]), "second")],
    )
    trim_padding(graph, "ids", LENGTH, PAD)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def texts(*lengths: int) -> Any:
    ids = np.full((len(lengths), LENGTH), PAD)
    for row, length in enumerate(lengths):
        ids[row, :length] = 8 + np.arange(length) % 12
    return ids


@pytest.mark.parametrize("lengths", [(3,), (5, 1), (LENGTH,), (2, LENGTH, 4)])
def test_a_graph_reads_no_further_than_the_longest_text(
    session: onnxruntime.InferenceSession, lengths: tuple[int, ...]
) -> None:
    ids = texts(*lengths)
    total, read = session.run(["sum", "read"], {"ids": ids})
    assert read.tolist() == [len(lengths), max(lengths)]
    assert np.allclose(total, VALUES[ids].sum(axis=1), atol=1e-5)


def test_padding_between_two_ids_is_read(session: onnxruntime.InferenceSession) -> None:
    ids = texts(6)
    ids[0, 2:4] = PAD
    assert session.run(["read"], {"ids": ids})[0].tolist() == [1, 6]


def test_texts_of_padding_alone_keep_the_minimum_length(session: onnxruntime.InferenceSession) -> None:
    total, read = session.run(["sum", "read"], {"ids": texts(0)})
    assert read.tolist() == [1, MIN_LENGTH]
    assert not total.any()


def test_the_input_keeps_its_length_for_everyone_outside(session: onnxruntime.InferenceSession) -> None:
    (ids,) = session.get_inputs()
    assert ids.shape == ["batch", LENGTH]
