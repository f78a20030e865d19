"""``files.arrow``: the picture files of a build, so that the next build reads only those that changed.

A file is identified by its size and time of modification. If it is written twice within the resolution of the file
system's clock, both versions have the same time. A file is therefore recorded only if it had not been modified for a
while before it was read, as git does with its index ("racy git", Documentation/technical/racy-git.txt).
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from indexer.generations.digests import Digests
from indexer.generations.tables.arrow import read_whole, values_of, write_table

SETTLED_NS = 2_000_000_000
"""Minimum age of a modification in nanoseconds; times of FAT have a resolution of two seconds."""
_BATCH = 16_384

_SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("size", pa.int64()),
        ("modified", pa.int64()),
        ("hash", pa.binary(32)),
        ("reason", pa.string()),
    ]
)


class Stamp(NamedTuple):
    """Size and time of modification of a file."""

    size: int
    modified: int
    """Nanoseconds since 1970."""


class PictureFile(NamedTuple):
    """A file at the time when it was read."""

    path: str
    """Absolute."""
    stamp: Stamp
    digest: bytes
    """SHA-256 of its content."""
    reason: str | None
    """Why it is unusable; None if it is usable."""

    @property
    def settled(self) -> bool:
        """Whether a later change of the file will change its stamp."""
        return time.time_ns() - self.stamp.modified > SETTLED_NS


def stamp_of(path: Path) -> Stamp | None:
    """The stamp of a regular file; None for anything else. Must be taken before reading the file."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return Stamp(status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


class PictureFiles:
    """The settled files of a build, each once. A file takes about 150 bytes and its path."""

    def __init__(self) -> None:
        self._paths = Digests()
        self._recent: list[PictureFile] = []
        self._batches: list[pa.RecordBatch] = []

    def add(self, file: PictureFile) -> None:
        """Add a file that has just been read. One that is not settled, or was added before, is left out."""
        if file.settled and self._paths.add(_key(file.path)):
            self._recent.append(file)
            if len(self._recent) == _BATCH:
                self._compact()

    def __iter__(self) -> Iterator[PictureFile]:
        self._compact()
        for batch in self._batches:
            for path, size, modified, digest, reason in zip(*(one.to_pylist() for one in batch.columns), strict=True):
                yield PictureFile(path, Stamp(size, modified), digest, reason)

    def write(self, path: Path, reasons: Mapping[bytes, str]) -> None:
        """Write ``files.arrow``.

        Args:
            reasons: Why pictures are unusable, by their SHA-256.
        """
        self._compact()
        table = pa.Table.from_batches(self._batches, _SCHEMA)
        at = _SCHEMA.get_field_index("reason")
        why = pa.array((reasons.get(digest) for digest in values_of(table.column("hash"))), pa.string())
        write_table(path, table.set_column(at, _SCHEMA.field(at), why))

    def _compact(self) -> None:
        rows = [(path, *stamp, digest, reason) for path, stamp, digest, reason in self._recent]
        if rows:
            columns = zip(zip(*rows, strict=True), _SCHEMA, strict=True)
            arrays = [pa.array(values, field.type) for values, field in columns]
            self._batches.append(pa.record_batch(arrays, schema=_SCHEMA))
            self._recent.clear()


class KnownFiles:
    """``files.arrow``, mapped into memory.

    Raises:
        ValueError: It is no such file.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._columns = read_whole(path).select(_SCHEMA.names).columns
            keys = bytearray()
            for name in values_of(self._columns[0]):
                keys += _key(name)
            self._rows = Digests(keys)
        except (pa.ArrowException, OSError, KeyError) as error:
            raise ValueError(f"{path} is not a table of files ({error})") from error

    def find(self, path: Path, stamp: Stamp) -> PictureFile | None:
        """The record of a file; None if its stamp has changed or it was not recorded."""
        name = os.path.abspath(path)
        row = self._rows.find(_key(name))
        if row is None:
            return None
        size, modified, digest, reason = (column[row].as_py() for column in self._columns[1:])
        return PictureFile(name, stamp, digest, reason) if Stamp(size, modified) == stamp else None


def _key(path: str) -> bytes:
    return hashlib.sha256(os.fsencode(path)).digest()
