"""Writes a bundle: three ONNX graphs with one file of weights, checked against torch."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnx
import torch
from tokenizers import Tokenizer as TokenizerFile
from torch import Tensor, nn

from catalog.errors import ModisteError
from models.bundle.checksums import file_digest
from models.bundle.encoder import Bundle, Vectors
from models.bundle.images import decode_image
from models.bundle.manifest import (
    MANIFEST_NAME,
    MODEL_CARD,
    TOKENIZER_NAME,
    BundleManifest,
    Graph,
    GraphName,
    Metric,
    write_manifest,
)
from models.bundle.manifest import Tensor as TensorSpec
from models.bundle.weights import WEIGHTS_NAME, SharedWeights
from models.datasets.attributes.words import spellings_of
from models.export.new_folder import new_folder
from models.export.padding import MIN_LENGTH, trim_padding
from models.training.model import RetrievalModel

MIN_COSINE = 0.9999
"""Minimum cosine between a vector from ONNX Runtime and the same vector from torch."""
MAX_DIFFERENCE = 0.02
"""Maximum difference between their probabilities of a word."""


class _Vision(nn.Module):
    def __init__(self, model: RetrievalModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        embedding, local = self.model.see(pixels)
        seen = (embedding,) if local is None else (embedding, local)
        return seen if self.model.attributes is None else (*seen, self.model.attributes(embedding))


class _Query(_Vision):
    def forward(self, features: Tensor, ids: Tensor) -> Tensor:  # type: ignore[override]
        return self.model.compose(features, ids)


class _Expecting(_Vision):
    def forward(self, features: Tensor, ids: Tensor, shown: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        return self.model.expect(features, ids, shown)


class _Text(_Vision):
    def forward(self, ids: Tensor) -> Tensor:  # type: ignore[override]
        return self.model.embed_ids(ids)


def export_bundle(
    model: RetrievalModel,
    folder: Path,
    *,
    name: str,
    version: str,
    tokenizer: Path,
    pictures: Sequence[bytes],
    texts: Sequence[str],
    trained_on: Sequence[str] = (),
    metrics: Sequence[Metric] = (),
    card: str = "",
    licence: str = "Apache-2.0",
) -> BundleManifest:
    """Write a bundle; nothing is left if it fails.

    Weights are stored once for all graphs (two of them contain the text tower), in float16 or, if they were rounded
    (``backbone.weights``), in int8. Graphs compute in float32. The parity check bounds the difference.

    Args:
        model: In ``eval`` mode, on the CPU.
        folder: Must not exist yet, because bundles are immutable.
        name, version: Name and version of the bundle.
        tokenizer: ``tokenizer.json`` of the run.
        pictures: Encoded picture files for the parity check; 16 or more are recommended.
        texts: Modifications for the parity check.
        trained_on, metrics, card, licence: For the manifest and the model card.

    Raises:
        ModisteError: ``folder`` exists, or ONNX Runtime and torch disagree (see ``check_parity``).
    """
    with new_folder(folder) as building:
        graphs = _write_graphs(model, building)
        TokenizerFile.from_file(str(tokenizer)).save(str(building / TOKENIZER_NAME), pretty=False)
        if card:
            (building / MODEL_CARD).write_text(card, encoding="utf-8")
        manifest = BundleManifest(
            name=name, version=version, created=datetime.now(UTC).isoformat(timespec="seconds"),
            backbone=model.backbone.name, composer=model.composer_name, dim=model.backbone.dim,
            reference=model.composer.reference, images=model.images, text=model.text_settings, graphs=graphs,
            attributes=model.words, spellings=spellings_of(model.words),
            licence=licence, trained_on=tuple(trained_on), metrics=tuple(metrics),
            files={path.name: file_digest(path) for path in sorted(building.iterdir()) if path.name != MANIFEST_NAME},
        )  # fmt: skip
        write_manifest(building, manifest)
        check_parity(model, Bundle(building, device="cpu"), pictures, texts)
    return manifest


def check_parity(model: RetrievalModel, bundle: Bundle, pictures: Sequence[bytes], texts: Sequence[str]) -> float:
    """Compare torch and ONNX Runtime on files of pictures and texts.

    Returns:
        The lowest cosine over all vectors of the three graphs, including local features.

    Raises:
        ModisteError: The cosine is below 0.9999, or the probability of a word differs by more than 0.02.
    """
    images = bundle.manifest.images
    size = (images.width, images.height)
    ours = np.stack([model.images.pixels(decode_image(data)) for data in pictures])
    theirs = np.stack([images.pixels(decode_image(data, about=size)) for data in pictures])
    ids, _ = model.tokenizer.encode(texts)
    shipped_ids, _ = bundle.tokenizer.encode(texts)
    seen, shipped = model.vision(ours), bundle.vision(theirs)
    paired = [at % len(pictures) for at in range(len(texts))]
    pairs = {
        "vision": (seen.embedding, shipped.embedding),
        "features": (seen.features, shipped.features),
        "text": (model.text(ids), bundle.text(shipped_ids)),
        "query": (model.query(seen.features[paired], ids), bundle.query(shipped.features[paired], shipped_ids)),
    }
    lowest = {graph: least_cosine(left, right) for graph, (left, right) in pairs.items()}
    worst = min(lowest, key=lambda graph: lowest[graph])
    if not lowest[worst] >= MIN_COSINE:
        raise ModisteError(
            f"The exported {worst} differs from the trained model: cosine {lowest[worst]:.6f}.",
            hint=f"A bundle needs at least {MIN_COSINE}; report this together with the versions of torch and onnx.",
        )
    _check_words(model, seen.attributes, bundle, shipped.attributes)
    if model.expectation is not None:
        assert seen.attributes is not None
        shown = seen.attributes[paired]
        ours_expected = model.expected(seen.features[paired], ids, shown).expected
        theirs_expected = bundle.expected(shipped.features[paired], shipped_ids, shown).expected
        _check_words(model, ours_expected, bundle, theirs_expected)
    return lowest[worst]


def _check_words(model: RetrievalModel, ours: Vectors | None, bundle: Bundle, theirs: Vectors | None) -> None:
    if bundle.manifest.attributes != model.words or (ours is None) != (theirs is None):
        raise ModisteError("The bundle has other attribute words than the model.", hint="Export it again.")
    if ours is None or theirs is None:
        return
    apart = np.abs(ours - theirs).max(axis=0)
    if not apart.max() <= MAX_DIFFERENCE:
        raise ModisteError(
            f"The exported attribute probabilities differ from the trained model's: {model.words[apart.argmax()]!r} by "
            f"{apart.max():.3f}.",
            hint=f"At most {MAX_DIFFERENCE} is allowed; report this together with the versions of torch and onnx.",
        )


def least_cosine(left: Vectors, right: Vectors) -> float:
    """The lowest cosine of pairs of vectors. Pairs without a cosine count as 1 if they are equal, otherwise as 0."""
    lengths = np.linalg.norm(left, axis=-1) * np.linalg.norm(right, axis=-1)
    cosines = (left == right).all(axis=-1).astype(np.float64)
    np.divide((left * right).sum(axis=-1), lengths, out=cosines, where=lengths > 0)
    return float(cosines.min())


def _write_graphs(model: RetrievalModel, folder: Path) -> dict[GraphName, Graph]:
    images, length = model.images, model.text_settings.length
    pixels = torch.randint(0, 255, (2, images.height, images.width, 3), dtype=torch.uint8)
    ids = model.ids(["a red dress", "the same but in blue"])
    features = torch.from_numpy(model.vision(pixels.numpy()).features)
    vector = ("batch", model.backbone.dim)
    pixel_spec = TensorSpec(dtype="uint8", shape=("batch", images.height, images.width, 3))
    id_spec = TensorSpec(dtype="int64", shape=("batch", length))
    feature_spec = TensorSpec(dtype="float32", shape=("batch", *features.shape[1:]))
    vector_spec = TensorSpec(dtype="float32", shape=vector)
    seen = {"embedding": vector_spec}
    if model.composer.reference == "local":
        seen["features"] = feature_spec
    if model.words:
        seen["attributes"] = TensorSpec(dtype="float32", shape=("batch", len(model.words)))
    plans: dict[GraphName, tuple[nn.Module, dict[str, Tensor], dict[str, TensorSpec], dict[str, TensorSpec]]] = {
        "vision": (_Vision(model), {"pixels": pixels}, {"pixels": pixel_spec}, seen),
        "query": (
            _Query(model), {"features": features, "ids": ids},
            {"features": feature_spec, "ids": id_spec}, {"query": vector_spec},
        ),
        "text": (_Text(model), {"ids": ids}, {"ids": id_spec}, {"embedding": vector_spec}),
    }  # fmt: skip
    if model.expectation is not None:
        _, example, inputs, outputs = plans["query"]
        word_spec = TensorSpec(dtype="float32", shape=("batch", len(model.words)))
        plans["query"] = (
            _Expecting(model), example | {"shown": torch.rand(2, len(model.words))},
            inputs | {"shown": word_spec}, outputs | {"expected": word_spec},
        )  # fmt: skip
    graphs: dict[GraphName, Graph] = {}
    with (folder / WEIGHTS_NAME).open("wb") as stream:
        weights = SharedWeights(stream)
        for name, (module, example, inputs, outputs) in plans.items():
            # A causal tower has a mask of fixed size. Other towers mask padding, which is cut off here.
            trimmed = "ids" in example and model.backbone.clip.text.attn_mask is None
            proto = _exported(module.eval(), example, list(outputs), length if trimmed else None)
            if trimmed:
                trim_padding(proto.graph, "ids", length, model.text_settings.pad_id)
            weights.move_out(proto.graph)
            (folder / f"{name}.onnx").write_bytes(proto.SerializeToString())
            graphs[name] = Graph(file=f"{name}.onnx", inputs=inputs, outputs=outputs)
    for graph in graphs.values():
        onnx.checker.check_model(str(folder / graph.file))
    return graphs


def _exported(
    module: nn.Module, example: dict[str, Tensor], outputs: list[str], longest: int | None
) -> onnx.ModelProto:
    """Export ``module``. Its ``ids`` may have any length up to ``longest``, unless that is None."""
    batch = torch.export.Dim("batch", min=1, max=4096)
    axes = {name: {0: batch} for name in example}
    if longest is not None:
        axes["ids"][1] = torch.export.Dim("length", min=MIN_LENGTH, max=longest)
    with warnings.catch_warnings():
        # The exporter warns that both inputs of a query share the batch axis.
        warnings.filterwarnings("ignore", message="# The axis name")
        program = torch.onnx.export(
            module, (), kwargs=example, dynamo=True, verbose=False, input_names=list(example),
            output_names=[f"{name}{_OUTPUT}" for name in outputs], dynamic_shapes=axes,
        )  # fmt: skip
    assert program is not None
    proto: onnx.ModelProto = program.model_proto
    _name_outputs(proto, outputs)
    return proto


_OUTPUT = ":output"


def _name_outputs(proto: onnx.ModelProto, names: Sequence[str]) -> None:
    """Name the outputs. Inner values to which the exporter gave these names are renamed."""
    renamed = {name: f"{name}:inner" for name in names} | {f"{name}{_OUTPUT}": name for name in names}
    for node in proto.graph.node:
        node.input[:] = [renamed.get(value, value) for value in node.input]
        node.output[:] = [renamed.get(value, value) for value in node.output]
    for value in [*proto.graph.output, *proto.graph.initializer]:
        value.name = renamed.get(value.name, value.name)
