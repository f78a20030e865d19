"""The picture that a request brings: its bytes, and how many there may be."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import NamedTuple

from models.bundle import Container, UnreadableImage, open_image
from service.errors import ImageTooLarge

LARGE_BYTES = 256 * 2**10
LARGE_PIXELS = 2_000_000

_URL_ALPHABET = str.maketrans("-_", "+/")


class Picture(NamedTuple):
    """A picture's file, and its sha256 in hexadecimal."""

    data: bytes
    digest: str


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
