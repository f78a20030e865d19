"""``bundle.json``: what a bundle is, what its graphs take and give, and the checksum of every file in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.bundle.images import ImagePreprocessing
from models.bundle.text import TextSettings
from models.errors import ModisteError

MANIFEST_NAME = "bundle.json"
TOKENIZER_NAME = "tokenizer.json"
FORMAT = 1

GraphName = Literal["vision", "query", "text"]
Precision = Literal["fp32", "fp16", "int8"]


class BundleError(ModisteError):
    """A folder is not a bundle, or not an intact one."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tensor(_Frozen):
    """One input or output of a graph; ``shape`` spells free axes by name, such as ``"batch"``."""

    dtype: str
    shape: tuple[int | str, ...]


class Graph(_Frozen):
    """One ONNX file. ``precision`` tells what the weights are computed with; inputs and outputs are the same in all."""

    file: str
    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]
    precision: Precision = "fp32"


class Metric(_Frozen):
    """One measured figure, never without the protocol that it was measured by."""

    protocol: str
    edit: str
    method: str
    gallery: int
    queries: int
    values: dict[str, float]


class Trial(_Frozen):
    """How a variant did beside fp32 before it was let in; ``models.export.trial`` says how it is measured."""

    device: str
    """What it was timed on: ``cpu`` or ``cuda``."""
    queries: int
    recall: dict[str, float]
    """Recall@10 in per cent of the bundle in fp32, for each way of asking: the mean over the held-out protocols."""
    loss: dict[str, float]
    """Points of Recall@10 lost, the most of all pairings of a query and a gallery; negative where it gained."""
    speedup: dict[GraphName, float]
    """Time in fp32 over time of the variant; empty where the device that it is for was not at hand."""


class Variant(_Frozen):
    """Graphs of another precision, which answer for those of ``BundleManifest.graphs`` of the same names."""

    graphs: dict[GraphName, Graph] = Field(min_length=1)
    trial: Trial


class File(_Frozen):
    """A file of the bundle: lower-case hexadecimal sha256 and size in bytes."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class BundleManifest(_Frozen):
    """The manifest of a bundle (DESIGN: contracts, bundle). One that contradicts itself is not valid."""

    format: Literal[1] = 1
    name: str
    version: str
    created: str
    backbone: str
    composer: str
    dim: int = Field(gt=0)
    reference: Literal["embedding", "local"] = "embedding"
    """What ``query`` takes of a reference: its unit embedding (which an index holds, too), or local features."""
    images: ImagePreprocessing
    text: TextSettings
    graphs: dict[GraphName, Graph]
    variants: dict[Precision, Variant] = {}
    """The same in other precisions, for the devices that are faster with them."""
    attributes: tuple[str, ...] = ()
    """Words whose probabilities ``vision`` gives, in the order of its output; empty where it gives none."""
    spellings: dict[str, tuple[str, ...]] = {}
    """Other ways to write some of these words, as a shopper may."""
    trained_on: tuple[str, ...] = ()
    metrics: tuple[Metric, ...] = ()
    licence: str = "Apache-2.0"
    files: dict[str, File]

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        for contradiction in self._contradictions():
            raise ValueError(contradiction)
        return self

    def _contradictions(self) -> Iterator[str]:
        for name in self.files:
            if name in ("", ".", "..", MANIFEST_NAME) or set(name) & set("/\\\0"):
                yield f"{name!r} is not the name of a file in the bundle's own folder"
        for name in (TOKENIZER_NAME, *(graph.file for graph in self.graphs.values()), *self._variant_files()):
            if name not in self.files:
                yield f"{name} has no checksum"
        for graph in get_args(GraphName):
            if graph not in self.graphs:
                yield f"there is no graph {graph}"
                return
        for word in self.spellings.keys() - set(self.attributes):
            yield f"there are spellings of {word!r}, which is no attribute"
        pixels = Tensor(dtype="uint8", shape=("batch", self.images.height, self.images.width, 3))
        ids = Tensor(dtype="int64", shape=("batch", self.text.length))
        vectors = Tensor(dtype="float32", shape=("batch", self.dim))
        seen = self.graphs["vision"].outputs
        features = seen.get("features", vectors)
        extra = {"features": features} if "features" in seen else {}
        if self.attributes:
            extra["attributes"] = Tensor(dtype="float32", shape=("batch", len(self.attributes)))
        asked, answered = {"features": features, "ids": ids}, {"query": vectors}
        if self.expects:
            words = Tensor(dtype="float32", shape=("batch", len(self.attributes)))
            asked, answered = asked | {"shown": words}, answered | {"expected": words}
        expected: dict[GraphName, tuple[dict[str, Tensor], dict[str, Tensor]]] = {
            "vision": ({"pixels": pixels}, {"embedding": vectors, **extra}),
            "query": (asked, answered),
            "text": ({"ids": ids}, {"embedding": vectors}),
        }
        for name, (inputs, outputs) in expected.items():
            if self.graphs[name].inputs != inputs:
                yield f"the graph {name} should take {_signature(inputs)}"
            if self.graphs[name].outputs != outputs:
                yield f"the graph {name} should give {_signature(outputs)}"

        for precision, variant in self.variants.items():
            for name, graph in variant.graphs.items():
                if precision == "fp32" or graph.precision != precision:
                    yield f"the graph {name} of the variant {precision} says that it is {graph.precision}"
                expects = self.graphs[name]
                if (graph.inputs, graph.outputs) != (expects.inputs, expects.outputs):
                    yield f"the graph {name} of the variant {precision} takes or gives other things than {name}"

    def _variant_files(self) -> list[str]:
        return [graph.file for variant in self.variants.values() for graph in variant.graphs.values()]

    @property
    def expects(self) -> bool:
        """Whether ``query`` tells which words the answer will have, and must be told what the reference shows."""
        return "expected" in self.graphs["query"].outputs

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that change whenever a vector could: graphs, weights, tokenizer, preprocessing.

        Prose (the model card) and metrics leave it alone, so that correcting a sentence re-indexes nothing. So do
        variants: a variant is let in only if a gallery and queries of either precision find each other, so one
        generation serves all of them, whichever machine built it.
        """
        left_out = set(self._variant_files()) - {graph.file for graph in self.graphs.values()}
        moving = {
            "dim": self.dim,
            "images": self.images.model_dump(mode="json"),
            "text": self.text.model_dump(mode="json"),
            "files": {
                name: file.sha256
                for name, file in self.files.items()
                if not name.endswith(".md") and name not in left_out
            },
        }
        return hashlib.sha256(json.dumps(moving, sort_keys=True).encode()).hexdigest()[:16]


def _signature(tensors: dict[str, Tensor]) -> str:
    return ", ".join(
        f"{name} {tensor.dtype} [{', '.join(str(axis) for axis in tensor.shape)}]" for name, tensor in tensors.items()
    )


def file_digest(path: Path) -> File:
    """Checksum and size of the file at ``path``."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return File(sha256=digest, size=path.stat().st_size)


def read_manifest(folder: Path) -> BundleManifest:
    """Read ``bundle.json`` without looking at the other files.

    Raises:
        BundleError: ``folder`` holds no bundle, or one of a format that this version does not read.
    """
    path = folder / MANIFEST_NAME
    if not path.is_file():
        raise BundleError(
            f"{folder} is not a bundle: it has no {MANIFEST_NAME}.",
            hint="Give the folder that `modiste models export` wrote.",
        )
    try:
        content = path.read_bytes()
        raw = json.loads(content)
    except OSError as error:
        raise BundleError(f"{path} cannot be read ({error.strerror}).", hint="Mend its permissions.") from error
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path} is not JSON ({error}).", hint="Export the bundle again.") from error
    found = raw.get("format") if isinstance(raw, dict) else None
    if found != FORMAT:
        raise BundleError(
            f"{path} has bundle format {found!r}; this version reads format {FORMAT}.",
            hint="Export the bundle again with this version of Modiste.",
        )
    try:
        return BundleManifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = f"{where}: {first['msg']}" if where else first["msg"].removeprefix("Value error, ")
        raise BundleError(f"{path} is not a valid manifest: {what}.", hint="Export the bundle again.") from error


def verify_files(folder: Path, manifest: BundleManifest) -> None:
    """Compare every file of the bundle with its checksum.

    Raises:
        BundleError: A file is missing, unreadable or differs; loading it would be a guess.
    """
    for name, expected in manifest.files.items():
        path = folder / name
        try:
            found = file_digest(path)
        except FileNotFoundError as error:
            raise BundleError(f"The bundle at {folder} lacks {name}.", hint="Copy the whole folder again.") from error
        except OSError as error:
            raise BundleError(f"{path} cannot be read ({error.strerror}).", hint="Mend its permissions.") from error
        if found != expected:
            raise BundleError(
                f"{path} differs from its checksum in {MANIFEST_NAME}.",
                hint="The file was changed or damaged: copy the bundle again, or export it again.",
            )


def write_manifest(folder: Path, manifest: BundleManifest) -> None:
    """Write ``bundle.json``, last, so that a folder without one is never taken for a bundle."""
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
