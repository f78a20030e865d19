"""Pictures as references: read from a request, bounded, decoded, and cropped to a box."""

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
LARGE_PIXELS = 2_000_000
LARGE_WORK = 8_000_000
"""Pixels times scans times ``_WORK``: some 20 ms."""
_WORK = {"JPEG": 1, "PNG": 2, "WEBP": 2, "BMP": 1, "GIF": 2, "TIFF": 2, "AVIF": 8, "HEIF": 8}
"""What decoding a pixel of each format costs, roughly, as multiples of a pixel of a baseline JPEG."""
_PIXEL_BYTES = 16
"""The decoder's own copy, the picture, and a conversion of it, at four bytes each, and the padding."""
_JPEG_BYTES = 4
"""A progressive JPEG's coefficients, two bytes each in 4:2:0, and the smaller picture."""

_URL_ALPHABET = str.maketrans("-_", "+/")


MIN_BOX_SIDE = 8
"""Pixels; the smallest side of a picture that can be searched with, too."""


class Picture(NamedTuple):
    """A picture's file, and its sha256 in hexadecimal."""

    data: bytes
    digest: str


def features_key(shop: str, digest: str, box: Box | None) -> str:
    """The key of what the model sees in a picture, or in a part of it. Each shop has its own, because the time of an
    answer would tell another that someone has sent the same picture."""
    return ":".join((shop, digest, *map(str, box or ())))


def decode_part(picture: bytes | Container, box: Box | None, *, about: tuple[int, int]) -> Image.Image:
    """Decode a picture to upright RGB and cut out ``box``; without one it is the whole picture.

    Args:
        about: (width, height) that the result needs at least; a JPEG may be decoded at a smaller scale.

    Raises:
        UnreadableImage: The picture cannot be decoded, or the box holds too few of its pixels.
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
        raise UnreadableImage(
            f"The box holds {part.width} x {part.height} pixels of the picture, which is too small to search with.",
            hint=f"Send a box of at least {MIN_BOX_SIDE} x {MIN_BOX_SIDE} pixels.",
        )
    return part


def read_picture(sent: bytes | str, limit: int) -> Picture:
    """The file that was sent: as it is, or as text: base64 in the usual or the URL alphabet, or a
    ``data:image/...;base64,`` URL.

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
    """Whether decoding a picture takes much time or memory, by its format, size and number of scans."""
    pixels = container.size[0] * container.size[1]
    work = pixels * max(1, container.scans) * _WORK[container.format]
    return pixels > LARGE_PIXELS or work > LARGE_WORK


def memory_needed(container: Container) -> int:
    """Bytes that decoding a picture takes at most. A JPEG is decoded at a smaller scale, in rows."""
    pixels = container.size[0] * container.size[1]
    return pixels * (_JPEG_BYTES if container.format == "JPEG" else _PIXEL_BYTES)


def too_large(limit: int) -> ImageTooLarge:
    """The problem of a picture with more than ``limit`` bytes."""
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
                hint="It begins with data:image/jpeg;base64, or the like.",
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
