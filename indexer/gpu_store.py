"""The store on a GPU: an exact scan of half-precision vectors by FAISS."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from indexer.faiss_store import CHUNK, FaissStore, Halves, faiss
from indexer.store import Mask, Rows, Scores, Store, StoreError, Vectors
from models.bundle.encoder import Device

MOST_ON_GPU = 2048
"""Results that FAISS finds on a GPU for one query at most."""


def on_gpu(device: Device) -> bool:
    """Whether vectors are to be searched on a GPU: always with ``cuda``, with ``auto`` where this FAISS sees one.

    Raises:
        StoreError: ``cuda`` was asked for and FAISS sees no GPU.
    """
    gpus = faiss.get_num_gpus() if hasattr(faiss, "StandardGpuResources") else 0
    if device == "cuda" and not gpus:
        raise StoreError(
            "A GPU was asked for, but this FAISS finds none.",
            hint="Install 'modiste[gpu]' in place of 'modiste[cpu]' on a machine with a GPU, or use the device 'cpu'.",
        )
    return device != "cpu" and gpus > 0


class GpuStore(Store):
    """An index without filters on a GPU, and the exact store on the CPU for what it cannot answer.

    FAISS on a GPU ignores ``IDSelector`` without a word. So a filtered search asks for more than it needs and leaves
    out what the mask forbids; where that does not fill every list, or lists go past ``MOST_ON_GPU``, the CPU answers.

    Args:
        index: A FAISS index over all rows.
        exact: The same rows on the CPU.
    """

    kind = "gpu-flat-fp16"

    def __init__(self, index: Any, exact: FaissStore) -> None:
        self.size, self.dim = exact.size, exact.dim
        self._index = index
        self._exact = exact
        # One set of GPU resources serves one thread at a time, even for reading.
        self._turn = threading.Lock()

    @classmethod
    def load(cls, vectors: Halves, exact: FaissStore) -> GpuStore:
        """Copy float16 vectors ``[N, D]`` to the GPU."""
        resources = faiss.StandardGpuResources()
        config = faiss.GpuIndexFlatConfig()
        config.useFloat16 = True
        index = faiss.GpuIndexFlatIP(resources, vectors.shape[1], config)
        for start in range(0, len(vectors), CHUNK):
            index.add(np.ascontiguousarray(vectors[start : start + CHUNK], dtype=np.float32))
        return cls(index, exact)

    def close(self) -> None:
        with self._turn:
            self._index = None
        self._exact.close()

    def _search(self, queries: Vectors, k: int, allowed: Mask | None, available: int) -> tuple[Scores, Rows]:
        wanted = k if allowed is None else min(self.size, 2 * k * self.size // available + 16)
        if wanted <= MOST_ON_GPU:
            with self._turn:
                scores, rows = self._index.search(queries, wanted)
            if allowed is None:
                return scores, rows
            fits = allowed[rows]
            if (fits.sum(axis=1) >= k).all():
                # A stable sort brings what is allowed to the front and leaves its order alone.
                first = np.argsort(~fits, axis=1, kind="stable")[:, :k]
                return np.take_along_axis(scores, first, axis=1), np.take_along_axis(rows, first, axis=1)
        return self._exact._search(queries, k, allowed, available)
