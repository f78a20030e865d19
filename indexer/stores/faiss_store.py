"""The embedded store: FAISS. Exact as long as that is fast enough, an HNSW graph beyond, an exact scan on a GPU."""

from __future__ import annotations

import importlib
import threading
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from indexer.stores.conditions import NO_COLUMNS, Columns
from indexer.stores.store import CHUNK, Halves, Mask, Rows, Scores, Store, StoreError, Vectors
from models.bundle.encoder import Device
from models.errors import MissingExtra

try:
    # The stubs that FAISS ships lack half of its classes and all of its keyword arguments.
    faiss: Any = importlib.import_module("faiss")
except ImportError as error:
    raise MissingExtra("faiss", "cpu", "Searching vectors") from error

Kind = Literal["exact-fp16", "hnsw32-fp16"]

FILE = "index.faiss"
EXACT_VALUES = 100_000_000
"""Numbers (N x D) up to which the index is exact: about 20 ms a query (docs/performance.md)."""

LINKS = 32
EF_CONSTRUCTION = 80
EF_SEARCH = 128
SCAN_ROWS_PER_STEP = 100
"""One step along the graph costs as much as scanning this many rows in sequence."""
MAX_ON_GPU = 2048
"""Results that FAISS finds on a GPU for one query at most."""

_own_threads = threading.local()


class FaissStore(Store):
    """Vectors at half precision, scanned (``exact-fp16``) or reached through a graph over the same (``hnsw32-fp16``).

    The graph stores the vectors in rows that can be scanned, too. So a filter that leaves few rows, and a long list,
    are answered exactly from the same memory, whichever of both costs less.

    Args:
        index: The FAISS index of ``kind``.
        kind: See above.
        threads: Threads that one search may use.
    """

    def __init__(self, index: Any, kind: str, *, threads: int = 1) -> None:
        graph = kind == "hnsw32-fp16"
        expected = faiss.IndexHNSWSQ if graph else faiss.IndexScalarQuantizer
        if not isinstance(index, expected) or index.metric_type != faiss.METRIC_INNER_PRODUCT:
            raise StoreError(
                f"The index is a {type(index).__name__}, which is not of the kind {kind}.", hint="Build it again."
            )
        self.kind = kind
        self.size = int(index.ntotal)
        self.dim = int(index.d)
        self._index = index
        self._is_graph = graph
        self._scan = faiss.downcast_index(index.storage) if graph else index
        self._threads = threads

    @classmethod
    def check_device(cls, device: Device) -> None:
        on_gpu(device)

    @classmethod
    def build(
        cls, vectors: Halves, folder: Path, *, device: Device = "cpu", threads: int = 1, columns: Columns = NO_COLUMNS
    ) -> Self:
        """See ``Store.build``. A graph takes about half a core-millisecond for each vector."""
        kind = kind_for(*vectors.shape, on_gpu=on_gpu(device))
        store = cls(index_of(vectors, kind, threads), kind, threads=threads)
        store.write(folder / FILE)
        return store

    @classmethod
    def open(cls, vectors: Halves, folder: Path, *, kind: str, device: Device = "cpu", threads: int = 1) -> FaissStore:
        """See ``Store.open``. The index is mapped into memory, which all processes of a machine share."""
        path = folder / FILE
        try:
            index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise StoreError(f"{path} could not be loaded as an index.", hint="Build the index again.") from error
        if on_gpu(device):
            return FaissGpuStore(_copied_to_gpu(vectors), index, kind, threads=threads)
        return FaissStore(index, kind, threads=threads)

    def write(self, path: Path) -> None:
        """Write the index to a file."""
        try:
            faiss.write_index(self._index, str(path))
        except RuntimeError as error:
            raise OSError(f"FAISS could not write {path}: {error}") from error

    def close(self) -> None:
        self._index = self._scan = None

    def _search(self, queries: Vectors, k: int, allowed: Mask | None, available: int) -> tuple[Scores, Rows]:
        _use_threads(self._threads)
        # FAISS keeps a bare pointer to the bits: they must live as long as the search.
        bits = None if allowed is None else np.packbits(allowed, bitorder="little")
        selector = None if bits is None else faiss.IDSelectorBitmap(bits)
        steps = max(EF_SEARCH, 2 * k) * self.size // available
        if self._is_graph and steps * SCAN_ROWS_PER_STEP < available:
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
    """The same, with the vectors on a GPU, too.

    FAISS ignores ``IDSelector`` on a GPU, without an error. So a filtered search asks for more rows than it needs and
    drops those that the mask forbids. Where that does not fill every list, or lists are longer than ``MAX_ON_GPU``, the
    index on the CPU answers.

    Args:
        on_gpu: A FAISS index of all rows on the GPU.
        index: The index on the CPU, of ``kind``.
        kind: As in ``FaissStore``.
        threads: Threads that one search on the CPU may use.
    """

    def __init__(self, on_gpu: Any, index: Any, kind: str, *, threads: int = 1) -> None:
        super().__init__(index, kind, threads=threads)
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


def kind_for(size: int, dim: int, *, on_gpu: bool = False) -> Kind:
    """The kind of index for N vectors of D. A GPU scans many millions in milliseconds, so it needs no graph."""
    return "exact-fp16" if on_gpu or size * dim <= EXACT_VALUES else "hnsw32-fp16"


def on_gpu(device: Device) -> bool:
    """Whether to search on a GPU: always with ``cuda``, with ``auto`` if this FAISS finds one.

    Raises:
        StoreError: ``cuda`` was asked for and FAISS finds no GPU.
    """
    gpus = faiss.get_num_gpus() if hasattr(faiss, "StandardGpuResources") else 0
    if device == "cuda" and not gpus:
        raise StoreError(
            "A GPU was asked for, but this FAISS finds none.",
            hint="Install 'modiste[gpu]' in place of 'modiste[cpu]' on a machine with a GPU, or use the device 'cpu'.",
        )
    return device != "cpu" and gpus > 0


def index_of(vectors: Halves, kind: Kind, threads: int = 1) -> Any:
    """A FAISS index of ``kind`` over float16 vectors ``[N, D]``, in memory."""
    dim = vectors.shape[1]
    half = faiss.ScalarQuantizer.QT_fp16
    if kind == "exact-fp16":
        index = faiss.IndexScalarQuantizer(dim, half, faiss.METRIC_INNER_PRODUCT)
    else:
        index = faiss.IndexHNSWSQ(dim, half, LINKS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = EF_CONSTRUCTION
    _use_threads(threads)
    # Half precision needs no training, but a graph refuses vectors before it.
    index.train(np.zeros((1, dim), dtype=np.float32))
    _add(index, vectors)
    return index


def _copied_to_gpu(vectors: Halves) -> Any:
    config = faiss.GpuIndexFlatConfig()
    config.useFloat16 = True
    index = faiss.GpuIndexFlatIP(faiss.StandardGpuResources(), vectors.shape[1], config)
    _add(index, vectors)
    return index


def _add(index: Any, vectors: Halves) -> None:
    for start in range(0, len(vectors), CHUNK):
        index.add(np.ascontiguousarray(vectors[start : start + CHUNK], dtype=np.float32))


def _use_threads(count: int) -> None:
    # OpenMP keeps this number for each calling thread, so setting it once at start would leave workers with all cores.
    if getattr(_own_threads, "count", None) != count:
        faiss.omp_set_num_threads(count)
        _own_threads.count = count
