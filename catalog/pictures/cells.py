"""The pictures that a cell states: contents, paths and addresses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from catalog.names.plain import plain_name
from catalog.pictures.folders import IMAGE_SUFFIXES
from catalog.values import plain_text
from catalog.values.embedded import is_base64
from catalog.values.listed import listed

_SUFFIX = re.compile(rf"\.(?:{'|'.join(suffix[1:] for suffix in IMAGE_SUFFIXES)})(?:[?#]\S*)?$", re.IGNORECASE)
SCHEME = re.compile(r"[a-z][a-z0-9+.-]+://|//[\w.-]+\.\w", re.IGNORECASE)
_NEXT_ADDRESS = re.compile(r"(?:[,;|\s]|::|\\n)\s*(?=https?://|//\w|data:)", re.IGNORECASE)
_SEPARATOR = re.compile(
    rf"[|,;\n]|::|\\n|\s(?=https?:)|\.(?:{'|'.join(suffix[1:] for suffix in IMAGE_SUFFIXES)})\s+(?=\S)", re.IGNORECASE
)
_WITHIN = re.compile(r"https?://[^\s\"'<>()|]+", re.IGNORECASE)
_BESIDE = re.compile(
    rf"\.(?:{'|'.join(suffix[1:] for suffix in IMAGE_SUFFIXES)})\s*\(https?://[^()]+\)$", re.IGNORECASE
)
"""The name of a file before its address, as Airtable writes attachments."""
_CAPTIONS = re.compile(r" ! (?:alt|title|desc|caption) ?:[^|]*")
"""Texts about a picture, as WebToffee's exports of WooCommerce write them behind its address."""
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


def pictures_in(cell: Any, is_file: Callable[[str], bool]) -> Iterator[str | bytes]:
    """The pictures of one cell: contents, paths and addresses.

    Args:
        cell: The cell.
        is_file: Whether a text is the path of a file. Such a text is not split, even if it has separators.
    """
    if isinstance(cell, list | tuple):
        for item in cell:
            yield from pictures_in(item, is_file)
    elif isinstance(cell, dict):  # The Hugging Face hub keeps {"bytes", "path"}, shop APIs answer {"src"}.
        content = cell.get("bytes")
        fields = {_field(name): value for name, value in cell.items()}
        if any(plain_text(fields.get(name)).casefold().startswith("video") for name in _MEDIA_TYPES):
            return
        named = next((fields[name] for name in _FIELDS if fields.get(name)), None)
        if isinstance(content, bytes) and content:
            yield content
        elif named is not None:
            yield from pictures_in(named, is_file)
        else:  # {"main": "a.jpg", "others": ["b.jpg"]}
            for value in cell.values():
                if isinstance(value, dict | list) or (isinstance(value, str) and names_picture(value)):
                    yield from pictures_in(value, is_file)
    elif isinstance(cell, bytes):
        if cell:
            yield cell
    elif text := plain_text(cell):
        yield from _split(text, is_file)


def _split(text: str, is_file: Callable[[str], bool]) -> list[str]:
    """The pictures in a text: paths and addresses."""
    if is_base64(text):
        return [text]
    text = _CAPTIONS.sub("", text)
    packed = _unpacked(text)
    if packed is not None and not is_file(text):
        return [item for item in pictures_in(packed, is_file) if isinstance(item, str)]
    if is_data_url(text):
        parts = _NEXT_ADDRESS.split(text)
        return parts if all(map(is_data_url, parts)) else [text]
    within = [] if SCHEME.match(text) else _WITHIN.findall(text) or _marked(text)
    if not (within or _SEPARATOR.search(text)) or (not SCHEME.match(text) and is_file(text)):
        return [text]
    # <img src="...">, =IMAGE("..."), name.jpg (https://...)
    return [part.rstrip(",;") for part in within] or _separated(text)


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


def is_data_url(text: str) -> bool:
    return text[:5].casefold() == "data:"


def _separated(text: str) -> list[str]:
    """The addresses or paths between separators."""
    addresses = _NEXT_ADDRESS.split(text)
    if len(addresses) > 1 and all(map(SCHEME.match, addresses)):
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
    return text[:11].casefold() == "data:image/" or bool(_SUFFIX.search(text) or _BESIDE.search(text))


def _field(name: Any) -> str:
    """The plain name of a field, without that of a system before it: ``salsify:url`` is ``url``."""
    return plain_name(str(name).rpartition(":")[2])
