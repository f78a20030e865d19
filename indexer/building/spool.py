"""Stores the vectors of a build in progress on disk, so that a build after an interrupted one reuses them."""

from __future__ import annotations

import hashlib
import logging
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa

from indexer.building.encode import Seen
from indexer.generations.durable import replace_file
from indexer.generations.products import read_whole
from models.bundle import Bundle

SPOOL_NAME = ".encoded"
EACH = 512
"""Pictures in one file: the maximum number that is encoded again after an interruption."""

logger = logging.getLogger(__name__)


class Spool:
    """Encoded pictures of interrupted builds, by the hash of their content.

    Args:
        folder: A folder in the index root. Files of other bundles in it are deleted.
        bundle: The bundle that encodes.
    """

    def __init__(self, folder: Path, bundle: Bundle) -> None:
        vision = repr((bundle.fingerprint, bundle.dim, bundle.manifest.attributes))
        self._folder = folder / hashlib.sha256(vision.encode()).hexdigest()[:16]
        self._root = folder
        self._row = np.dtype(
            [("vector", np.float16, (bundle.dim,)), ("shown", np.uint8, (len(bundle.manifest.attributes),))]
        )
        self._waiting: list[tuple[str, Seen]] = []
        self._found: dict[str, tuple[pa.Array, int]] = {}
        self._files = 0
        for other in folder.glob("*"):
            if other != self._folder:
                shutil.rmtree(other)
        for path in sorted(self._folder.glob("*.arrow")):
            self._load(path)

    def __len__(self) -> int:
        return len(self._found)

    def find(self, image_hash: str) -> Seen | None:
        """The output for a picture of an interrupted build; None if it was not encoded."""
        found = self._found.get(image_hash)
        if found is None:
            return None
        rows, place = found
        row = np.frombuffer(rows[place].as_buffer(), self._row)[0]
        return Seen(row["vector"], row["shown"])

    def keep(self, image_hash: str, seen: Seen) -> None:
        """Add an encoded picture; files are written when they are full."""
        self._waiting.append((image_hash, seen))
        if len(self._waiting) >= EACH:
            self.flush()

    def flush(self) -> None:
        """Write the pictures since the last file, and sync them to disk."""
        if not self._waiting:
            return
        rows = np.zeros(len(self._waiting), self._row)
        for place, (_, seen) in enumerate(self._waiting):
            rows[place] = (seen.vector, seen.shown)
        hashes = pa.array([bytes.fromhex(image_hash) for image_hash, _ in self._waiting], pa.binary(32))
        outputs = pa.array([row.tobytes() for row in rows], pa.binary(self._row.itemsize))
        sink = pa.BufferOutputStream()
        batch = pa.record_batch([hashes, outputs], names=["hash", "seen"])
        with pa.ipc.new_file(sink, batch.schema) as writer:
            writer.write_batch(batch)
        self._folder.mkdir(parents=True, exist_ok=True)
        replace_file(self._folder / f"{self._files:06}.arrow", sink.getvalue())
        self._files += 1
        self._waiting.clear()

    def clear(self) -> None:
        """Delete all files after the build has ended."""
        shutil.rmtree(self._root, ignore_errors=True)

    def _load(self, path: Path) -> None:
        try:
            table = read_whole(path)
            hashes, rows = (table.column(name).combine_chunks() for name in ("hash", "seen"))
            if rows.type.byte_width != self._row.itemsize:
                raise ValueError("its rows have another length")
        except (pa.ArrowException, OSError, KeyError, ValueError) as error:
            logger.warning("%s is not reused: %s", path, error)
        else:
            self._found.update({digest.hex(): (rows, place) for place, digest in enumerate(hashes.to_pylist())})
        self._files = max(self._files, int(path.stem) + 1)
