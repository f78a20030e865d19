"""Finds the pictures of a row: in its cells, at paths or addresses, or in files named after the product's id."""

from __future__ import annotations

import difflib
import os
import re
import urllib.parse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from catalog.pictures.cells import SCHEME, is_data_url, pictures_in
from catalog.pictures.folders import IMAGE_SUFFIXES, Listing, OtherFolders, plain_spellings, spellings
from catalog.product import Address, Picture
from catalog.table import excerpt
from catalog.values.embedded import NoImage, from_base64, from_data_url, is_base64

MAX_HINTS = 100


class PictureFinder:
    """Finds pictures. Each folder is read once, because a file test for each row is slow on shared storage.

    Files are found below ``images`` or, without it, below the table's folder and its ``images/``, and nowhere else,
    because every picture in a table is shown to everyone. Names are compared exactly, and then without case, kind of
    slash, escapes, spaces and Unicode form, if only one file matches.

    Args:
        table_folder: The folder of the table.
        images: The folder of the pictures; None uses the folder of the table.
    """

    def __init__(self, table_folder: Path, images: Path | None) -> None:
        self.folders = [images] if images is not None else [table_folder, table_folder / "images"]
        self._listings: dict[str, Listing] = {}
        self._roots = [os.path.realpath(folder) for folder in self.folders]
        self._hints = 0
        self._elsewhere = OtherFolders(self.folders, IMAGE_SUFFIXES)

    def find_all(self, cells: Sequence[Any]) -> tuple[list[Picture], list[NoImage]]:
        """The pictures of some cells, each once, and the errors of those that were not found."""
        found: list[Picture] = []
        missing: list[NoImage] = []
        for cell in cells:
            for one in pictures_in(cell, self.has):
                try:
                    picture = one if isinstance(one, bytes) else self._picture(one)
                except NoImage as error:
                    missing.append(error)
                    continue
                if picture not in found:
                    found.append(picture)
        return found, missing

    def has(self, text: str) -> bool:
        """Whether a text is the path of a file in the folders of the pictures."""
        return self._file(text) is not None

    def find_by_id(self, *ids: str) -> Path:
        """The file named after one of the ids of a product.

        Raises:
            NoImage: There is none.
        """
        for id in ids:
            if "/" in id or "\\" in id or id in ("", ".", ".."):  # It would lead to another folder.
                continue
            for folder in reversed(self.folders):
                for below in ((), (id[:2],), (id[:3],)):
                    for suffix in IMAGE_SUFFIXES:
                        path = self._descend(folder, (*below, id + suffix))
                        if path is not None:
                            return path
        for id in ids:
            for suffix in IMAGE_SUFFIXES if not {"/", "\\"} & set(id) and id else ():
                path = self._elsewhere.find(id + suffix)
                if path is not None:
                    return path
        if (path := next(filter(None, map(self._elsewhere.numbered, ids)), None)) is not None:
            return path
        where = " or ".join(str(folder) for folder in self.folders)
        raise NoImage(
            f"there is no picture {excerpt(ids[0])}.jpg (or {', '.join(IMAGE_SUFFIXES[1:5])}) in {where}",
            "there is no picture named after the id",
        )

    def _picture(self, text: str) -> Picture:
        if is_data_url(text):
            return from_data_url(text)
        if is_base64(text):
            return from_base64(text)
        if match := re.match(r"(https?):[\\/]+", text, re.IGNORECASE):
            text = f"{match[1]}://{text[match.end() :]}".replace("\\", "/")
        elif text[:4].casefold() == "www.":
            text = f"https://{text}"
        if re.match(r"file:", text, re.IGNORECASE):
            text = urllib.parse.unquote(re.sub(r"^file:(?://[^/]*)?", "", text, flags=re.IGNORECASE))
        elif SCHEME.match(text):
            url = f"https:{text}" if text.startswith("//") else text
            url = url.replace("&amp;", "&")
            if not re.match(r"https?://", url, re.IGNORECASE):
                raise NoImage(f"pictures are not fetched from {excerpt(url)}", "an address that is not http or https")
            return Address(url)
        found = self._file(text) or self._elsewhere.find(plain_spellings(text)[-1])
        if found is not None:
            return found
        where = " or ".join(str(folder) for folder in self.folders)
        raise NoImage(f"there is no picture {excerpt(text)} in {where}{self._near(text)}", "there is no such picture")

    def _file(self, text: str) -> Path | None:
        """The file at a path below the folders; None if there is none."""
        for name in dict.fromkeys(spellings(text)):
            parts = [part for one in name.split("/") if (part := one.strip()) not in ("", ".")]
            if not parts or "\0" in name:
                continue
            for folder, root in zip(self.folders, self._roots, strict=True):
                if name.startswith("/"):
                    absolute = os.path.normpath(name)
                    for base in (str(folder.absolute()), root):
                        if absolute.startswith(base.rstrip("/") + "/"):
                            parts = absolute[len(base) :].strip("/").split("/")
                if ".." in parts:
                    inner = os.path.normpath(os.path.join(root, *parts))
                    if not inner.startswith(root.rstrip("/") + "/"):
                        continue
                    parts = inner[len(root) :].strip("/").split("/")
                path = self._descend(folder, tuple(parts))
                if path is not None:
                    return path
                own = os.path.basename(root).casefold()
                for place, part in enumerate(parts[:-1], start=1):  # The cell repeats the folder's own name.
                    if part.casefold() == own:
                        path = self._descend(folder, tuple(parts[place:]))
                        if path is not None:
                            return path
        return None

    def _descend(self, folder: Path, parts: tuple[str, ...]) -> Path | None:
        """The file at ``parts`` below a folder."""
        at = str(folder)
        for place, part in enumerate(parts):
            name = self._listing(at).find(part, folder=place < len(parts) - 1)
            if name is None:
                return None
            at = os.path.join(at, name)
        return Path(at)

    def _listing(self, folder: str) -> Listing:
        listing = self._listings.get(folder)
        if listing is None:
            listing = self._listings[folder] = Listing(folder, self._roots)
        return listing

    def _near(self, text: str) -> str:
        """The end of an error message, with the name of a similar file; empty if there is none."""
        self._hints += 1
        if self._hints > MAX_HINTS:
            return ""
        plain = plain_spellings(text)[-1]
        parts = [part for part in plain.split("/") if part]
        if parts and (path := self._elsewhere.namesake(parts[-1])):
            return f"; did you mean {os.path.relpath(path, self._roots[0])}?"
        if ".." in parts or plain.startswith("/"):
            return "; files outside that folder are not read"
        for folder in self.folders:
            for place, part in enumerate(parts):
                if part in self._listing(str(folder.joinpath(*parts[:place]))).outside:
                    return f"; {excerpt(part)} is a link that leads out of that folder and is not followed"
        wanted = parts[-1] if parts else text
        # A name with another number is the picture of another product.
        stem, digits = os.path.splitext(wanted)[0].casefold(), re.sub(r"\D", "", wanted)
        for folder in self.folders:
            places = {str(folder), str(folder.joinpath(*parts[:-1]))}
            names = [name for one in places for name in self._listing(one).files]
            near = [name for name in names if os.path.splitext(name)[0].casefold() == stem]
            alike = [name for name in names[:5000] if re.sub(r"\D", "", name) == digits]
            if near := near or difflib.get_close_matches(wanted, alike, n=1, cutoff=0.8):
                return f"; did you mean {near[0]}?"
        return ""
