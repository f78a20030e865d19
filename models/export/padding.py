"""Trims padding in text graphs, which then process ids only up to the longest text of a batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MIN_LENGTH = 2
"""Minimum number of ids that are processed; the exporter treats an axis of length 1 as constant."""


def trim_padding(graph: onnx.GraphProto, ids: str, length: int, pad_id: int) -> None:
    """Cut off padding inside the graph; its input keeps the fixed length.

    Modifications have about five words and are padded to 32 or 77 ids, so this saves most of the text tower's time. The
    result is exact for a tower that masks padding.

    Args:
        graph: Exported with a dynamic second axis of ``ids``.
        ids: Name of the input, int64 ``[B, length]``.
        length: Padded length of texts.
        pad_id: The id of padding.
    """
    for reader in graph.node:
        reader.input[:] = [f"{ids}.read" if name == ids else name for name in reader.input]
    constants = {
        "pad": np.array(pad_id), "places": np.arange(1, length + 1), "least": np.array([MIN_LENGTH]),
        "start": np.array([0]), "batch": np.array([0]), "text": np.array([1]),
    }  # fmt: skip
    graph.initializer.extend(numpy_helper.from_array(value, f"{ids}.{name}") for name, value in constants.items())

    def node(kind: str, inputs: str, output: str, **attributes: Any) -> onnx.NodeProto:
        names = [name if name == ids else f"{ids}.{name}" for name in inputs.split()]
        return helper.make_node(kind, names, [f"{ids}.{output}"], **attributes)

    nodes = [
        node("Equal", f"{ids} pad", "padded"),
        node("Not", "padded", "written"),
        node("Cast", "written", "one", to=TensorProto.INT64),
        node("ReduceMax", "one batch", "any", keepdims=0),
        node("Mul", "any places", "reached"),
        node("ReduceMax", "reached start", "last", keepdims=1),
        node("Max", "last least", "end"),
        node("Slice", f"{ids} start end text", "read"),
        *graph.node,
    ]
    del graph.node[:]
    graph.node.extend(nodes)
    declared = next(value for value in graph.input if value.name == ids)
    declared.type.tensor_type.shape.dim[1].dim_value = length
