"""``bundle.json``: the name of a bundle, the inputs and outputs of its graphs, and the checksum of each of its files.

Versions: ``format`` is the major version and ``revision`` the minor one. A change that an older reader must not ignore
(a field that changes vectors, another meaning, a field removed) raises ``format``; a reader refuses every ``format``
but its own. A new field that is safe to ignore raises ``revision``; a reader accepts a newer ``revision`` and ignores
the fields that it does not know. In a manifest of a known revision, an unknown field is an error.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import Field, ValidationError, model_validator

from catalog.errors import ModisteError
from catalog.frozen_model import FrozenModel
from models.bundle.checksums import File, file_digest, read_bounded
from models.bundle.images import ImagePreprocessing
from models.bundle.text import TextSettings

MANIFEST_NAME = "bundle.json"
TOKENIZER_NAME = "tokenizer.json"
MODEL_CARD = "MODEL_CARD.md"
FORMAT = 1
REVISION = 0
"""The newest revision of ``FORMAT`` whose fields this version knows. A manifest of revision 0 does not state it,
because releases before revisions refuse every unknown field."""

GraphName = Literal["vision", "query", "text"]
Precision = Literal["fp32", "fp16", "int8"]


class BundleError(ModisteError):
    """A folder is not a bundle, or the bundle in it is damaged."""


class Tensor(FrozenModel):
    """One input or output of a graph. Axes of any length appear in ``shape`` as names, such as ``"batch"``."""

    dtype: str
    shape: tuple[int | str, ...]


class Graph(FrozenModel):
    """One ONNX file. ``precision`` is that of its arithmetic; inputs and outputs are the same in every precision."""

    file: str
    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]
    precision: Precision = "fp32"


class Metric(FrozenModel):
    """The figures of one method on one kind of query, with the protocol by which they were measured."""

    protocol: str
    edit: str
    method: str
    gallery: int
    queries: int
    values: dict[str, float]


class Trial(FrozenModel):
    """A variant compared with fp32 before it was accepted (``models.export.trial``)."""

    device: str
    """Where it was timed: ``cpu`` or ``cuda``."""
    queries: int
    recall: dict[str, float]
    """Recall@10 of the bundle in fp32, in per cent, by method: the mean over the held-out protocols."""
    loss: dict[str, float]
    """Points of Recall@10 lost by method, in the worst pairing of queries and gallery; negative for a gain."""
    speedup: dict[GraphName, float]
    """Time in fp32 divided by the time of the variant; empty if it was not timed on its device."""


class Variant(FrozenModel):
    """Graphs in another precision, used in place of the graphs of the same names in ``BundleManifest.graphs``."""

    graphs: dict[GraphName, Graph] = Field(min_length=1)
    trial: Trial


class BundleManifest(FrozenModel):
    """The manifest of a bundle. Validation fails if its parts contradict each other."""

    format: Literal[1] = 1
    revision: int = Field(default=0, ge=0)
    name: str
    version: str
    created: str
    backbone: str
    composer: str
    dim: int = Field(gt=0)
    reference: Literal["embedding", "local"] = "embedding"
    """What ``query`` takes of a reference: its unit embedding, which an index stores as well, or local features."""
    images: ImagePreprocessing
    text: TextSettings
    graphs: dict[GraphName, Graph]
    variants: dict[Precision, Variant] = Field(default={})
    """Graphs in other precisions, for the devices on which they are faster."""
    attributes: tuple[str, ...] = ()
    """Words whose probabilities ``vision`` returns, in the order of its output; empty if it returns none."""
    spellings: dict[str, tuple[str, ...]] = Field(default={})
    """Other spellings of some of these words."""
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
        """What is wrong, the first of which is reported. Later checks rely on earlier ones."""
        yield from self._wrong_files()
        yield from (f"there is no graph {graph}" for graph in get_args(GraphName) if graph not in self.graphs)
        for word in self.spellings.keys() - set(self.attributes):
            yield f"there are spellings of {word!r}, which is not an attribute"
        for name, (inputs, outputs) in self._tensors().items():
            if self.graphs[name].inputs != inputs:
                yield f"the graph {name} should take {_signature(inputs)}"
            if self.graphs[name].outputs != outputs:
                yield f"the graph {name} should give {_signature(outputs)}"
        yield from self._wrong_variants()

    def _wrong_files(self) -> Iterator[str]:
        for name in self.files:
            if name in ("", ".", "..", MANIFEST_NAME) or set(name) & set("/\\\0"):
                yield f"{name!r} is not the name of a file in the bundle's own folder"
        for name in (TOKENIZER_NAME, *(graph.file for graph in self.graphs.values()), *self._variant_files()):
            if name not in self.files:
                yield f"{name} has no checksum"

    def _tensors(self) -> dict[GraphName, tuple[dict[str, Tensor], dict[str, Tensor]]]:
        """The inputs and outputs that each graph should have."""
        pixels = Tensor(dtype="uint8", shape=("batch", self.images.height, self.images.width, 3))
        ids = Tensor(dtype="int64", shape=("batch", self.text.length))
        vectors = Tensor(dtype="float32", shape=("batch", self.dim))
        words = Tensor(dtype="float32", shape=("batch", len(self.attributes)))
        seen = self.graphs["vision"].outputs
        features = seen.get("features", vectors)
        vision = {"embedding": vectors}
        vision |= {"features": features} if "features" in seen else {}
        vision |= {"attributes": words} if self.attributes else {}
        asked, answered = {"features": features, "ids": ids}, {"query": vectors}
        if self.expects:
            asked, answered = asked | {"shown": words}, answered | {"expected": words}
        return {
            "vision": ({"pixels": pixels}, vision),
            "query": (asked, answered),
            "text": ({"ids": ids}, {"embedding": vectors}),
        }

    def _wrong_variants(self) -> Iterator[str]:
        for precision, variant in self.variants.items():
            for name, graph in variant.graphs.items():
                if precision == "fp32" or graph.precision != precision:
                    yield f"the graph {name} of the variant {precision} has the precision {graph.precision}"
                expects = self.graphs[name]
                if (graph.inputs, graph.outputs) != (expects.inputs, expects.outputs):
                    yield f"the graph {name} of the variant {precision} has other inputs or outputs than {name}"

    def _variant_files(self) -> list[str]:
        return [graph.file for variant in self.variants.values() for graph in variant.graphs.values()]

    @property
    def expects(self) -> bool:
        """Whether ``query`` also takes the words that the reference shows and returns those expected of the answer."""
        return "expected" in self.graphs["query"].outputs

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that change with everything that may change a vector: graphs, weights, tokenizer
        and preprocessing.

        The model card and the metrics are not part of it, so that a corrected sentence does not require a new index.
        Neither are variants: a variant is accepted only if queries in one precision find products encoded in the other,
        so one generation serves all precisions.
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


def read_manifest(folder: Path) -> BundleManifest:
    """Read ``bundle.json`` without looking at the other files.

    Raises:
        BundleError: ``folder`` has no manifest, the manifest is invalid, or its format is not supported (see the rule
            at the top of this module).
    """
    path = folder / MANIFEST_NAME
    if not path.is_file():
        raise BundleError(
            f"{folder} is not a bundle: it has no {MANIFEST_NAME}.",
            hint="Give a folder written by `modiste models export`.",
        )
    try:
        content = read_bounded(path)
        raw = json.loads(content)
    except OSError as error:
        raise BundleError(f"{path} cannot be read ({error.strerror}).", hint="Check its permissions.") from error
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path} is not JSON ({error}).", hint="Export the bundle again.") from error
    found = raw.get("format") if isinstance(raw, dict) else None
    if found != FORMAT:
        raise BundleError(
            f"{path} has bundle format {found!r}; this version reads format {FORMAT}.",
            hint="Upgrade Modiste, or export the bundle again with this version.",
        )
    try:
        return BundleManifest.model_validate_json(content, extra=unknown_fields(raw, REVISION))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = f"{where}: {first['msg']}" if where else first["msg"].removeprefix("Value error, ")
        raise BundleError(f"{path} is not a valid manifest: {what}.", hint="Export the bundle again.") from error


def unknown_fields(raw: dict[str, Any], known_revision: int) -> Literal["ignore", "forbid"]:
    """How to treat unknown fields of a manifest whose format is supported: ``ignore`` those of a newer revision."""
    revision = raw.get("revision", 0)
    return "ignore" if isinstance(revision, int) and revision > known_revision else "forbid"


def verify_files(folder: Path, manifest: BundleManifest) -> None:
    """Compare every file of the bundle with its checksum.

    Raises:
        BundleError: A file is missing, cannot be read or differs.
    """
    for name, expected in manifest.files.items():
        path = folder / name
        try:
            found = file_digest(path)
        except FileNotFoundError as error:
            raise BundleError(f"The bundle at {folder} lacks {name}.", hint="Copy the whole folder again.") from error
        except OSError as error:
            raise BundleError(f"{path} cannot be read ({error.strerror}).", hint="Check its permissions.") from error
        if found != expected:
            raise BundleError(
                f"{path} differs from its checksum in {MANIFEST_NAME}.",
                hint="The file was changed or damaged. Copy or export the bundle again.",
            )


def write_manifest(folder: Path, manifest: BundleManifest) -> None:
    """Write ``bundle.json``. Call it last: a folder without a manifest is not a bundle."""
    stated = manifest.model_copy(update={"revision": REVISION})
    content = stated.model_dump_json(indent=2, exclude=None if REVISION else {"revision"})
    (folder / MANIFEST_NAME).write_text(content + "\n", encoding="utf-8")
