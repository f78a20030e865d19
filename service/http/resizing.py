"""Resizing of images, apart from HTTP so that a process of its own can import it quickly."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

from models.bundle import decode_image


class ImageFormat(NamedTuple):
    """A format that images are encoded in."""

    media_type: str
    name: str
    """As Pillow calls it."""
    options: dict[str, Any]


# The options are those that take a few milliseconds at 320 pixels; slower ones make files a tenth smaller at most.
FORMATS = (
    ImageFormat("image/avif", "AVIF", {"quality": 60, "speed": 10, "max_threads": 1}),
    ImageFormat("image/webp", "WEBP", {"quality": 80, "method": 2}),
    ImageFormat("image/jpeg", "JPEG", {"quality": 82, "optimize": True, "progressive": True}),
)
"""The smallest files first. The last one is for clients that accept none by name."""


def resize(data: bytes, width: int, format: ImageFormat) -> bytes:
    """Decode an image, make it ``width`` pixels wide unless it is narrower, and encode it.

    Raises:
        UnreadableImage: It cannot be decoded.
    """
    image = decode_image(data, about=(width, 1))
    if image.width > width:
        image = image.resize((width, max(1, round(image.height * width / image.width))), reducing_gap=2.0)
    stream = io.BytesIO()
    image.save(stream, format.name, **format.options)
    return stream.getvalue()
