"""The embedded store: FAISS. An exact scan for small catalogues and on a GPU, an inverted file otherwise."""

from __future__ import annotations

import importlib
import threading
from pathlib import Path
from typing import Any, Self

import numpy as np

from catalog.errors import MissingExtra
from indexer.stores.cells import CELLS_NAME, Cells
from indexer.stores.conditions import NO_COLUMNS, Columns
from indexer.stores.factory import FactoryIndex, described, filled
from indexer.stores.inverted import InvertedFile, write_inverted_file
from indexer.stores.store import CHUNK, Halves, Mask, Rows, Scores, Store, StoreError, Vectors
from models.bundle.encoder import Device

try:
    # The stubs of FAISS lack half of its classes and all keyword arguments.
    faiss: Any = importlib.import_module("faiss")
except ImportError as error:
    raise MissingExtra("faiss", "cpu", "Searching vectors") from error

EXACT, INVERTED, GRAPH = "exact-fp16", "ivf-fp16", "hnsw32-fp16"
"""Kinds of index: all vectors, the vectors by cell, and a graph of the vectors, all at half precision. Any other kind
is a factory string of FAISS (``indexer.stores.factory``)."""

FILE = "index.faiss"
EXACT_VALUES = 25_000_000
"""Maximum number of values (N x D) of an exact index: about 3 ms per query. docs/scale.md has the measurements."""
CELLS_READ = (32, 48, 64, 96, 128, 192, 256, 384, 512)
"""Candidate numbers of cells that a search of an inverted file reads; the first with the target recall is used."""
STEPS = (64, 128, 256, 512, 1024)
"""The same for a graph: the length of the candidate list (``efSearch``)."""
DEFAULT_EFFORT = 128
"""Cells or steps of an index without measured recall."""
LINKS = 32
EF_CONSTRUCTION = 80
SCAN_ROWS_PER_STEP = 100
"""One step along the graph costs as much as scanning this many rows in sequence."""
MAX_ON_GPU = 2048
"""Maximum number of results of FAISS on a GPU for one query."""

_own_threads = threading.local()


class FaissStore(Store):
    """Vectors at half precision: in a flat index (``EXACT``), by cell (``INVERTED``), or in a graph (``GRAPH``); or an
    index from a factory string.

    The vectors of a graph can be scanned, too. For selective filters and long lists, a scan is used if it costs less.

    Args:
        index: The FAISS index of ``kind``.
        kind: See above.
        threads: Threads that one search may use.
        vectors: float16 ``[N, D]``; an exact index and a graph need none.
        cells: The cells of the vectors, for an inverted file.
    """

    def __init__(
        self, index: Any, kind: str, *, threads: int = 1, vectors: Halves | None = None, cells: Cells | None = None
    ) -> None:
        expected = {
            EXACT: faiss.IndexScalarQuantizer,
            INVERTED: faiss.IndexIVFScalarQuantizer,
            GRAPH: faiss.IndexHNSWSQ,
        }
        if not isinstance(index, expected.get(kind, faiss.Index)) or index.metric_type != faiss.METRIC_INNER_PRODUCT:
            raise StoreError(
                f"The index is a {type(index).__name__}, which is not of the kind {kind}.", hint="Build it again."
            )
        self.kind = kind
        self.exact = kind == EXACT
        self.size = int(index.ntotal)
        self.dim = int(index.d)
        self.efforts = () if kind == EXACT else STEPS if isinstance(index, faiss.IndexHNSW) else CELLS_READ
        self.effort = DEFAULT_EFFORT if self.efforts else 0
        self._index = index
        self._searched: InvertedFile | FactoryIndex | None = None
        if kind == INVERTED:
            assert vectors is not None, "an inverted file is searched with its vectors"
            assert cells is not None, "and with their cells"
            self._searched = InvertedFile(faiss, index, cells, vectors)
        elif kind not in (EXACT, GRAPH):
            assert vectors is not None, "what an index with lossy codes finds is scored by the vectors"
            self._searched = FactoryIndex(faiss, index, vectors)
        self._scan = faiss.downcast_index(index.storage) if kind == GRAPH else index
        self._threads = threads

    @classmethod
    def check_device(cls, device: Device) -> None:
        on_gpu(device)

    @classmethod
    def check_kind(cls, kind: str, dim: int) -> None:
        if kind not in ("", EXACT, INVERTED, GRAPH):
            described(faiss, kind, dim)

    @classmethod
    def build(
        cls, vectors: Halves, folder: Path, *, device: Device = "cpu", threads: int = 1, columns: Columns = NO_COLUMNS,
        kind: str = "",
    ) -> Self:  # fmt: skip
        """See ``Store.build``. Cells are computed if there are none in the folder."""
        kind = kind or kind_for(*vectors.shape, on_gpu=on_gpu(device))
        if kind == INVERTED:
            path = folder / CELLS_NAME
            if not path.exists():
                Cells.cluster(vectors).write(path)
            cells = Cells.load(path, *vectors.shape)
            write_inverted_file(faiss, vectors, cells, folder / FILE)
            return cls(_mapped(folder / FILE), kind, threads=threads, vectors=vectors, cells=cells)
        store = cls(index_of(vectors, kind, threads), kind, threads=threads, vectors=vectors)
        store.write(folder / FILE)
        return store

    @classmethod
    def open(cls, vectors: Halves, folder: Path, *, kind: str, device: Device = "cpu", threads: int = 1) -> FaissStore:
        """See ``Store.open``. The index is mapped into memory, which all processes of a machine share."""
        index = _mapped(folder / FILE)
        cells = Cells.load(folder / CELLS_NAME, *vectors.shape) if kind == INVERTED else None
        if on_gpu(device):
            on_card = _copied_to_gpu(vectors)
            return FaissGpuStore(on_card, index, kind, threads=threads, vectors=vectors, cells=cells)
        return FaissStore(index, kind, threads=threads, vectors=vectors, cells=cells)

    def write(self, path: Path) -> None:
        """Write the index to a file."""
        try:
            faiss.write_index(self._index, str(path))
        except RuntimeError as error:
            raise OSError(f"FAISS could not write {path}: {error}") from error

    def close(self) -> None:
        self._index = self._scan = self._searched = None

    def _search(self, queries: Vectors, k: int, allowed: Mask | None, available: int) -> tuple[Scores, Rows]:
        _use_threads(self._threads)
        if self._searched is not None:
            return self._searched.search(queries, k, allowed, available, self.effort)
        # FAISS keeps a raw pointer to the bits, which must outlive the search.
        bits = None if allowed is None else np.packbits(allowed, bitorder="little")
        selector = None if bits is None else faiss.IDSelectorBitmap(bits)
        steps = max(self.effort, 2 * k) * self.size // available
        if self.kind == GRAPH and steps * SCAN_ROWS_PER_STEP < available:
            parameters = faiss.SearchParametersHNSW(sel=selector, efSearch=steps)
            scores, rows = self._index.search(queries, k, params=parameters)
            short = rows[:, -1] < 0
            if short.any():
                scores[short], rows[short] = self._scanned(queries[short], k, selector)
            return scores, rows
        return self._scanned(queries, k, selector)

    def _scanned(self, queries: Vectors, k: int, selector: Any) -> tuple[Scores, Rows]:
        scores, rows = self._scan.search(queries, k, params=faiss.SearchParameters(sel=selector))
        return scores, rows


class FaissGpuStore(FaissStore):
    """The same, with a copy of the vectors on a GPU.

    FAISS silently ignores ``IDSelector`` on a GPU. A filtered search therefore finds more rows than needed and drops
    those that are not allowed. If that does not fill every list, or lists are longer than ``MAX_ON_GPU``, the index on
    the CPU is used.

    Args:
        on_gpu: A FAISS index of all rows on the GPU.
        index: The index on the CPU, of ``kind``.
        kind: As in ``FaissStore``.
        options: As in ``FaissStore``.
    """

    def __init__(self, on_gpu: Any, index: Any, kind: str, **options: Any) -> None:
        super().__init__(index, kind, **options)
        self._on_gpu = on_gpu
        # GPU resources of FAISS serve one thread at a time, even for reading.
        self._turn = threading.Lock()

    def close(self) -> None:
        with self._turn:
            self._on_gpu = None
        super().close()

    def _search(self, queries: Vectors, k: int, allowed: Mask | None, available: int) -> tuple[Scores, Rows]:
        wanted = k if allowed is None else min(self.size, 2 * k * self.size // available + 16)
        if wanted <= MAX_ON_GPU:
            with self._turn:
                scores, rows = self._on_gpu.search(queries, wanted)
            if allowed is None:
                return scores, rows
            fits = allowed[rows]
            if (fits.sum(axis=1) >= k).all():
                # A stable sort moves the allowed rows to the front and keeps their order.
                first = np.argsort(~fits, axis=1, kind="stable")[:, :k]
                return np.take_along_axis(scores, first, axis=1), np.take_along_axis(rows, first, axis=1)
        return super()._search(queries, k, allowed, available)


def kind_for(size: int, dim: int, *, on_gpu: bool = False) -> str:
    """The kind of index for N vectors of D. A GPU scans many millions in milliseconds."""
    return EXACT if on_gpu or size * dim <= EXACT_VALUES else INVERTED


def on_gpu(device: Device) -> bool:
    """Whether to search on a GPU: always with ``cuda``, with ``auto`` if this FAISS finds one.

    Raises:
        StoreError: ``cuda`` was requested and FAISS finds no GPU.
    """
    gpus = faiss.get_num_gpus() if hasattr(faiss, "StandardGpuResources") else 0
    if device == "cuda" and not gpus:
        raise StoreError(
            "A GPU was requested, but FAISS finds none.",
            hint="Install 'modiste[gpu]' in place of 'modiste[cpu]' on a machine with a GPU, or use the device 'cpu'.",
        )
    return device != "cpu" and gpus > 0


def _mapped(path: Path) -> Any:
    try:
        return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError as error:
        raise StoreError(f"{path} could not be loaded as an index.", hint="Build the index again.") from error


def index_of(vectors: Halves, kind: str, threads: int = 1) -> Any:
    """A FAISS index over float16 vectors ``[N, D]``, in memory; of any kind but an inverted file."""
    _use_threads(threads)
    if kind not in (EXACT, GRAPH):
        return filled(faiss, kind, vectors)
    dim = vectors.shape[1]
    half, inner = faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    if kind == GRAPH:
        index = faiss.IndexHNSWSQ(dim, half, LINKS, inner)
        index.hnsw.efConstruction = EF_CONSTRUCTION
    else:
        index = faiss.IndexScalarQuantizer(dim, half, inner)
    # Half precision needs no training, but FAISS refuses vectors before it.
    index.train(np.zeros((1, dim), dtype=np.float32))
    for start in range(0, len(vectors), CHUNK):
        index.add(np.ascontiguousarray(vectors[start : start + CHUNK], dtype=np.float32))
    return index


def _copied_to_gpu(vectors: Halves) -> Any:
    config = faiss.GpuIndexFlatConfig()
    config.useFloat16 = True
    index = faiss.GpuIndexFlatIP(faiss.StandardGpuResources(), vectors.shape[1], config)
    for start in range(0, len(vectors), CHUNK):
        index.add(np.ascontiguousarray(vectors[start : start + CHUNK], dtype=np.float32))
    return index


def _use_threads(count: int) -> None:
    # OpenMP keeps this number for each calling thread, so setting it once at start would leave workers with all cores.
    if getattr(_own_threads, "count", None) != count:
        faiss.omp_set_num_threads(count)
        _own_threads.count = count
