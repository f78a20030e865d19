"""The one file of weights that all graphs of a bundle read (ONNX external data)."""

from __future__ import annotations

import hashlib
from typing import Any, BinaryIO

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WEIGHTS_NAME = "weights.bin"
SMALL = 1024
"""Tensors of fewer elements stay inside their graph."""

Halves = np.ndarray[Any, np.dtype[np.float16]]


class SharedWeights:
    """Stores large tensors as float16, each once, however many graphs hold it, as it is or transposed.

    Args:
        stream: The open file ``weights.bin``.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.places: dict[str, tuple[int, int]] = {}

    def move_out(self, graph: onnx.GraphProto) -> None:
        """Replace the graph's large tensors by references into the file.

        What widens and turns them again is folded into constants when ONNX Runtime loads the graph.
        """
        nodes: list[onnx.NodeProto] = []
        for tensor in graph.initializer:
            if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) < SMALL:
                continue
            values: Halves = numpy_helper.to_array(tensor).astype(np.float16)
            wide, half = tensor.name, f"{tensor.name}.half"
            turned = values.ndim == 2 and _key(values) not in self.places and _key(values.T) in self.places
            tensor.CopyFrom(self._placed(values.T if turned else values, half))
            if turned:
                nodes.append(helper.make_node("Transpose", [half], [f"{half}.turned"], perm=[1, 0]))
                half = f"{half}.turned"
            nodes.append(helper.make_node("Cast", [half], [wide], to=TensorProto.FLOAT))
        nodes += graph.node
        del graph.node[:], graph.value_info[:]
        graph.node.extend(nodes)
        shorten(graph)

    def _placed(self, values: Halves, name: str) -> onnx.TensorProto:
        key = _key(values)
        if key not in self.places:
            data = values.tobytes()
            self.stream.write(b"\0" * (-self.stream.tell() % 64))  # Aligned, so that it can be mapped.
            self.places[key] = (self.stream.tell(), len(data))
            self.stream.write(data)
        offset, length = self.places[key]
        tensor = onnx.TensorProto(name=name, data_type=TensorProto.FLOAT16, dims=values.shape)
        tensor.data_location = TensorProto.EXTERNAL
        for field, value in (("location", WEIGHTS_NAME), ("offset", str(offset)), ("length", str(length))):
            tensor.external_data.add(key=field, value=value)
        return tensor


def shorten(graph: onnx.GraphProto, *, weights: bool = False) -> None:
    """Leave out what only says where in Python each operator came from: most of a small graph's bytes.

    Inputs and outputs keep their names, and unless ``weights`` initialisers do; inner values get short ones, operators
    none.
    """
    kept = {value.name for value in (*graph.input, *graph.output)} | {""}
    if not weights:
        kept |= {tensor.name for tensor in graph.initializer}
    short: dict[str, str] = {}
    for node in graph.node:
        node.ClearField("name")
        node.ClearField("doc_string")
        del node.metadata_props[:]
        for names in (node.input, node.output):
            names[:] = [name if name in kept else short.setdefault(name, f":{len(short)}") for name in names]
    for tensor in graph.initializer:
        tensor.name = short.get(tensor.name, tensor.name)


def _key(values: Halves) -> str:
    return hashlib.sha256(repr(values.shape).encode() + values.tobytes()).hexdigest()
