"""A loaded bundle: runs its graphs in ONNX Runtime on pictures, texts and both."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from catalog.errors import MissingExtra, ModisteError
from models.bundle.images import Pixels
from models.bundle.manifest import (
    MANIFEST_NAME,
    TOKENIZER_NAME,
    BundleError,
    BundleManifest,
    Graph,
    GraphName,
    Precision,
    Tensor,
    read_manifest,
    verify_files,
)
from models.bundle.text import TokenIds, Tokenizer
from models.bundle.vocabulary import Vocabulary

if TYPE_CHECKING:
    import onnxruntime

logger = logging.getLogger(__name__)

Vectors = npt.NDArray[np.float32]
Device = Literal["auto", "cpu", "cuda"]

_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_USUALLY_FASTEST: dict[str, Precision] = {_CPU: "int8", _CUDA: "fp16"}
# The default tries every cuDNN algorithm for each new batch size, which takes seconds while requests wait.
_PROVIDER_OPTIONS = {_CUDA: {"cudnn_conv_algo_search": "HEURISTIC"}, _CPU: {}}
_ONNX_TYPES = {"uint8": "tensor(uint8)", "int64": "tensor(int64)", "float32": "tensor(float)"}


class GraphFailed(ModisteError):
    """ONNX Runtime failed to run a graph; ``__cause__`` is its error."""


class VisionOutput(NamedTuple):
    """The output of the vision graph for B pictures."""

    embedding: Vectors
    """float32 ``[B, D]``, unit length; this is what an index stores."""
    features: Vectors
    """float32, the input of ``query`` for a reference: the embedding ``[B, D]``, or local features ``[B, N, C]``."""
    attributes: Vectors | None
    """float32 ``[B, A]``, probabilities of the bundle's attribute words; None if it has none."""


class QueryOutput(NamedTuple):
    """The output of the query graph for B queries."""

    query: Vectors
    """float32 ``[B, D]``, unit length."""
    expected: Vectors | None
    """float32 ``[B, A]``, probabilities of the words of the answer; None if the bundle does not predict them."""


class Bundle:
    """A verified and loaded bundle. Its methods may be called from several threads at once.

    They take any number of rows, including 0. Arrays whose shape or dtype differs from the manifest raise
    ``ModisteError``; a failure of ONNX Runtime (out of memory, an unknown token id) raises ``GraphFailed``.

    Args:
        folder: The folder that contains ``bundle.json``.
        device: ``"auto"`` uses CUDA if ONNX Runtime supports it, otherwise the CPU.
        threads: Threads for one run of a graph; 0 lets ONNX Runtime use every physical core.
        precision: One for all graphs, or one for each by its name (``plan.py`` measures the fastest). ``"auto"`` uses
            the variant that is usually fastest on the device (int8 on the CPU, fp16 on CUDA). A graph without the
            variant runs in fp32.

    Raises:
        BundleError: The folder is not an intact bundle, or ``device`` or ``precision`` is not available.
        MissingExtra: ONNX Runtime is not installed.
    """

    def __init__(
        self,
        folder: Path,
        *,
        device: Device = "auto",
        threads: int = 0,
        precision: Precision | Literal["auto"] | Mapping[GraphName, Precision] = "auto",
    ) -> None:
        self.folder = Path(folder)
        self.manifest: BundleManifest = read_manifest(self.folder)
        verify_files(self.folder, self.manifest)
        self.tokenizer = Tokenizer(self.folder / TOKENIZER_NAME, self.manifest.text)
        self.vocabulary = Vocabulary(self.manifest.attributes, self.manifest.spellings)
        self._threads = threads
        self.providers = _providers(device)
        if self.providers[0] == _CUDA:
            self._try_cuda(device)
        self.graphs = self._graphs_in(precision)
        """The graphs in use, each with its precision."""
        self._sessions = {name: self._open(graph) for name, graph in self.graphs.items()}

    def _graphs_in(
        self, precision: Precision | Literal["auto"] | Mapping[GraphName, Precision]
    ) -> dict[GraphName, Graph]:
        """The graphs in ``precision``; in fp32 if a graph does not exist in it."""
        if isinstance(precision, Mapping):
            return {name: self._graphs_in(precision.get(name, "fp32"))[name] for name in self.manifest.graphs}
        there = self.manifest.variants
        if precision == "auto":
            precision = _USUALLY_FASTEST[self.providers[0]]
        elif precision != "fp32" and precision not in there:
            raise BundleError(
                f"The bundle {self.name} has no variant in {precision}.",
                hint=f"It has {', '.join(['fp32', *there])}; `modiste models quantise` adds others.",
            )
        if precision == "fp16" and self.providers[0] == _CPU:  # It would be slower, and ONNX Runtime 1.31 can crash.
            raise BundleError("The precision fp16 needs CUDA.", hint="Use the device 'cuda', or int8 on the CPU.")
        return {**self.manifest.graphs, **(there[precision].graphs if precision in there else {})}

    def _try_cuda(self, device: Device) -> None:
        """Check that CUDA starts by loading a graph, because ONNX Runtime reports a failure only then. The graph is in
        fp32: one in fp16 would crash ONNX Runtime when it falls back to the CPU."""
        self._open(self.manifest.graphs["text"])
        if self.providers[0] == _CUDA:
            return
        if device == "cuda":
            raise BundleError(
                "ONNX Runtime could not start CUDA, which was requested.",
                hint="Check that a GPU and the CUDA and cuDNN libraries are installed, or use the device 'cpu'.",
            )
        logger.warning("CUDA is installed but could not be started; %s runs on the CPU.", self.name)

    @property
    def name(self) -> str:
        """Name and version, such as ``modiste-base 1.0.0``."""
        return f"{self.manifest.name} {self.manifest.version}"

    @property
    def fingerprint(self) -> str:
        """See ``BundleManifest.fingerprint``."""
        return self.manifest.fingerprint

    @property
    def dim(self) -> int:
        """Number of dimensions of the embeddings."""
        return self.manifest.dim

    @property
    def words(self) -> tuple[str, ...]:
        """The attribute words, in the order of their probabilities."""
        return self.manifest.attributes

    @property
    def expects(self) -> bool:
        """Whether the bundle predicts the words of an answer."""
        return self.manifest.expects

    def vision(self, pixels: Pixels) -> VisionOutput:
        """Encode pictures: uint8 ``[B, H, W, 3]`` as returned by ``manifest.images.pixels``."""
        outputs = self._run("vision", pixels=pixels)
        return VisionOutput(
            outputs["embedding"], outputs.get("features", outputs["embedding"]), outputs.get("attributes")
        )

    def query(self, features: Vectors, ids: TokenIds) -> Vectors:
        """Compose: features of B references and ids ``[B, length]`` of modifications -> unit float32 ``[B, D]``."""
        unknown = {"shown": np.zeros((len(ids), len(self.vocabulary)), np.float32)} if self.manifest.expects else {}
        return self._run("query", features=features, ids=ids, **unknown)["query"]

    def expected(self, features: Vectors, ids: TokenIds, shown: Vectors | None) -> QueryOutput:
        """Compose, and predict the words of the answer.

        Args:
            features, ids: As for ``query``.
            shown: float32 ``[B, A]``, probabilities of the bundle's words in each reference. With None, nothing is
                predicted.
        """
        if shown is None or not self.manifest.expects:
            return QueryOutput(self.query(features, ids), None)
        outputs = self._run("query", features=features, ids=ids, shown=shown)
        return QueryOutput(outputs["query"], outputs["expected"])

    def text(self, ids: TokenIds) -> Vectors:
        """Encode texts alone: ids ``[B, length]`` -> unit float32 ``[B, D]``."""
        return self._run("text", ids=ids)["embedding"]

    def _run(self, graph: GraphName, **inputs: npt.NDArray[np.generic]) -> dict[str, Vectors]:
        spec = self.graphs[graph]
        if _batch(graph, spec.inputs, inputs) == 0:  # Not every graph accepts an empty batch.
            return {name: _nothing(tensor) for name, tensor in spec.outputs.items()}
        names, session = list(spec.outputs), self._sessions[graph]
        try:
            return dict(zip(names, session.run(names, inputs), strict=True))
        except Exception as error:  # The exceptions of ONNX Runtime have no public base class.
            raise GraphFailed(f"The graph {graph} of {self.name} failed on this input.") from error

    def _open(self, graph: Graph) -> onnxruntime.InferenceSession:
        import onnxruntime

        path = self.folder / graph.file
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.log_severity_level = 3
        # Spinning threads occupy cores that decoding and FAISS need (docs/performance.md).
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Batch sizes vary, and a memory plan would be kept for each of them.
        options.enable_mem_pattern = False
        try:
            session = onnxruntime.InferenceSession(
                str(path), options, providers=[(provider, _PROVIDER_OPTIONS[provider]) for provider in self.providers]
            )
        except Exception as error:  # The exceptions of ONNX Runtime have no public base class.
            raise BundleError(f"{path} could not be loaded ({error}).", hint="Export the bundle again.") from error
        # If CUDA fails to start, ONNX Runtime falls back to the CPU silently.
        self.providers = [provider for provider in self.providers if provider in session.get_providers()]
        for side, expected, found in (
            ("inputs", graph.inputs, session.get_inputs()),
            ("outputs", graph.outputs, session.get_outputs()),
        ):
            declared = {value.name: (value.type, value.shape) for value in found}
            if declared.keys() != expected.keys() or not all(
                _agrees(expected[name], *declared[name]) for name in expected
            ):
                raise BundleError(
                    f"The {side} of {path} are not those in {MANIFEST_NAME}, but {declared}.",
                    hint="Export the bundle again.",
                )
        return session


def uses_gpu(device: str) -> bool:
    """Whether a bundle opened for this device runs on a GPU, provided that CUDA starts.

    Raises:
        BundleError: The device is not available.
    """
    return _providers(device)[0] == _CUDA


def _providers(device: str) -> list[str]:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtra("onnxruntime", "cpu", "Running a bundle") from error
    if device not in get_args(Device):
        raise BundleError(f"There is no device {device!r}.", hint=f"Use one of {', '.join(get_args(Device))}.")
    available = onnxruntime.get_available_providers()
    if device == "cuda" and _CUDA not in available:
        raise BundleError(
            "CUDA was requested, but this ONNX Runtime has no CUDA provider.",
            hint="Install 'modiste[gpu]' in place of 'modiste[cpu]', or use the device 'cpu'.",
        )
    return [_CUDA, _CPU] if device != "cpu" and _CUDA in available else [_CPU]


def _agrees(expected: Tensor, onnx_type: str, shape: list[int | str | None]) -> bool:
    """Whether the declaration in the graph fits the manifest. Axes of any length are names or None in the graph."""
    if onnx_type != _ONNX_TYPES.get(expected.dtype) or len(shape) != len(expected.shape):
        return False
    return all(not isinstance(axis, int) or axis == wanted for axis, wanted in zip(shape, expected.shape, strict=True))


def _batch(graph: GraphName, expected: Mapping[str, Tensor], arrays: Mapping[str, npt.NDArray[np.generic]]) -> int:
    """The number of rows of ``arrays``, after a check against the graph's inputs."""
    rows = {len(array) for array in arrays.values() if array.ndim}
    for name, tensor in expected.items():
        array = arrays[name]
        fits = array.ndim == len(tensor.shape) and all(
            isinstance(wanted, str) or axis == wanted for axis, wanted in zip(array.shape, tensor.shape, strict=True)
        )
        if not fits or array.dtype != tensor.dtype or len(rows) != 1:
            given = ", ".join(f"{key} {value.dtype} {list(value.shape)}" for key, value in arrays.items())
            wanted = ", ".join(f"{key} {value.dtype} {list(value.shape)}" for key, value in expected.items())
            raise ModisteError(f"The graph {graph} takes {wanted}, but was given {given}.", hint="Correct the arrays.")
    return rows.pop()


def _nothing(tensor: Tensor) -> Vectors:
    return np.zeros([0 if isinstance(axis, str) else axis for axis in tensor.shape], dtype=np.float32)
