"""Files of bundles and generations: bounded reading, and checksums."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from pathlib import Path

from pydantic import Field

from catalog.frozen_model import FrozenModel

MAX_MANIFEST_BYTES = 16 * 2**20


class File(FrozenModel):
    """The checksum of a file: lower-case hexadecimal SHA-256, and size in bytes."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)


def open_file(path: Path) -> io.BufferedReader:
    """Open a regular file for reading. A pipe or a device in its place, which could be read without end, is refused.

    Raises:
        OSError: It is missing, cannot be read, or is not a regular file.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
    return open(descriptor, "rb")


def file_digest(path: Path) -> File:
    """Checksum and size of the file at ``path``.

    Raises:
        OSError: As for ``open_file``.
    """
    with open_file(path) as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return File(sha256=digest, size=os.fstat(stream.fileno()).st_size)


def read_bounded(path: Path) -> bytes:
    """The content of a manifest, or of another file that is not longer.

    Raises:
        ValueError: The file is longer than any manifest.
        OSError: The file cannot be read.
    """
    with open_file(path) as stream:
        size = os.fstat(stream.fileno()).st_size  # ``read`` allocates as many bytes as it may return.
        content = stream.read(min(size, MAX_MANIFEST_BYTES) + 1)
    if len(content) > MAX_MANIFEST_BYTES:
        raise ValueError(f"it has more than {MAX_MANIFEST_BYTES // 2**20} MiB")
    return content
