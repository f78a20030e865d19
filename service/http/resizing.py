"""Resizes images for browsers. A separate module, so that decoder processes import little."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

from models.bundle import Container, decode_image
from service.search.uploads import open_within


class ImageFormat(NamedTuple):
    """A format that images are encoded in."""

    media_type: str
    name: str
    """Pillow's name of the format."""
    options: dict[str, Any]


# These options take a few milliseconds at 320 pixels. Slower ones reduce the size by at most 10%.
FORMATS = (
    ImageFormat("image/avif", "AVIF", {"quality": 60, "speed": 10, "max_threads": 1}),
    ImageFormat("image/webp", "WEBP", {"quality": 80, "method": 2}),
    ImageFormat("image/jpeg", "JPEG", {"quality": 82, "optimize": True, "progressive": True}),
)
"""By size of the files, the smallest first. The last one is the default."""


def resize(picture: bytes | Container, width: int, format: ImageFormat, memory_bytes: int | None = None) -> bytes:
    """Decode an image, make it ``width`` pixels wide unless it is narrower, and encode it.

    Args:
        memory_bytes: As for ``open_within``.

    Raises:
        UnreadableImage: It cannot be decoded.
        ImageTooLarge: Decoding it takes more than ``memory_bytes``.
    """
    image = decode_image(open_within(picture, memory_bytes), about=(width, 1))
    if image.width > width:
        image = image.resize((width, max(1, round(image.height * width / image.width))), reducing_gap=2.0)
    stream = io.BytesIO()
    image.save(stream, format.name, **format.options)
    return stream.getvalue()
