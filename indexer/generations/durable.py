"""Writing that survives a crash: fsync, atomic replacement, and locks that die with their process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.errors import ModisteError


class Busy(ModisteError):
    """Another process holds the lock."""


def sync(path: Path) -> None:
    """Make the contents of a file, or the names in a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_text(path: Path, text: str) -> None:
    """``replace_file`` with text in UTF-8."""
    replace_file(path, text.encode())


def replace_file(path: Path, content: bytes) -> None:
    """Replace the file at ``path`` at once: whoever reads it sees the old content or the new one, never a part."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)
    sync(path.parent)


def move_durably(folder: Path, target: Path) -> None:
    """Move a folder of files to ``target`` on the same disk, whole and durable or not at all."""
    for path in folder.iterdir():
        sync(path)
    sync(folder)
    target.parent.mkdir(exist_ok=True)
    sync(target.parent.parent)
    os.rename(folder, target)
    sync(target.parent)


@contextmanager
def locked(path: Path, *, work: str, wait: bool) -> Iterator[None]:
    """Hold the lock file at ``path``. The kernel lets go of it when the process dies, so no lock outlives a crash.

    Args:
        work: What the lock is for, in the error's words, such as "build".
        wait: Whether to wait for whoever holds it, or to refuse.

    Raises:
        Busy: Another process holds it and ``wait`` is False.
    """
    with path.open("a+", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            stream.seek(0)
            raise Busy(
                f"Another {work} is running on {path.parent} (process {stream.read().strip() or 'unknown'}).",
                hint="Wait until it has ended, or stop it.",
            ) from None
        stream.seek(0)
        stream.truncate()
        stream.write(str(os.getpid()))
        stream.flush()
        yield
