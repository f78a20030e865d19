"""Pictures that are in a cell themselves: base64 and ``data:`` URLs."""

from __future__ import annotations

import base64
import binascii
import re
import urllib.parse

_BASE64 = re.compile(r"(?:/9j/|iVBORw0KGgo|UklGR|R0lGOD)[\w+/\s]{80,}={0,2}\s*", re.ASCII)
"""The first bytes of JPEG, PNG, WebP and GIF in base64, and more of it."""


class NoImage(Exception):
    """Why a row has no picture; ``kind`` is equal for all rows with this fault."""

    def __init__(self, reason: str, kind: str) -> None:
        super().__init__(reason)
        self.kind = kind


def is_base64(text: str) -> bool:
    """Whether a text is a picture in base64 without the head of a ``data:`` URL."""
    return text[:4] in ("/9j/", "iVBO", "UklG", "R0lG") and _BASE64.fullmatch(text) is not None


def from_data_url(text: str) -> bytes:
    """The picture in a ``data:`` URL.

    Raises:
        NoImage: It is not valid base64, or empty.
    """
    head, _, payload = text.partition(",")
    if head.casefold().endswith(";base64"):
        return from_base64(urllib.parse.unquote(payload))
    return _filled(urllib.parse.unquote_to_bytes(payload))


def from_base64(text: str) -> bytes:
    """The picture in base64 text, with or without the head of a ``data:`` URL.

    Raises:
        NoImage: It is not valid base64, or empty.
    """
    payload = text.partition(",")[2] if text.startswith("data:") else text
    try:
        return _filled(base64.b64decode("".join(payload.split()), validate=True))
    except (binascii.Error, ValueError) as error:
        raise NoImage(f"the picture is not valid base64: {error}", "the picture is not valid base64") from error


def _filled(content: bytes) -> bytes:
    if not content:
        raise NoImage("the picture in the row is empty", "the picture in the row is empty")
    return content
