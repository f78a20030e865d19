"""``weights.bin``, the file of weights that all graphs of a bundle share (ONNX external data). Needs ``onnx``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WEIGHTS_NAME = "weights.bin"
KEPT = ".kept"
"""Suffix of the name of a tensor that is in the file."""
MIN_ELEMENTS = 1024
"""Tensors of fewer elements stay inside their graph."""

STEPS = 127
"""Steps of an 8-bit weight on each side of zero."""

MIN_SHARING = 8
"""Minimum number of weights per scale; with fewer, bytes and scales take as much space as float16."""

Array = np.ndarray[Any, np.dtype[Any]]


class SharedWeights:
    """Writes the large tensors of several graphs, each once, even if one graph has it transposed.

    Weights that were rounded to 8 bits (``models.networks.backbones.rounding``) take a byte each; all others take two,
    as float16.

    Args:
        stream: The open file ``weights.bin``.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.places: dict[str, tuple[int, int]] = {}

    def move_out(self, graph: onnx.GraphProto) -> None:
        """Replace the graph's large tensors by references into the file.

        Nodes that cast, scale and transpose them back are added; ONNX Runtime folds them into constants on loading.
        """
        nodes: list[onnx.NodeProto] = []
        scales: list[onnx.TensorProto] = []
        for tensor in graph.initializer:
            if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) < MIN_ELEMENTS:
                continue
            wide = numpy_helper.to_array(tensor)
            rounded = _steps_of(wide)
            values, scale = (wide.astype(np.float16), None) if rounded is None else rounded
            name, kept = tensor.name, f"{tensor.name}{KEPT}"
            turned = values.ndim == 2 and _key(values) not in self.places and _key(values.T) in self.places
            tensor.CopyFrom(self._placed(values.T if turned else values, kept))
            if turned:
                nodes.append(helper.make_node("Transpose", [kept], [f"{kept}.turned"], perm=[1, 0]))
                kept = f"{kept}.turned"
            widened = name if scale is None else f"{name}.steps"
            nodes.append(helper.make_node("Cast", [kept], [widened], to=TensorProto.FLOAT))
            if scale is not None:
                by = f"{name}.scale"
                scales.append(
                    self._placed(scale, by) if scale.size >= MIN_ELEMENTS else numpy_helper.from_array(scale, by)
                )
                nodes.append(helper.make_node("Mul", [widened, by], [name]))
        nodes += graph.node
        del graph.node[:], graph.value_info[:]
        graph.node.extend(nodes)
        graph.initializer.extend(scales)
        shorten(graph)

    def _placed(self, values: Array, name: str) -> onnx.TensorProto:
        key = _key(values)
        if key not in self.places:
            data = values.tobytes()
            self.stream.write(b"\0" * (-self.stream.tell() % 64))  # Aligned for memory mapping.
            self.places[key] = (self.stream.tell(), len(data))
            self.stream.write(data)
        offset, length = self.places[key]
        kind = helper.np_dtype_to_tensor_dtype(values.dtype)
        tensor = onnx.TensorProto(name=name, data_type=kind, dims=values.shape)
        tensor.data_location = TensorProto.EXTERNAL
        for field, value in (("location", WEIGHTS_NAME), ("offset", str(offset)), ("length", str(length))):
            tensor.external_data.add(key=field, value=value)
        return tensor


def _steps_of(values: Array) -> tuple[Array, Array] | None:
    """int8 steps and float32 scales, broadcastable against them, whose product is ``values``; None if the values were
    not rounded. A transposition, or a batch norm folded into the weights, does not change the steps."""
    if values.ndim < 2:
        return None
    for axis in dict.fromkeys((0, values.ndim - 1)):
        others = tuple(other for other in range(values.ndim) if other != axis)
        scale = np.abs(values).max(axis=others, keepdims=True) / np.float32(STEPS)
        if values.size < MIN_SHARING * scale.size:
            continue  # With few weights per scale, any values look rounded.
        scale[scale == 0] = 1
        steps = np.rint(values / scale)
        if np.abs(values / scale - steps).max() < 1e-3:
            return steps.astype(np.int8), scale.astype(np.float32)
    return None


def shorten(graph: onnx.GraphProto, *, weights: bool = False) -> None:
    """Remove names and metadata that only describe where in Python an operator comes from; they are most of a small
    graph's size.

    Inputs and outputs keep their names. So do initialisers, unless ``weights`` is true. Inner values get short names,
    operators none.
    """
    kept = {value.name for value in (*graph.input, *graph.output)} | {""}
    if not weights:
        kept |= {tensor.name for tensor in graph.initializer}
    del graph.metadata_props[:]
    short: dict[str, str] = {}
    for node in graph.node:
        node.ClearField("name")
        node.ClearField("doc_string")
        del node.metadata_props[:]
        for names in (node.input, node.output):
            names[:] = [name if name in kept else short.setdefault(name, f":{len(short)}") for name in names]
    for tensor in graph.initializer:
        tensor.name = short.get(tensor.name, tensor.name)


def _key(values: Array) -> str:
    return hashlib.sha256(repr((values.shape, values.dtype.name)).encode() + values.tobytes()).hexdigest()


def stored_weights(path: Path) -> Iterator[tuple[str, Array]]:
    """The weights of a graph in float32; this undoes ``SharedWeights.move_out``.

    Args:
        path: A graph in fp32, in the folder of its bundle.

    Yields:
        The original name and the values of each float tensor, in the graph's order.
    """
    graph = onnx.load(path).graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    origins: dict[str, str] = {}
    for node in graph.node:  # The nodes that restore weights come first.
        origin = origins.pop(node.input[0], node.input[0]) if node.input else ""
        if not origin.endswith(KEPT):
            break
        taken = values.pop(node.input[0])
        if node.op_type == "Mul":
            made = taken * values.pop(node.input[1])
        else:
            made = taken.T if node.op_type == "Transpose" else taken.astype(np.float32)
        values[node.output[0]], origins[node.output[0]] = made, origin
    for name, value in values.items():
        if value.dtype == np.float32:
            yield origins.get(name, name).removesuffix(KEPT), value
