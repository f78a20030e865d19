"""Finds the pictures of a row: in its cells, at paths or addresses, or in files named after the product's id."""

from __future__ import annotations

import difflib
import html
import json
import os
import re
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from catalog.folders import Listing, OtherFolders
from catalog.names.plain import plain_name
from catalog.product import Address, Picture
from catalog.table import shown
from catalog.values import plain_text
from catalog.values.embedded import NoImage, from_base64, from_data_url, is_base64
from catalog.values.listed import listed

IMAGE_SUFFIXES = (
    ".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".jfif",
)  # fmt: skip
MAX_HINTS = 100
_SUFFIX = re.compile(rf"\.(?:{'|'.join(suffix[1:] for suffix in IMAGE_SUFFIXES)})(?:[?#]\S*)?$", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+://|//[\w.-]+\.\w", re.IGNORECASE)
_NEXT_ADDRESS = re.compile(r"(?:[,;|\s]|::|\\n)\s*(?=https?://|//\w|data:)", re.IGNORECASE)
_SEPARATOR = re.compile(
    rf"[|,;\n]|::|\\n|\s(?=https?:)|\.(?:{'|'.join(suffix[1:] for suffix in IMAGE_SUFFIXES)})\s+(?=\S)", re.IGNORECASE
)
_WITHIN = re.compile(r"https?://[^\s\"'<>()|]+", re.IGNORECASE)
_MARKED = re.compile(r"""<img\s[^<>]*?src\s*=\s*["']?([^"'<>\s]+)|!\[[^\[\]]*\]\(([^()\s]+)""", re.IGNORECASE)
_OBJECTS = ("media", "image", "file", "node")
"""Fields of objects with the object of a picture: Shopware's ``{"position": 1, "media": {"url": ...}}``."""
_FIELDS = (
    "src", "url", "path", "href", "link", "file", "urlstandard", "urlzoom", "original", "originalsrc", "imageurl",
    "image", "urlfullxfull", "full", "xlarge", "large", "big", "originalurl", "fullurl", "largeurl",
    "mediapath", "imagepath", "filepath", "filename", "mediaurl", "fileurl",
)  # fmt: skip
"""Fields of objects with the address or path of a picture; the first one counts, the others are other sizes."""
_MEDIA_TYPES = ("type", "mediatype", "mediacontenttype", "mimetype", "contenttype")
"""Fields of objects that tell pictures from videos."""


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
            for one in self._named(cell):
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
        where = " or ".join(str(folder) for folder in self.folders)
        raise NoImage(
            f"there is no picture {shown(ids[0])}.jpg (or {', '.join(IMAGE_SUFFIXES[1:5])}) in {where}",
            "there is no picture called like the id",
        )

    def _named(self, cell: Any) -> Iterator[str | bytes]:
        """The pictures of one cell: contents, paths and addresses."""
        if isinstance(cell, list | tuple):
            for item in cell:
                yield from self._named(item)
        elif isinstance(cell, dict):  # The Hugging Face hub keeps {"bytes", "path"}, shop APIs answer {"src"}.
            content = cell.get("bytes")
            fields = {_field(name): value for name, value in cell.items()}
            if any(plain_text(fields.get(name)).casefold().startswith("video") for name in _MEDIA_TYPES):
                return
            named = next((fields[name] for name in _FIELDS if fields.get(name)), None)
            if isinstance(content, bytes) and content:
                yield content
            elif named is not None:
                yield from self._named(named)
            else:  # {"main": "a.jpg", "others": ["b.jpg"]}
                for value in cell.values():
                    if isinstance(value, dict | list) or (isinstance(value, str) and names_picture(value)):
                        yield from self._named(value)
        elif isinstance(cell, bytes):
            if cell:
                yield cell
        elif text := plain_text(cell):
            yield from self._split(text)

    def _split(self, text: str) -> list[str]:
        """The pictures in a text: paths and addresses."""
        if is_base64(text):
            return [text]
        packed = _unpacked(text)
        if packed is not None and self._file(text) is None:
            return [item for item in self._named(packed) if isinstance(item, str)]
        if _is_data_url(text):
            parts = _NEXT_ADDRESS.split(text)
            return parts if all(map(_is_data_url, parts)) else [text]
        within = [] if _SCHEME.match(text) else _WITHIN.findall(text) or _marked(text)
        if not (within or _SEPARATOR.search(text)) or (not _SCHEME.match(text) and self._file(text) is not None):
            return [text]
        # <img src="...">, =IMAGE("..."), name.jpg (https://...)
        return [part.rstrip(",;") for part in within] or _separated(text)

    def _picture(self, text: str) -> Picture:
        if _is_data_url(text):
            return from_data_url(text)
        if is_base64(text):
            return from_base64(text)
        if match := re.match(r"(https?):[\\/]+", text, re.IGNORECASE):
            text = f"{match[1]}://{text[match.end() :]}".replace("\\", "/")
        elif text[:4].casefold() == "www.":
            text = f"https://{text}"
        if re.match(r"file:", text, re.IGNORECASE):
            text = urllib.parse.unquote(re.sub(r"^file:(?://[^/]*)?", "", text, flags=re.IGNORECASE))
        elif _SCHEME.match(text):
            url = f"https:{text}" if text.startswith("//") else text
            url = url.replace("&amp;", "&")
            if not re.match(r"https?://", url, re.IGNORECASE):
                raise NoImage(f"pictures are not fetched from {shown(url)}", "an address that is not http or https")
            return Address(url)
        found = self._file(text) or self._elsewhere.find(next(reversed(list(_plain_spellings(text)))))
        if found is not None:
            return found
        where = " or ".join(str(folder) for folder in self.folders)
        raise NoImage(f"there is no picture {shown(text)} in {where}{self._near(text)}", "there is no such picture")

    def _file(self, text: str) -> Path | None:
        """The file at a path below the folders; None if there is none."""
        for name in dict.fromkeys(_spellings(text)):
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
        plain = next(reversed(list(_plain_spellings(text))))
        parts = [part for part in plain.split("/") if part]
        if parts and (path := self._elsewhere.namesake(parts[-1])):
            return f"; did you mean {os.path.relpath(path, self._roots[0])}?"
        if ".." in parts or plain.startswith("/"):
            return "; files outside that folder are not read"
        for folder in self.folders:
            for place, part in enumerate(parts):
                if part in self._listing(str(folder.joinpath(*parts[:place]))).outside:
                    return f"; {shown(part)} is a link that leads out of that folder and is not followed"
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


def _unpacked(text: str) -> Any:
    """The list or object in a text; None if there is none."""
    packed = listed(text)
    if packed is None and text.startswith("{"):
        with suppress(ValueError):
            return json.loads(text)
    return packed


def _marked(text: str) -> list[str]:
    """The pictures in HTML and Markdown: ``<img src="a.jpg">``, ``![front](a.jpg)``."""
    return [tag or mark for tag, mark in _MARKED.findall(text)] if text[:1] in "<!" else []


def _is_data_url(text: str) -> bool:
    return text[:5].casefold() == "data:"


def _separated(text: str) -> list[str]:
    """The addresses or paths between separators."""
    addresses = _NEXT_ADDRESS.split(text)
    if len(addresses) > 1 and all(map(_SCHEME.match, addresses)):
        return [part.strip(" ,;|") for part in addresses]
    for sign in ("|", "\n", ";", ",", " / ", " + ", " & "):
        parts = [part.strip() for part in text.split(sign) if part.strip()]
        if len(parts) > 1 and (sign in "|\n" or all(map(_SUFFIX.search, parts))):
            return parts
    blank = text.split()
    return blank if all(map(_SUFFIX.search, blank)) else [text.strip("|,; ")]


def names_picture(cell: Any) -> bool:
    """Whether a cell is the path, the address or the ``data:`` URL of a picture, or a list or object with one of them:
    ``[{"type": "image", "src": "a.jpg"}]``."""
    if isinstance(cell, list | tuple):
        return any(map(names_picture, cell))
    if isinstance(cell, dict):
        named = {_field(name): value for name, value in cell.items()}
        within = any(isinstance(named.get(name), dict) and names_picture(named[name]) for name in _OBJECTS)
        return within or any(names_picture(value) for name, value in named.items() if name in _FIELDS)
    text = cell if isinstance(cell, str) else plain_text(cell)
    return text[:11].casefold() == "data:image/" or bool(_SUFFIX.search(text))


def _field(name: Any) -> str:
    """The plain name of a field, without that of a system before it: ``salsify:url`` is ``url``."""
    return plain_name(str(name).rpartition(":")[2])


def _spellings(text: str) -> Iterator[str]:
    """A path as written, then with normal slashes, without escapes and query, and then with suffixes of pictures."""
    yield from (plain := list(_plain_spellings(text)))
    if not os.path.splitext(plain[-1])[1]:
        yield from (f"{plain[-1]}{suffix}" for suffix in IMAGE_SUFFIXES)


def _plain_spellings(text: str) -> Iterator[str]:
    yield text
    plain = text.replace("\\", "/")
    plain = re.sub(r"^[A-Za-z]:(?=/)", "", plain)
    yield plain
    yield urllib.parse.unquote(html.unescape(plain))
    cut = re.split(r"[?#]", plain, maxsplit=1)[0]
    yield cut
    yield urllib.parse.unquote_plus(cut)
    yield re.sub(r"^/?(?:pub/)?media/catalog/product/", "", cut)  # Magento's own folder.
    yield urllib.parse.unquote(urllib.parse.unquote(cut))
