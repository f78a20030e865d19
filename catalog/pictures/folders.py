"""Names of picture files in folders, compared without case and Unicode form."""

from __future__ import annotations

import html
import os
import re
import unicodedata
import urllib.parse
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

IMAGE_SUFFIXES = (
    ".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".jfif",
)  # fmt: skip
SEVERAL = ""
"""Stands for files whose paths differ in case only."""
MAX_ENTRIES = 200_000
"""Maximum number of files in the folders; in larger ones nothing is found."""


class Listing:
    """The names in one folder, for comparisons without case and Unicode form.

    Special files, and links that lead out of the roots, are left out.

    Attributes:
        files: Names of files.
        outside: Names of links that lead out of the roots.
    """

    def __init__(self, folder: str, roots: Sequence[str]) -> None:
        self.files: dict[str, None] = {}  # In the order of the folder, for messages.
        self.outside: set[str] = set()
        self._folders: dict[str, None] = {}
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    self._add(entry, roots)
        except (OSError, ValueError):
            pass

    def _add(self, entry: os.DirEntry[str], roots: Sequence[str]) -> None:
        try:
            if entry.is_symlink() and not _inside(os.path.realpath(entry.path), roots):
                self.outside.add(entry.name)
                return
            folder = entry.is_dir()
            if not folder and not entry.is_file():
                return
        except OSError:
            return
        (self._folders if folder else self.files)[entry.name] = None

    def find(self, name: str, *, folder: bool) -> str | None:
        if name in (self._folders if folder else self.files):
            return name
        return (self._plain_folders if folder else self._plain_files).get(_folded(name)) or None

    @cached_property
    def _plain_files(self) -> dict[str, str]:
        return _by_folded(self.files)

    @cached_property
    def _plain_folders(self) -> dict[str, str]:
        return _by_folded(self._folders)


class OtherFolders:
    """Finds files by the end of a path, if exactly one file below some folders has it.

    Tables may have the paths of another machine (``C:\\Shop\\Images\\a.jpg``), or paths without their first folders
    (Magento's ``/a/b/ab.jpg`` below ``media``).

    Args:
        folders: The folders, which are read once, when the first picture is missing. Links are not followed.
        suffixes: Suffixes of the files that are considered.
    """

    def __init__(self, folders: Sequence[Path], suffixes: tuple[str, ...]) -> None:
        self._folders, self._suffixes = folders, suffixes
        self._by_name: dict[str, dict[tuple[str, ...], str]] | None = None
        self._by_number: dict[str, set[str]] | None = None
        self._named: dict[str, tuple[str, ...]] = {}

    def find(self, text: str) -> Path | None:
        """The only file whose path ends with ``text`` or is the end of it; None if another path has found it before."""
        if self._by_name is None:
            self._by_name = self._read()
        parts = tuple(_folded(part) for one in text.split("/") if (part := one.strip()) not in ("", "."))
        if not parts or ".." in parts:
            return None
        files = self._by_name.get(parts[-1], {})
        found = {path for own, path in files.items() if own[-len(parts) :] == parts}
        if not found and text.startswith("/"):  # The path on another machine.
            longest = max((len(own) for own in files if parts[-len(own) :] == own), default=0)
            found = {path for own, path in files.items() if len(own) == longest and parts[-longest:] == own}
        if len(found) != 1 or SEVERAL in found:
            return None
        (path,) = found
        return Path(path) if self._named.setdefault(path, parts) == parts else None

    def numbered(self, id: str) -> Path | None:
        """The only file whose name is a number with another number of leading zeros, because programs drop these."""
        if self._by_name is None:
            self._by_name = self._read()
        if not re.fullmatch(r"\d+", id):
            return None
        if self._by_number is None:
            self._by_number = {}
            for files in self._by_name.values():
                for path in files.values():
                    stem = os.path.splitext(os.path.basename(path))[0]
                    if stem.isdecimal():
                        self._by_number.setdefault(stem.lstrip("0"), set()).add(path)
        found = self._by_number.get(id.lstrip("0"), ())
        return Path(next(iter(found))) if len(found) == 1 else None

    def namesake(self, name: str) -> str | None:
        """The path of a file with this name in any folder; None if there is none."""
        if self._by_name is None:
            self._by_name = self._read()
        return next((path for path in self._by_name.get(_folded(name), {}).values() if path != SEVERAL), None)

    def _read(self) -> dict[str, dict[tuple[str, ...], str]]:
        by_name: dict[str, dict[tuple[str, ...], str]] = {}
        entries = 0
        for folder in dict.fromkeys(map(os.path.realpath, self._folders)):
            for place, _, names in os.walk(folder):
                entries += len(names)
                if entries > MAX_ENTRIES:
                    return {}
                below = os.path.relpath(place, folder)
                above = () if below == "." else tuple(map(_folded, below.split(os.sep)))
                for name in names:
                    path = os.path.join(place, name)
                    if path.lower().endswith(self._suffixes) and os.path.isfile(path) and not os.path.islink(path):
                        files, own = by_name.setdefault(_folded(name), {}), (*above, _folded(name))
                        files[own] = path if files.get(own, path) == path else SEVERAL
        return by_name


def spellings(text: str) -> Iterator[str]:
    """A path as written, then with normal slashes, without escapes and query, and then with suffixes of pictures."""
    yield from (plain := plain_spellings(text))
    if not os.path.splitext(plain[-1])[1]:
        yield from (f"{plain[-1]}{suffix}" for suffix in IMAGE_SUFFIXES)


def plain_spellings(text: str) -> list[str]:
    """The spellings of ``spellings`` without added suffixes; the plainest is the last."""
    plain = re.sub(r"^[A-Za-z]:(?=/)", "", text.replace("\\", "/"))
    cut = re.split(r"[?#]", plain, maxsplit=1)[0]
    return [
        text,
        plain,
        urllib.parse.unquote(html.unescape(plain)),
        cut,
        urllib.parse.unquote_plus(cut),
        re.sub(r"^/?(?:pub/)?media/catalog/product/", "", cut),  # Magento's own folder.
        urllib.parse.unquote(urllib.parse.unquote(cut)),
    ]


def _by_folded(names: Iterable[str]) -> dict[str, str]:
    """Names by their form without case; ``SEVERAL`` for a form of several names."""
    found: dict[str, str] = {}
    for name in names:
        plain = _folded(name)
        found[plain] = SEVERAL if plain in found else name
    return found


def _inside(path: str, roots: Sequence[str]) -> bool:
    return any(f"{path}/".startswith(root.rstrip("/") + "/") for root in roots)


def _folded(name: str) -> str:
    folded = name if name.isascii() and name.islower() else unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"\.jpeg$", ".jpg", " ".join(folded.split()))
