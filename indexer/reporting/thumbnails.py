"""Thumbnails in the page, as ``data:`` URLs."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image

from catalog.errors import ModisteError
from indexer.generations.generation import Generation
from models.bundle import decode_image

SIDE = 88
START = 24
"""Number of bytes that are shown of a file that is not a picture."""


def of_product(generation: Generation, row: int) -> str | None:
    """The main picture of a product; None if it can no longer be read."""
    try:
        return _encoded(generation.image(row))
    except ModisteError:
        return None


def of_file(path: Path) -> tuple[str | None, str]:
    """A picture file; if it cannot be decoded, None and its first bytes."""
    try:
        with path.open("rb") as stream:
            start = stream.read(START)
            content = start + stream.read()
    except OSError as error:
        return None, error.strerror or "cannot be read"
    try:
        return _encoded(content), ""
    except ModisteError:
        return None, start.decode("ascii", "replace").replace("\ufffd", "·") if start else "empty"


def _encoded(content: bytes) -> str:
    picture = decode_image(content, about=(SIDE, SIDE))
    picture.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR)
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=75)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"
