"""An inverted file of FAISS: vectors by cell, of which a search reads the nearest cells.

A search with a filter reads more cells than one without, because the nearest allowed rows are farther away. A search
without a filter reads R rows. With a filter that allows the share s of all rows, it reads cells until they hold
sqrt(s) R allowed rows; for R of them it would read 1/s times as many cells. If a filter allows few rows, only these are
scored.
"""

from __future__ import annotations

import struct
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from indexer.stores.cells import Cells
from indexer.stores.masks import MaskCache
from indexer.stores.store import CHUNK, Halves, Mask, Rows, Scores, Vectors

MAX_SCANNED_ROWS = 8192
"""Maximum number of allowed rows that are scored one by one. For more, reading cells takes less time."""


class _Allowed(NamedTuple):
    """What a search needs to know of a filter."""

    bits: npt.NDArray[np.uint8]
    rows: Rows | None
    """The rows; None if there are more than ``MAX_SCANNED_ROWS``."""
    counts: npt.NDArray[np.int64]
    """How many rows of each cell are allowed ``[C]``."""


class InvertedFile:
    """Searches an ``IndexIVFScalarQuantizer`` at half precision. Safe to use from several threads at once.

    Args:
        faiss: The module.
        index: Over N vectors.
        cells: Their cells, in the order of the index's lists.
        vectors: float16 ``[N, D]``.
    """

    def __init__(self, faiss: Any, index: Any, cells: Cells, vectors: Halves) -> None:
        self._faiss, self._index, self._cells, self._vectors = faiss, index, cells, vectors
        self._sizes = np.bincount(cells.of, minlength=len(cells.centroids))
        self._allowed = MaskCache(partial(_allowed_of, cells.of, len(self._sizes)))

    def search(self, queries: Vectors, k: int, mask: Mask | None, available: int, read: int) -> tuple[Scores, Rows]:
        """As ``Store._search``, reading ``read`` cells of the mean size, and more of them with a filter."""
        share = (available / len(self._vectors)) ** 0.5
        minimum = min(available, max(k, int(share * read * len(self._vectors) / len(self._sizes))))
        counts, selector = self._sizes, None
        if mask is not None:
            allowed = self._allowed(mask)
            if allowed.rows is not None:
                return among(self._faiss, self._vectors, queries, k, allowed.rows)
            # A bare pointer to the bits, which ``allowed`` holds.
            counts, selector = allowed.counts, self._faiss.IDSelectorBitmap(allowed.bits)
            scores, rows = np.empty((len(queries), k), np.float32), np.full((len(queries), k), -1)
        else:
            scores, rows = self._read(queries, k, read, None)
        for at in np.flatnonzero((rows < 0).any(axis=1)).tolist():  # Each alone: no result depends on other queries.
            query = queries[at : at + 1]
            found = self._read(query, k, self._enough(query[0], minimum, counts), selector)
            if (found[1] < 0).any():
                # Equal pictures make cells with equal centroids. FAISS may read other ones of these than were counted.
                found = self._read(query, k, len(self._sizes), selector)
            scores[at], rows[at] = found[0][0], found[1][0]
        return scores, rows

    def _enough(self, query: npt.NDArray[np.float32], minimum: int, counts: npt.NDArray[np.int64]) -> int:
        """How many of the cells nearest to a query ``[D]`` contain ``minimum`` of the rows in ``counts``."""
        held = np.cumsum(counts[np.argsort(-self._cells.cosines(query))])
        return int((held < minimum).sum()) + 1

    def _read(self, queries: Vectors, k: int, cells: int, selector: Any) -> tuple[Scores, Rows]:
        parameters = self._faiss.SearchParametersIVF(sel=selector, nprobe=min(cells, len(self._sizes)))
        scores, rows = self._index.search(queries, k, params=parameters)
        return scores, rows


def _allowed_of(cells: npt.NDArray[np.unsignedinteger], count: int, mask: Mask) -> _Allowed:
    rows = np.flatnonzero(mask)
    counts = np.bincount(cells[rows], minlength=count)
    return _Allowed(np.packbits(mask, bitorder="little"), rows if len(rows) <= MAX_SCANNED_ROWS else None, counts)


def write_inverted_file(faiss: Any, vectors: Halves, cells: Cells, path: Path) -> None:
    """Write an ``IndexIVFScalarQuantizer`` of float16 vectors ``[N, D]``, as ``faiss.write_index`` would.

    FAISS writes only indexes that are in memory, which take 526 bytes a vector. In its format the lists are the end of
    the file: their sizes, then the codes and rows of each list.
    """
    dim = vectors.shape[1]
    quantizer = faiss.IndexFlatIP(dim)
    quantizer.add(cells.centroids)
    half, inner = faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    index = faiss.IndexIVFScalarQuantizer(quantizer, dim, quantizer.ntotal, half, inner, False)
    index.train(np.zeros((1, dim), dtype=np.float32))  # Half precision needs none, but FAISS refuses to search before.
    index.ntotal = len(vectors)
    head = faiss.serialize_index(index).tobytes()
    sizes = np.bincount(cells.of, minlength=quantizer.ntotal)
    with path.open("wb") as stream:
        stream.write(head[: head.rindex(b"ilar")])
        stream.write(struct.pack("<4sQQ4sQ", b"ilar", len(sizes), index.code_size, b"full", len(sizes)))
        stream.write(sizes.astype(np.uint64).tobytes())
        for rows in np.split(np.argsort(cells.of, kind="stable"), np.cumsum(sizes)[:-1]):
            for start in range(0, len(rows), CHUNK):
                stream.write(vectors[rows[start : start + CHUNK]].tobytes())
            stream.write(rows.tobytes())


def among(faiss: Any, vectors: Halves, queries: Vectors, k: int, rows: Rows) -> tuple[Scores, Rows]:
    """The best ``k`` of some rows, by their vectors ``[N, D]``."""
    some = faiss.IndexScalarQuantizer(vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    some.train(np.zeros((1, vectors.shape[1]), dtype=np.float32))
    some.add_sa_codes(np.ascontiguousarray(vectors[rows]).view(np.uint8))
    scores, places = some.search(queries, k)
    return scores, rows[places]
