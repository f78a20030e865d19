"""The pictures of an annotated dataset, in any layout below one folder."""

from __future__ import annotations

import os
from pathlib import Path

from catalog.errors import ModisteError
from catalog.pictures import IMAGE_SUFFIXES


class PictureFolder:
    """Finds pictures by id: a path below the folder, or a file name (with or without suffix) in any sub-folder.

    Archives of pictures are unpacked in different layouts, so the folder is walked once, at the first lookup. Of
    several files with the same name, the first in alphabetical order of paths is used.

    Args:
        folder: The folder; with None every lookup is an error.
    """

    def __init__(self, folder: Path | None) -> None:
        if folder is not None and not folder.is_dir():
            raise ModisteError(f"There is no folder of pictures at {folder}.", hint="Check the path of the pictures.")
        self.folder = folder
        self._by_name: dict[str, Path] | None = None

    def find(self, id: str) -> Path:
        """The file of an id; a ModisteError if there is none."""
        if self.folder is None:
            raise ModisteError(
                f"The picture of {id} is needed, but no folder of pictures was given.", hint="Give it with --images."
            )
        if "/" in id and (self.folder / id).is_file():
            return self.folder / id
        if self._by_name is None:
            self._by_name = _files_by_name(self.folder)
        name = id.rsplit("/", 1)[-1]
        for candidate in (name, *(name + suffix for suffix in IMAGE_SUFFIXES)):
            if candidate in self._by_name:
                return self._by_name[candidate]
        raise ModisteError(
            f"There is no picture of {id} below {self.folder}.",
            hint="Check the folder with `modiste models doctor`.",
        )

    def read(self, id: str) -> bytes:
        """The encoded picture of an id; a ModisteError if there is none or it cannot be read."""
        path = self.find(id)
        try:
            return path.read_bytes()
        except OSError as error:
            raise ModisteError(f"{path} cannot be read ({error.strerror}).", hint="Check its permissions.") from error


def _files_by_name(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            if name.lower().endswith(IMAGE_SUFFIXES):
                found.setdefault(name, Path(parent, name))
    return found
