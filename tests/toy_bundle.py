"""A bundle of a few kilobytes, built from ONNX operators alone: real graphs, no training, no torch.

Its vision graph averages the picture over a 4x4 grid, so pictures of similar colours lie close together; its text graph
knows a colour for a few words; its query is the normalised sum of both. That is enough to see right products come
out of the right doors; what a *trained* bundle answers is tested with the shipped one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import tokenizers
from onnx import TensorProto, helper, numpy_helper

from models.bundle.checksums import file_digest
from models.bundle.images import ImagePreprocessing
from models.bundle.manifest import BundleManifest, Graph, GraphName, Tensor, write_manifest
from models.bundle.text import TextSettings

WORDS = {"red": (1, -1, -1), "green": (-1, 1, -1), "blue": (-1, -1, 1), "white": (1, 1, 1), "black": (-1, -1, -1)}
SIZE, GRID, LENGTH = 32, 4, 16


def write_toy_bundle(
    folder: Path, *, name: str = "toy", seed: int = 0, dim: int = 48, attributes: bool = False, expects: bool = False
) -> Path:
    """Write a bundle into ``folder``; another ``seed`` or ``dim`` gives another, incompatible bundle.

    With ``attributes``, its vision graph also tells how probably a picture is red, green, blue, white or black. With
    ``expects``, its query graph tells as well which of these the answer will be: those that the text names, else those
    of the reference.
    """
    attributes = attributes or expects
    folder.mkdir(parents=True, exist_ok=True)
    mixing = np.random.default_rng(seed).normal(size=(GRID * GRID * 3, dim)).astype(np.float32)
    colours = np.zeros((len(WORDS) + 2, 3), dtype=np.float32)
    colours[2:] = list(WORDS.values())
    words = np.tile(colours, (1, GRID * GRID)) @ mixing
    seen = ["embedding", "attributes"] if attributes else ["embedding"]
    telling = 4 * np.array(list(WORDS.values()), dtype=np.float32).T
    vision = _vision_nodes() + (_attribute_nodes() if attributes else [])
    _save(folder / "vision.onnx", vision, {"mixing": mixing, "telling": telling}, ["pixels"], seen, dim)
    _save(folder / "text.onnx", _text_nodes("embedding"), {"words": words}, ["ids"], ["embedding"], dim)
    named = np.eye(len(WORDS) + 2, len(WORDS), -2, dtype=np.float32)
    asked, answered = ["features", "ids"], ["query"]
    if expects:
        asked, answered = [*asked, "shown"], [*answered, "expected"]
    query = _query_nodes() + (_expecting_nodes() if expects else [])
    _save(folder / "query.onnx", query, {"words": words, "named": named}, asked, answered, dim)
    vocabulary = {"[PAD]": 0, "[UNK]": 1, **{word: 2 + at for at, word in enumerate(WORDS)}}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.Lowercase()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    pixels = Tensor(dtype="uint8", shape=("batch", SIZE, SIZE, 3))
    ids = Tensor(dtype="int64", shape=("batch", LENGTH))
    vector = Tensor(dtype="float32", shape=("batch", dim))
    probabilities = Tensor(dtype="float32", shape=("batch", len(WORDS)))
    shown = {"attributes": probabilities} if attributes else {}
    tensors = {"features": vector, "ids": ids, "shown": probabilities, "query": vector, "expected": probabilities}
    graphs: dict[GraphName, Graph] = {
        "vision": Graph(file="vision.onnx", inputs={"pixels": pixels}, outputs={"embedding": vector, **shown}),
        "query": Graph(
            file="query.onnx",
            inputs={name: tensors[name] for name in asked},
            outputs={name: tensors[name] for name in answered},
        ),
        "text": Graph(file="text.onnx", inputs={"ids": ids}, outputs={"embedding": vector}),
    }
    files = {path.name: file_digest(path) for path in sorted(folder.iterdir()) if path.name != "bundle.json"}
    manifest = BundleManifest(
        name=name, version="1.0.0", created="2026-01-01T00:00:00Z", backbone="toy", composer="sum", dim=dim,
        images=ImagePreprocessing(height=SIZE, width=SIZE, pad_ratio=1.0, fill=255),
        text=TextSettings(length=LENGTH), graphs=graphs, files=files, attributes=tuple(WORDS) if attributes else (),
        spellings={"red": ("scarlet",), "black": ("jet black",)} if attributes else {},
    )  # fmt: skip
    write_manifest(folder, manifest)
    return folder


_TYPES = {"pixels": TensorProto.UINT8, "ids": TensorProto.INT64}


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    weights: dict[str, np.ndarray],
    inputs: list[str],
    outputs: list[str],
    dim: int,
) -> None:
    shapes: dict[str, list[str | int]] = {
        "pixels": ["batch", SIZE, SIZE, 3], "ids": ["batch", LENGTH],
        **{words: ["batch", len(WORDS)] for words in ("attributes", "shown", "expected")},
    }  # fmt: skip
    constants = {
        **weights, "half": np.float32(127.5), "flat": np.array([0, -1]),
        "axis": np.array([1]), "places": np.array([1, 2]), "bar": np.float32(4.8), "tiny": np.float32(1e-6),
        "once": np.float32(1),
    }  # fmt: skip
    used = {name for node in nodes for name in node.input}

    def declared(name: str) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(
            name, _TYPES.get(name, TensorProto.FLOAT), shapes.get(name, ["batch", dim])
        )

    graph = helper.make_graph(
        nodes,
        path.stem,
        [declared(name) for name in inputs],
        [declared(name) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items() if key in used],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)


def _vision_nodes() -> list[onnx.NodeProto]:
    return [
        helper.make_node("Constant", [], ["one"], value_float=1.0),
        helper.make_node("Cast", ["pixels"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["float", "half"], ["scaled"]),
        helper.make_node("Sub", ["scaled", "one"], ["centred"]),
        helper.make_node("Transpose", ["centred"], ["channels"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["channels"], ["grid"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Transpose", ["grid"], ["cells"], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["cells", "flat"], ["flattened"]),
        helper.make_node("MatMul", ["flattened", "mixing"], ["mixed"]),
        *_unit("mixed", "embedding"),
    ]


def _attribute_nodes() -> list[onnx.NodeProto]:
    """A colour is shown where the picture's mean lies far enough its way."""
    return [
        helper.make_node("ReduceMean", ["cells", "places"], ["mean"], keepdims=0),
        helper.make_node("MatMul", ["mean", "telling"], ["likeness"]),
        helper.make_node("Sub", ["likeness", "bar"], ["odds"]),
        helper.make_node("Sigmoid", ["odds"], ["attributes"]),
    ]


def _text_nodes(output: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("Gather", ["words", "ids"], ["found"], axis=0),
        helper.make_node("ReduceSum", ["found", "axis"], ["summed"], keepdims=0),
        *_unit("summed", output),
    ]


def _query_nodes() -> list[onnx.NodeProto]:
    return [*_text_nodes("wish"), helper.make_node("Add", ["features", "wish"], ["sum"]), *_unit("sum", "query")]


def _expecting_nodes() -> list[onnx.NodeProto]:
    return [
        helper.make_node("Gather", ["named", "ids"], ["each"], axis=0),
        helper.make_node("ReduceMax", ["each", "axis"], ["wanted"], keepdims=0),
        helper.make_node("ReduceMax", ["wanted", "axis"], ["any"], keepdims=1),
        helper.make_node("Sub", ["once", "any"], ["none"]),
        helper.make_node("Mul", ["shown", "none"], ["stays"]),
        helper.make_node("Add", ["stays", "wanted"], ["expected"]),
    ]


def _unit(source: str, output: str) -> list[onnx.NodeProto]:
    norm, safe = f"{output}_norm", f"{output}_safe"
    return [
        helper.make_node("ReduceL2", [source, "axis"], [norm], keepdims=1),
        helper.make_node("Max", [norm, "tiny"], [safe]),
        helper.make_node("Div", [source, safe], [output]),
    ]
