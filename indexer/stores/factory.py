"""FAISS indexes from a factory string, such as ``IVF4096,PQ64x4fs`` or ``HNSW48,SQ8``.

Their codes may be lossy: a search finds more rows than requested, and scores them by their vectors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from indexer.stores.inverted import MAX_SCANNED_ROWS, among
from indexer.stores.store import CHUNK, Halves, Mask, Rows, Scores, StoreError, Vectors

REFINED = 16
"""Number of rows that the index finds for each requested row."""
SAMPLE_PER_LIST, MIN_SAMPLE = 40, 20_000
"""Number of training vectors for each list, and the minimum."""


def described(faiss: Any, description: str, dim: int) -> Any:
    """An empty index.

    Raises:
        StoreError: The string is invalid, or the index cannot be searched with filters.
    """
    try:
        index = faiss.index_factory(dim, description, faiss.METRIC_INNER_PRODUCT)
    except RuntimeError as error:
        raise StoreError(
            f"FAISS cannot create an index from {description[:100]!r} for vectors of {dim}.",
            hint="Use ivf-fp16, hnsw32-fp16, exact-fp16, or a factory string such as IVF4096,PQ64x4fs.",
        ) from error
    if not isinstance(index, faiss.IndexIVF | faiss.IndexHNSW):
        raise StoreError(
            f"{description[:100]!r} is a {type(index).__name__}, which does not support filters.",
            hint="Use an inverted file or a graph, such as IVF4096,PQ64x4fs or HNSW32,SQ8.",
        )
    return index


def filled(faiss: Any, description: str, vectors: Halves) -> Any:
    """The index from a factory string, over float16 vectors ``[N, D]``."""
    index = described(faiss, description, vectors.shape[1])
    wanted = max(MIN_SAMPLE, SAMPLE_PER_LIST * getattr(index, "nlist", 0))
    sample = np.sort(np.random.default_rng(0).choice(len(vectors), min(len(vectors), wanted), replace=False))
    try:
        index.train(vectors[sample].astype(np.float32))
    except RuntimeError as error:
        raise StoreError(
            f"{description[:100]!r} cannot be trained with {len(vectors)} vectors.", hint="Use fewer lists."
        ) from error
    for start in range(0, len(vectors), CHUNK):
        index.add(np.ascontiguousarray(vectors[start : start + CHUNK], dtype=np.float32))
    return index


class FactoryIndex:
    """Searches an index of ``filled``.

    Args:
        faiss: The module.
        index: The index.
        vectors: float16 ``[N, D]``.
    """

    def __init__(self, faiss: Any, index: Any, vectors: Halves) -> None:
        self._faiss, self._index, self._vectors = faiss, index, vectors

    def search(self, queries: Vectors, k: int, mask: Mask | None, available: int, effort: int) -> tuple[Scores, Rows]:
        """As ``Store._search``, with ``effort`` lists or steps."""
        if available <= max(MAX_SCANNED_ROWS, 2 * k):
            rows = np.arange(available) if mask is None else np.flatnonzero(mask)
            return among(self._faiss, self._vectors, queries, k, rows)
        bits = None if mask is None else np.packbits(mask, bitorder="little")
        selector = None if bits is None else self._faiss.IDSelectorBitmap(bits)
        wanted = min(available, REFINED * k)
        effort = effort * len(self._vectors) // available
        if isinstance(self._index, self._faiss.IndexIVF):
            parameters = self._faiss.SearchParametersIVF(sel=selector, nprobe=min(effort, self._index.nlist))
        else:
            parameters = self._faiss.SearchParametersHNSW(sel=selector, efSearch=max(effort, wanted))
        found = self._index.search(queries, wanted, params=parameters)[1]
        scores, rows = np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
        for number, some in enumerate(found):
            some = some[some >= 0]
            if len(some) < k:  # The lists that were read have too few rows.
                some = np.arange(len(self._vectors)) if mask is None else np.flatnonzero(mask)
            scores[number], rows[number] = (
                one[0] for one in among(self._faiss, self._vectors, queries[number : number + 1], k, some)
            )
        return scores, rows
