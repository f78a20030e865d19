"""The embedded store: FAISS on the CPU, exact as long as exact is fast enough, an HNSW graph beyond."""

from __future__ import annotations

import importlib
import threading
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from indexer.store import Mask, Rows, Scores, Store, StoreError, Vectors
from models.errors import MissingExtra

try:
    # The stubs that FAISS ships lack half of its classes and all of its keyword arguments.
    faiss: Any = importlib.import_module("faiss")
except ImportError as error:
    raise MissingExtra("faiss", "cpu", "Searching vectors") from error

Halves = npt.NDArray[np.float16]
Kind = Literal["exact-fp16", "hnsw32-fp16"]

EXACT_VALUES = 100_000_000
"""Numbers (N x D) up to which the index is exact: about 20 ms a query (docs/performance.md)."""

LINKS = 32
EF_CONSTRUCTION = 80
EF_SEARCH = 128
SCAN_ROWS_PER_STEP = 100
"""One step along the graph costs as much as scanning this many rows in sequence."""

CHUNK = 65_536

_own_threads = threading.local()


def kind_for(size: int, dim: int, *, on_gpu: bool = False) -> Kind:
    """The kind of index for N vectors of D. A GPU scans many millions in milliseconds, so it needs no graph."""
    return "exact-fp16" if on_gpu or size * dim <= EXACT_VALUES else "hnsw32-fp16"


class FaissStore(Store):
    """Vectors at half precision, scanned (``exact-fp16``) or reached through a graph over the same (``hnsw32-fp16``).

    The graph's own vectors are the scanned ones, so a filter that leaves few rows, and a list that goes deep, are
    answered exactly from the same memory: whichever of both costs less.

    Args:
        index: The FAISS index of ``kind``.
        threads: Threads that one search may use. Services answer many queries at once and do best with 1.
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
    def build(cls, vectors: Halves, kind: Kind, *, threads: int = 1) -> FaissStore:
        """Index float16 vectors ``[N, D]``; a graph takes about half a core-millisecond for each."""
        dim = vectors.shape[1]
        half = faiss.ScalarQuantizer.QT_fp16
        if kind == "exact-fp16":
            index = faiss.IndexScalarQuantizer(dim, half, faiss.METRIC_INNER_PRODUCT)
        else:
            index = faiss.IndexHNSWSQ(dim, half, LINKS, faiss.METRIC_INNER_PRODUCT)
            index.hnsw.efConstruction = EF_CONSTRUCTION
        _use_threads(threads)
        # Half precision needs no training, but a graph refuses vectors until it was called.
        index.train(np.zeros((1, dim), dtype=np.float32))
        for start in range(0, len(vectors), CHUNK):
            index.add(np.ascontiguousarray(vectors[start : start + CHUNK], dtype=np.float32))
        return cls(index, kind, threads=threads)

    @classmethod
    def load(cls, path: Path, kind: str, *, threads: int = 1) -> FaissStore:
        """Map the index that ``write`` wrote into memory, which all processes of a machine then share.

        Raises:
            StoreError: The file is cut short or is no index of ``kind``.
        """
        try:
            index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise StoreError(f"{path} could not be loaded as an index.", hint="Build the index again.") from error
        return cls(index, kind, threads=threads)

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


def _use_threads(count: int) -> None:
    # OpenMP keeps this number for each calling thread, so setting it once at start would leave workers with all cores.
    if getattr(_own_threads, "count", None) != count:
        faiss.omp_set_num_threads(count)
        _own_threads.count = count
