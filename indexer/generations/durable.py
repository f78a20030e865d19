"""Crash-safe writing: fsync, atomic replacement, and locks that end with their process."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from catalog.errors import ModisteError


class Busy(ModisteError):
    """Another process holds the lock."""


def sync(path: Path) -> None:
    """Make the contents of a file, or the names in a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_text(path: Path, text: str, *, private: bool = False) -> None:
    """``replace_file`` with text in UTF-8."""
    replace_file(path, text.encode(), private=private)


def replace_file(path: Path, content: bytes, *, private: bool = False) -> None:
    """Replace the file at ``path`` atomically: readers see either the old or the new content.

    Args:
        private: Create the file with mode 0600 whatever the umask. An existing file keeps its mode and, if this process
            may change it, its owner.
    """
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as stream:
        if private:
            _make_private(stream.fileno(), path)
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)
    sync(path.parent)


def _make_private(descriptor: int, path: Path) -> None:
    """Give an open file, which is still empty, the mode and the owner of the one at ``path``; 0600 if there is none."""
    try:
        replaced = os.stat(path)
    except FileNotFoundError:
        os.fchmod(descriptor, 0o600)
        return
    os.fchmod(descriptor, stat.S_IMODE(replaced.st_mode))
    with suppress(PermissionError):
        os.fchown(descriptor, replaced.st_uid, replaced.st_gid)


def move_durably(folder: Path, target: Path) -> None:
    """Move a folder of files to ``target`` on the same disk, atomically and durably."""
    for path in folder.iterdir():
        sync(path)
    sync(folder)
    target.parent.mkdir(exist_ok=True)
    sync(target.parent.parent)
    os.rename(folder, target)
    sync(target.parent)


@contextmanager
def locked(path: Path, *, work: str, wait: bool) -> Iterator[None]:
    """Hold the lock file at ``path``. The kernel releases it when the process ends, even after a crash.

    Args:
        work: The locked operation, for the error message, such as "build".
        wait: Whether to wait for the lock, or to raise ``Busy``.

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
