"""Graphs in other precisions with the bundle's own weights: int8 for CPUs and fp16 for GPUs.

Variants store no weights. An int8 graph quantises the float16 weights on loading, with stored scales, and ONNX Runtime
folds this into int8 constants. A variant of a small graph takes about a hundred kilobytes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from models.bundle.weights import shorten

Feeds = Sequence[Mapping[str, npt.NDArray[np.generic]]]
"""Batches of a graph's inputs."""

_CONVOLUTIONAL = ["Conv", "Relu", "Clip", "Add", "MaxPool", "Gemm"]
_TRANSFORMER = ["MatMul", "Gemm"]
_PROBABILITIES = "model.expectation."
FP32_CONVOLUTIONS = 6
"""Convolutions of a tower with depthwise ones that stay in float32, such as EfficientNet-Lite0's: a pass takes 0.84 of
the time that it takes with none of them, because these layers have few channels on large maps, and the mean cosine with
the fp32 graph is 0.9994 instead of 0.9988."""
# Operators in the computation of lengths: squares of components of unit vectors are often too small for float16.
_WIDE = ["ReduceL2", "ReduceSumSquare", "Clip", "Max", "Div", "Sqrt", "Pow", "Expand"]


class _Parts(NamedTuple):
    """A graph, separated from the computations that do not depend on its inputs."""

    model: onnx.ModelProto
    """The graph with the results of these computations as initialisers."""
    nodes: list[onnx.NodeProto]
    """The nodes that compute these results from ``weights``."""
    weights: dict[str, onnx.TensorProto]
    """Initialisers by name; those in ``weights.bin`` without values."""
    values: dict[str, onnx.TensorProto]
    """The results by name."""


def int8_graph(path: Path, feeds: Feeds) -> onnx.ModelProto | None:
    """The graph with its convolutions, or the matrix products with its weights, in int8.

    Scales are determined from ``feeds`` (static quantisation). With dynamic quantisation, the vector of a request would
    depend on the other requests of its batch. Weights use all 8 bits. On x86 without VNNI (AMD before Zen 4, Intel
    before Ice Lake) some sums of two 8-bit products overflow 16 bits. For the shipped tower this costs less than 7 bits
    cost everywhere (mean cosine with the fp32 graph 0.997 and 0.996 on product pictures, 0.999 with VNNI).

    Args:
        path: The graph in fp32, in the folder of ``weights.bin``.
        feeds: Representative inputs; a few hundred rows suffice.

    Returns:
        The graph, for the same folder; None if it has no operators to quantise.
    """
    parts = _separate(path)
    for at, node in enumerate(parts.model.graph.node):
        node.name = str(at)
    kinds = [node.op_type for node in parts.model.graph.node]
    # In a transformer, quantising activations between layers costs more time than it saves.
    chosen = _CONVOLUTIONAL if kinds.count("Conv") > kinds.count("MatMul") else _TRANSFORMER
    helper.set_model_props(
        parts.model, {"onnx.quant.pre_process": "onnxruntime.quant"}
    )  # Silences a recommendation to preprocess.
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "int8.onnx"
        quantize_static(
            parts.model, result, _Reader(feeds), quant_format=QuantFormat.QDQ, op_types_to_quantize=chosen,
            nodes_to_exclude=_sensitive_layers(parts.model.graph),
            per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )  # fmt: skip
        made = onnx.load(result)
    if all(node.op_type != "DequantizeLinear" for node in made.graph.node):
        return None
    return _join(made, parts)


def fp16_graph(path: Path) -> onnx.ModelProto:
    """The graph in float16, except for the lengths of vectors. Inputs and outputs do not change."""
    parts = _separate(path)
    whole = onnx.ModelProto()
    whole.CopyFrom(parts.model)
    half = convert_float_to_float16(whole, keep_io_types=True, op_block_list=[*DEFAULT_OP_BLOCK_LIST, *_WIDE])
    # The conversion appends casts at the end, twice if two wide operators share an input.
    once = {tuple(node.output): node for node in half.graph.node}
    del half.graph.node[:]
    half.graph.node.extend(once.values())
    for node in half.graph.node:
        narrow = once.get(tuple(node.input))
        if narrow is not None and _is_cast(node, TensorProto.FLOAT) and _is_cast(narrow, TensorProto.FLOAT16):
            # Values between two wide operators stay in float32.
            node.input[:] = narrow.input
    OnnxModel(half).topological_sort()
    return _join(half, parts)


def _sensitive_layers(graph: onnx.GraphProto) -> list[str]:
    """Names of the nodes that stay in float32.

    The first convolutions of a tower with depthwise ones, which are slower in int8. Layers that compute probabilities:
    near 0 and 1 their log-odds matter, and they cost almost nothing. And every Clip that is not the ReLU6 of a
    convolution, such as the one that bounds the length of a vector.
    """
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    convolved = {output for node in convolutions for output in node.output}
    early = convolutions[:FP32_CONVOLUTIONS] if any(_groups(node) > 1 for node in convolutions) else []
    return [node.name for node in early] + [
        node.name
        for node in graph.node
        if any(name.startswith(_PROBABILITIES) for name in node.input)
        or (node.op_type == "Clip" and node.input[0] not in convolved)
    ]


def _groups(node: onnx.NodeProto) -> int:
    return next((attribute.i for attribute in node.attribute if attribute.name == "group"), 1)


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, feeds: Feeds) -> None:
        self._feeds: Iterator[Mapping[str, Any]] = iter(feeds)

    def get_next(self) -> Mapping[str, Any] | None:
        return next(self._feeds, None)


def _separate(path: Path) -> _Parts:
    model, hollow = onnx.load(path), onnx.load(path, load_external_data=False)
    graph = model.graph
    known = {tensor.name for tensor in graph.initializer}
    early: list[onnx.NodeProto] = []
    late: list[onnx.NodeProto] = []
    for node in graph.node:
        is_constant = len(node.input) > 0 and all(not name or name in known for name in node.input)
        (early if is_constant else late).append(_copied(node))
        known.update(node.output if is_constant else ())
    needed = {name for node in late for name in node.input} | {value.name for value in graph.output}
    results = sorted(needed & {name for node in early for name in node.output})
    evaluated = helper.make_graph(
        early, "early", [], [helper.make_empty_tensor_value_info(name) for name in results], graph.initializer
    )
    evaluator = ReferenceEvaluator(helper.make_model(evaluated, opset_imports=model.opset_import))
    found = zip(results, evaluator.run(results, {}), strict=True)
    values = {name: numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in found}
    constants = [tensor for tensor in graph.initializer if tensor.name in needed]
    weights = {tensor.name: tensor for tensor in hollow.graph.initializer}
    parts = _Parts(onnx.ModelProto(), early, weights, values)
    parts.model.CopyFrom(model)
    del parts.model.graph.node[:], parts.model.graph.initializer[:], parts.model.graph.value_info[:]
    parts.model.graph.node.extend(late)
    parts.model.graph.initializer.extend([*constants, *values.values()])
    return parts


def _join(variant: onnx.ModelProto, parts: _Parts) -> onnx.ModelProto:
    """The variant with its large constants computed from the bundle's weights."""
    graph = variant.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    wanted: set[str] = set()
    nodes: list[onnx.NodeProto] = []
    renamed: dict[str, str] = {}
    for name, tensor in list(constants.items()):
        source = name.removesuffix("_quantized")
        if tensor.data_type == TensorProto.INT32:  # A bias; ONNX cannot quantise to 32 bits, and it is small.
            continue
        if source != name and source in parts.values:
            quantise = _quantiser(graph, parts, constants, source, name)
            if quantise is None:
                continue
            nodes.append(quantise)
        elif name not in parts.values:
            continue
        elif tensor.data_type == TensorProto.FLOAT16:
            renamed[name] = f"{name}.fp16"
            nodes.append(helper.make_node("Cast", [name], [renamed[name]], to=TensorProto.FLOAT16))
        wanted.add(source)
        del constants[name]
    for node in graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
    for node in reversed(parts.nodes):
        if wanted & set(node.output):
            nodes.insert(0, node)
            wanted.update(node.input)
    nodes += graph.node
    used = {name for node in nodes for name in node.input}
    weights = {name: tensor for name, tensor in parts.weights.items() if name in wanted}
    del graph.node[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.initializer.extend(tensor for name, tensor in (weights | constants).items() if name in used)
    shorten(graph, weights=True)
    return variant


def _quantiser(
    graph: onnx.GraphProto, parts: _Parts, constants: Mapping[str, onnx.TensorProto], source: str, name: str
) -> onnx.NodeProto | None:
    """The node that computes the int8 constant ``name`` from ``source``; None if it would differ."""
    reader = next(node for node in graph.node if node.op_type == "DequantizeLinear" and node.input[0] == name)
    scale, zero = (constants[value] for value in reader.input[1:3])
    axis = {attribute.name: attribute.i for attribute in reader.attribute if attribute.name == "axis"}
    values, wanted = numpy_helper.to_array(parts.values[source]), numpy_helper.to_array(constants[name])
    along = [1] * values.ndim
    if scale.dims and values.ndim:
        along[axis.get("axis", 1)] = -1
    scales, zeros = (numpy_helper.to_array(tensor).reshape(along) for tensor in (scale, zero))
    limits = np.iinfo(wanted.dtype)
    if not np.array_equal(np.clip(np.rint(values / scales) + zeros, limits.min, limits.max), wanted):
        return None
    return helper.make_node("QuantizeLinear", [source, scale.name, zero.name], [name], **axis)


def _is_cast(node: onnx.NodeProto, to: int) -> bool:
    return node.op_type == "Cast" and node.attribute[0].i == to


def _copied(node: onnx.NodeProto) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    return copy
