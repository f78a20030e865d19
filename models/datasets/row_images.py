"""The image of one row of a table: in the row itself, at the path that the row names, or under the product's id."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import Any

from models.datasets.columns import plain_text

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


class NoImage(Exception):
    """Why a row has no image."""


class ImageFinder:
    """Finds images; reads each folder once, since a file test for each row is slow on shared storage."""

    def __init__(self, table_folder: Path, images: Path | None) -> None:
        self.folders = [images] if images is not None else [table_folder, table_folder / "images"]
        self.listings: dict[Path, frozenset[str]] = {}

    def find(self, id: str, *, cell: Any, encoded: Any) -> Path | bytes:
        """The image of a row.

        Args:
            id: The product's id.
            cell: What the image column holds: a path, bytes, {"bytes": ..., "path": ...}, or nothing.
            encoded: What the column of encoded images holds: base64 text, bytes, or nothing.

        Raises:
            NoImage: None of these leads to an image.
        """
        if isinstance(encoded, str) and encoded.strip():
            return _from_base64(encoded)
        named = cell
        if isinstance(cell, dict):  # so the Hugging Face hub keeps images in tables
            encoded, named = encoded or cell.get("bytes"), cell.get("path")
        elif isinstance(cell, bytes):
            encoded, named = encoded or cell, None
        if isinstance(encoded, bytes) and encoded:
            return encoded
        named = plain_text(named)
        if named:
            if re.match(r"[a-z]+://", named, re.IGNORECASE):
                raise NoImage(f"the image is an address ({named}); download it and give a file")
            for folder in self.folders:
                if self._exists(folder / named):
                    return folder / named
        # An id with a slash would lead out of the folder.
        if "/" not in id and "\\" not in id:
            for folder in reversed(self.folders):
                for suffix in IMAGE_SUFFIXES:
                    if self._exists(folder / (id + suffix)):
                        return folder / (id + suffix)
        missing = named or f"{id}.jpg (or {', '.join(IMAGE_SUFFIXES[1:])})"
        raise NoImage(f"there is no image {missing} in {' or '.join(str(folder) for folder in self.folders)}")

    def _exists(self, path: Path) -> bool:
        listing = self.listings.get(path.parent)
        if listing is None:
            try:
                listing = frozenset(entry.name for entry in path.parent.iterdir())
            except OSError:
                listing = frozenset()
            self.listings[path.parent] = listing
        return path.name in listing


def _from_base64(text: str) -> bytes:
    payload = text.partition(",")[2] if text.startswith("data:") else text
    try:
        content = base64.b64decode("".join(payload.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoImage(f"the image is not valid base64: {error}") from error
    if not content:
        raise NoImage("the image in the row is empty")
    return content
