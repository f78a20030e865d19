"""Pictures as references: read from a request, bounded, decoded, and cropped to a box."""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
from typing import NamedTuple

from PIL import Image

from models.bundle import Container, UnreadableImage, decode_image, open_image
from service.errors import ImageTooLarge
from service.search.query import Box

LARGE_BYTES = 256 * 2**10
LARGE_PIXELS = 2_000_000

_URL_ALPHABET = str.maketrans("-_", "+/")


MIN_BOX_SIDE = 8
"""Pixels; the smallest side of a picture that can be searched with, too."""


class Picture(NamedTuple):
    """A picture's file, and its sha256 in hexadecimal."""

    data: bytes
    digest: str


def features_key(digest: str, box: Box | None) -> str:
    """The key of what the model sees in a picture, or in a part of it."""
    return digest if box is None else f"{digest}:{','.join(map(str, box))}"


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


def opened_if_small(data: bytes) -> Container | None:
    """A picture for ``decode_image``; None where decoding it takes more than a few milliseconds. Headers that say so
    are not read again.

    Raises:
        UnreadableImage: A small file's headers forbid to decode it.
    """
    if len(data) > LARGE_BYTES:
        return None
    container = open_image(data)
    return container if container.size[0] * container.size[1] <= LARGE_PIXELS else None


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
