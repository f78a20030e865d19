"""Reads the reference picture of a request: checks its size, decodes it, and crops it to a box."""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
from typing import NamedTuple

from PIL import Image

from models.bundle import Container, UnreadableImage, decode_image
from models.bundle.images import ImagePreprocessing, Pixels
from service.errors import ImageTooLarge
from service.search.query import Box

LARGE_BYTES = 256 * 2**10
"""Of a colour profile, and of a file in ``_SLOW_PER_BYTE``."""
_SLOW_PER_BYTE = ("BMP", "GIF")
"""Formats in which decoding a few pixels can take long."""
LARGE_PIXELS = 2_000_000
LARGE_WORK = 8_000_000
"""Pixels times scans times ``_WORK``: about 20 ms."""
_WORK = {"JPEG": 1, "PNG": 2, "WEBP": 2, "BMP": 1, "GIF": 2, "AVIF": 8, "HEIF": 8}
"""Approximate cost of decoding a pixel of each format, relative to a baseline JPEG."""
_TRIES_WITHOUT_END = 4
"""How often a JPEG without its end marker is decoded."""
_PIXEL_BYTES = 16
"""The decoder's copy, the picture and a converted copy, at four bytes each, and padding."""
_JPEG_BYTES = 4
"""The coefficients of a progressive JPEG, two bytes each in 4:2:0, and the smaller picture."""

_URL_ALPHABET = str.maketrans("-_", "+/")


MIN_BOX_SIDE = 8
"""Pixels."""


class BoxTooSmall(UnreadableImage):
    """The box has too few pixels."""

    field = "box"


class Picture(NamedTuple):
    """A picture file, and its SHA-256 in hexadecimal."""

    data: bytes
    digest: str


def decode_part(picture: bytes | Container, box: Box | None, *, about: tuple[int, int]) -> Image.Image:
    """Decode a picture to upright RGB and crop it to ``box``, if there is one.

    Args:
        about: Minimum (width, height) of the result; a JPEG may be decoded at a smaller scale.

    Raises:
        UnreadableImage: The picture cannot be decoded.
        BoxTooSmall: The box has too few pixels.
    """
    if box is None:
        return decode_image(picture, about=about)
    x0, y0, x1, y1 = box
    image = decode_image(picture, about=(round(about[0] / (x1 - x0)), round(about[1] / (y1 - y0))))
    corners = (
        math.floor(x0 * image.width), math.floor(y0 * image.height),
        math.ceil(x1 * image.width), math.ceil(y1 * image.height),
    )  # fmt: skip
    part = image.crop(corners)
    if min(part.size) < MIN_BOX_SIDE:
        raise BoxTooSmall(
            f"The box has {part.width} x {part.height} pixels, which is too small to search with.",
            hint=f"Send a box of at least {MIN_BOX_SIDE} x {MIN_BOX_SIDE} pixels.",
        )
    return part


def read_picture(sent: bytes | str, limit: int) -> Picture:
    """The picture file of a request: bytes, base64 in the standard or the URL alphabet, or a ``data:image/...;base64,``
    URL.

    Raises:
        ImageTooLarge: It has more than ``limit`` bytes.
        UnreadableImage: The text is not base64 of an image.
    """
    data = _decoded(sent, limit) if isinstance(sent, str) else sent
    if len(data) > limit:
        raise too_large(limit)
    return Picture(data, hashlib.sha256(data).hexdigest())


def decode_pixels(picture: bytes | Container, box: Box | None, images: ImagePreprocessing) -> Pixels:
    """Decode a picture, or a box of it, to the vision graph's input: uint8 ``[H, W, 3]``.

    Raises:
        UnreadableImage: It cannot be decoded, or the box is too small.
    """
    return images.pixels(decode_part(picture, box, about=(images.width, images.height)))


def is_large(container: Container) -> bool:
    """Whether a picture is expensive to decode, by its format, size and number of scans.

    Every TIFF counts as large: libtiff prints errors to the standard error of its process, which Pillow cannot turn
    off, and ``ProcessPool`` discards that of its processes.
    """
    if container.format == "TIFF":
        return True
    pixels = container.size[0] * container.size[1]
    passes = max(1, container.scans) * (1 if container.ended else _TRIES_WITHOUT_END)
    work = pixels * passes * _WORK[container.format]
    slow_bytes = len(container.data) if container.format in _SLOW_PER_BYTE else len(container.profile)
    return pixels > LARGE_PIXELS or work > LARGE_WORK or slow_bytes > LARGE_BYTES


def memory_needed(container: Container) -> int:
    """Maximum bytes for decoding a picture. A JPEG is decoded at a smaller scale, in rows."""
    pixels = container.size[0] * container.size[1]
    return pixels * (_JPEG_BYTES if container.format == "JPEG" else _PIXEL_BYTES)


def too_large(limit: int) -> ImageTooLarge:
    """The error for a picture with more than ``limit`` bytes."""
    return ImageTooLarge(
        f"The image has more than {limit:,} bytes.", hint="Send it smaller: 1,000 pixels a side are plenty."
    )


def _decoded(text: str, limit: int) -> bytes:
    payload = text
    if text[:5].lower() == "data:":
        header, _, payload = text.partition(",")
        if not (header[5:].lower().startswith("image/") and header.lower().endswith(";base64")):
            raise UnreadableImage(
                "The data: URL in image_base64 is not a picture in base64.",
                hint="Start it with data:image/jpeg;base64, or similar.",
            )
    payload = "".join(payload.split()).rstrip("=").translate(_URL_ALPHABET)
    if len(payload) * 3 // 4 > limit:
        raise too_large(limit)
    try:
        return base64.b64decode(payload + "=" * (-len(payload) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnreadableImage(
            "image_base64 is not valid base64.", hint="Encode the file's bytes with base64."
        ) from error
