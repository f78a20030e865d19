"""Stores the outputs of the vision graph on disk, where a build after an interrupted one finds them."""

from __future__ import annotations

import hashlib
import logging
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from indexer.generations.digests import Digests
from indexer.generations.durable import replace_file
from indexer.generations.tables.arrow import read_whole
from indexer.ranking.attributes import LogOdds
from models.bundle import Bundle

SPOOL_NAME = ".encoded"
PICTURES_PER_FILE = 512
"""Pictures in one file: the maximum number that is encoded again after an interruption."""

logger = logging.getLogger(__name__)


class Seen(NamedTuple):
    """Output of the vision graph for one picture, as a generation stores it."""

    vector: npt.NDArray[np.float16]
    """``[D]``."""
    shown: LogOdds
    """Probabilities of the bundle's words ``[A]`` (``indexer.ranking.attributes``); A is 0 for a bundle without
    words."""


class Spool:
    """Outputs for pictures by their SHA-256. Not thread-safe.

    Args:
        bundle: The bundle that encodes.
        folder: A folder in the index root, in which earlier builds may have left pictures. Files of other bundles in it
            are deleted. None keeps everything in memory.
    """

    def __init__(self, bundle: Bundle, folder: Path | None = None) -> None:
        self._row = np.dtype(
            [("vector", np.float16, (bundle.dim,)), ("shown", np.uint8, (len(bundle.manifest.attributes),))]
        )
        self._digests = Digests()
        self._blocks: list[npt.NDArray[np.void]] = []
        self._starts: list[int] = []
        self._waiting: list[tuple[bytes, Seen]] = []
        self._files = 0
        self._root = folder
        self._folder: Path | None = None
        if folder is not None:
            vision = repr((bundle.fingerprint, bundle.dim, bundle.manifest.attributes))
            self._folder = folder / hashlib.sha256(vision.encode()).hexdigest()[:16]
            for other in folder.glob("*"):
                if other != self._folder:
                    shutil.rmtree(other)
            for path in sorted(self._folder.glob("*.arrow")):
                self._load(path)
        self.earlier = len(self)
        """Number of pictures of interrupted builds; they are the first ones."""

    def __len__(self) -> int:
        return len(self._digests)

    def find(self, digest: bytes) -> int | None:
        """The place of a picture; None if it was not encoded."""
        return self._digests.find(digest)

    def rows(self, places: npt.NDArray[np.integer]) -> npt.NDArray[np.void]:
        """The outputs at ``places``: records of ``vector`` and ``shown``. Call ``flush`` before."""
        rows = np.empty(len(places), self._row)
        blocks = np.searchsorted(self._starts, places, side="right") - 1
        for block in np.unique(blocks).tolist():
            inside = blocks == block
            rows[inside] = self._blocks[block][places[inside] - self._starts[block]]
        return rows

    def keep(self, digest: bytes, seen: Seen) -> None:
        """Add an encoded picture; files are written when they are full."""
        if self._digests.add(digest):
            self._waiting.append((digest, seen))
            if len(self._waiting) >= PICTURES_PER_FILE:
                self.flush()

    def flush(self) -> None:
        """Write the pictures since the last file, and sync them to disk."""
        if not self._waiting:
            return
        rows = np.zeros(len(self._waiting), self._row)
        for place, (_, seen) in enumerate(self._waiting):
            rows[place] = (seen.vector, seen.shown)
        start = len(self) - len(rows)
        if self._folder is not None:
            digests = pa.array([digest for digest, _ in self._waiting], pa.binary(32))
            outputs = pa.FixedSizeBinaryArray.from_buffers(
                pa.binary(self._row.itemsize), len(rows), [None, pa.py_buffer(rows)]
            )
            sink = pa.BufferOutputStream()
            batch = pa.record_batch([digests, outputs], names=["hash", "seen"])
            with pa.ipc.new_file(sink, batch.schema) as writer:
                writer.write_batch(batch)
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{self._files:06}.arrow"
            replace_file(path, sink.getvalue())
            rows = self._read(path)[1]
            self._files += 1
        self._add_block(start, rows)
        self._waiting.clear()

    def clear(self) -> None:
        """Delete all files after the build has ended."""
        if self._root is not None:
            shutil.rmtree(self._root, ignore_errors=True)

    def _add_block(self, start: int, rows: npt.NDArray[np.void]) -> None:
        self._starts.append(start)
        self._blocks.append(rows)

    def _read(self, path: Path) -> tuple[pa.Array, npt.NDArray[np.void]]:
        """The digests and outputs in a file, mapped into memory."""
        table = read_whole(path)
        digests, outputs = (table.column(name).combine_chunks() for name in ("hash", "seen"))
        if outputs.type.byte_width != self._row.itemsize:
            raise ValueError("its rows have another length")
        rows = np.frombuffer(outputs.buffers()[1], self._row, len(outputs))
        return digests, rows

    def _load(self, path: Path) -> None:
        try:
            digests, rows = self._read(path)
        except (pa.ArrowException, OSError, KeyError, ValueError) as error:
            logger.warning("%s is not reused: %s", path, error)
        else:
            start = len(self)
            new = [place for place, digest in enumerate(digests.to_pylist()) if self._digests.add(digest)]
            self._add_block(start, rows if len(new) == len(rows) else rows[new])
        self._files = max(self._files, int(path.stem) + 1)
