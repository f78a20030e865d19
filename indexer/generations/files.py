"""``files.arrow``: the picture files of a build, so that the next build reads only those that changed.

A file is identified by its size and time of modification. If it is written twice within the resolution of the file
system's clock, both versions have the same time. A file is therefore recorded only if it had not been modified for a
while before it was read, as git does with its index ("racy git", Documentation/technical/racy-git.txt).
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from indexer.generations.products import read_whole, write_table

SETTLED_NS = 2_000_000_000
"""Minimum age of a modification in nanoseconds; times of FAT have a resolution of two seconds."""

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
    hash: str
    """SHA-256 of its content, in hexadecimal."""
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


def write_files(path: Path, files: Iterable[PictureFile]) -> None:
    """Write each file once."""
    once = {file.path: file for file in files}.values()
    columns = [
        [file.path for file in once],
        [file.stamp.size for file in once],
        [file.stamp.modified for file in once],
        [bytes.fromhex(file.hash) for file in once],
        [file.reason for file in once],
    ]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, _SCHEMA, strict=True)]
    write_table(path, pa.table(arrays, schema=_SCHEMA))


class KnownFiles:
    """``files.arrow``, mapped into memory.

    Raises:
        ValueError: It is no such file.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._table: pa.Table = read_whole(path)
            self._rows = {name: row for row, name in enumerate(self._table.column("path").to_pylist())}
        except (pa.ArrowException, OSError, KeyError) as error:
            raise ValueError(f"{path} is not a table of files ({error})") from error

    def find(self, path: Path, stamp: Stamp) -> PictureFile | None:
        """The record of a file; None if its stamp has changed or it was not recorded."""
        name = os.path.abspath(path)
        row = self._rows.get(name)
        if row is None:
            return None
        size, modified, digest, reason = (self._table.column(at)[row].as_py() for at in range(1, 5))
        return PictureFile(name, stamp, digest.hex(), reason) if Stamp(size, modified) == stamp else None
