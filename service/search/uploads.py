"""Reads the reference picture of a request: checks its size, decodes it, and crops it to a box."""

from __future__ import annotations

import base64
import hashlib
import logging
import math
import string
from typing import NamedTuple

from PIL import Image

from models.bundle import Container, UnreadableImage, decode_image, open_image
from models.bundle.images import ImagePreprocessing, Pixels
from models.bundle.images.container import Format, memory_needed
from models.bundle.images.decoding import check_scans, check_size
from models.bundle.images.other_formats import format_of
from service.errors import ImageTooLarge
from service.limits import PictureLimits
from service.search.query import Box

LARGE_BYTES = 256 * 2**10
"""Size of a colour profile from which a picture is expensive to decode."""
LARGE_PIXELS = 2_000_000
LARGE_WORK = 8_000_000
"""Pixels times scans times ``_WORK``, and bytes times ``_BYTE_WORK``: about 20 ms."""
_WORK = {"JPEG": 1, "PNG": 2, "WEBP": 2}
"""Approximate cost of decoding a pixel of each format, relative to a baseline JPEG."""
_BYTE_WORK = {"JPEG": 4, "PNG": 8, "WEBP": 26}
"""The cost of a coded byte, in the same unit: at least that of noise. Deflate blocks without output take three times
that of a PNG here, so a PNG may take 64 ms; with their cost, ordinary screenshots would need a process."""
_TRIES_WITHOUT_END = 4
"""Number of times that a JPEG without its end marker is decoded."""

_FORMAT_NAMES = {"HEIF": "heic"}

logger = logging.getLogger(__name__)

UNKNOWN_TYPES = frozenset({"", "application/octet-stream"})
"""Media types of ``data:`` URLs that browsers make of files whose type they do not know, such as HEIC."""
_URL_ALPHABET = bytes.maketrans(b"-_", b"+/")


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


def decode_pixels(
    picture: bytes | Container, box: Box | None, images: ImagePreprocessing, memory_bytes: int | None = None,
    limits: PictureLimits | None = None,
) -> Pixels:  # fmt: skip
    """Decode a picture, or a box of it, to the vision graph's input: uint8 ``[H, W, 3]``.

    Args:
        memory_bytes: As for ``open_within``; likewise ``limits``.

    Raises:
        UnreadableImage: It cannot be decoded, the box is too small, or a limit is exceeded.
        ImageTooLarge: Decoding it takes more than ``memory_bytes``.
    """
    opened = open_within(picture, memory_bytes, limits)
    return images.pixels(decode_part(opened, box, about=(images.width, images.height)))


def open_within(picture: bytes | Container, memory_bytes: int | None, limits: PictureLimits | None = None) -> Container:
    """Open a picture, and check the memory that decoding it takes.

    Args:
        memory_bytes: Maximum memory; None does not limit it.
        limits: Those of the service for uploads; None applies only the built-in ones.

    Raises:
        UnreadableImage: It cannot be opened, or a limit is exceeded.
        ImageTooLarge: Decoding it takes more than ``memory_bytes``.
    """
    if limits is not None and isinstance(picture, bytes):
        _check_format(format_of(picture), limits)  # Before a library for the format reads its headers.
    container = open_image(picture) if isinstance(picture, bytes) else picture
    if limits is not None:
        _check_format(container.format, limits)
        check_size(*container.size, limits.pixels)
        check_scans(container.scans, limits.scans)
    if memory_bytes is not None and memory_needed(container) > memory_bytes:
        raise too_much_memory(container)
    return container


def _check_format(format: Format | None, limits: PictureLimits) -> None:
    name = format and _FORMAT_NAMES.get(format, format.lower())
    if name is not None and name not in limits.formats:
        raise UnreadableImage(
            f"The picture is {name.upper()}, which this service does not accept.",
            hint=f"Convert it to {' or '.join(limits.formats).upper()}.",
        )


def opens_in_decoder(data: bytes) -> bool:
    """Whether a decoder process opens and decodes a picture: AVIF, GIF, BMP, HEIC and TIFF.

    The libraries that read their headers may crash, and take much time and memory for a small file. The size in the
    headers need not be that of the coded pictures. libtiff prints errors to the standard error of its process, which
    Pillow cannot turn off, and ``ProcessPool`` discards that of its processes.
    """
    return format_of(data) is not None


def is_large(container: Container) -> bool:
    """Whether a JPEG, PNG or WebP may be expensive to decode, by its format, size, number of scans and bytes."""
    pixels, format = container.size[0] * container.size[1], container.format
    work = pixels * max(1, container.scans) * _WORK.get(format, math.inf)
    work += len(container.data) * _BYTE_WORK.get(format, math.inf)
    work *= 1 if container.ended else _TRIES_WITHOUT_END
    large_profile = len(container.profile) > LARGE_BYTES
    return pixels > LARGE_PIXELS or work > LARGE_WORK or large_profile or _has_prefix_codes(container)


def _has_prefix_codes(container: Container) -> bool:
    """Whether a part of a WebP is lossless. Such a part may have tens of thousands of prefix codes, whose tables take
    hundreds of megabytes, and seconds to build, for a file of 300 KB."""
    return container.format == "WEBP" and any(kind in container.data for kind in (b"VP8L", b"ALPH"))


def too_much_memory(picture: bytes | Container) -> ImageTooLarge:
    """The error for a picture that takes too much memory to decode."""
    return _too_costly(picture, "memory")


def too_slow(picture: bytes | Container) -> ImageTooLarge:
    """The error for a picture that takes too much time to decode."""
    return _too_costly(picture, "time")


def _too_costly(picture: bytes | Container, what: str) -> ImageTooLarge:
    size = "" if isinstance(picture, bytes) else f" of {picture.size[0]} x {picture.size[1]} pixels"
    return ImageTooLarge(
        f"The picture{size} takes too much {what} to decode.", hint="Send it smaller: 1,000 pixels a side are plenty."
    )


def log_crash(picture: bytes | Container, ended_by: str) -> None:
    """Log that a decoder process ended while it decoded a picture, without contents of the picture."""
    if isinstance(picture, bytes):
        kind = f"{format_of(picture)} picture of {len(picture):,} bytes"
    else:
        kind = f"{picture.format} picture of {picture.size[0]} x {picture.size[1]} pixels"
    logger.warning("A decoder process was ended by %s while it decoded a %s.", ended_by, kind)


def too_large(limit: int) -> ImageTooLarge:
    """The error for a picture with more than ``limit`` bytes."""
    return ImageTooLarge(
        f"The picture has more than {limit:,} bytes.", hint="Send it smaller: 1,000 pixels a side are plenty."
    )


def _decoded(text: str, limit: int) -> bytes:
    payload = text
    if text[:5].lower() == "data:":
        header, _, payload = text.partition(",")
        kind, *parameters = header[len("data:") :].lower().split(";")
        if not (kind.startswith("image/") or kind in UNKNOWN_TYPES) or parameters[-1:] != ["base64"]:
            raise UnreadableImage(
                "The data: URL in image_base64 is not a picture in base64.",
                hint="Start it with data:image/jpeg;base64, or similar.",
            )
    try:  # As bytes: the methods of ``str`` hold the interpreter for a second, or make a list of all pieces.
        coded = payload.encode("ascii").translate(_URL_ALPHABET, string.whitespace.encode()).rstrip(b"=")
        if len(coded) * 3 // 4 > limit:
            raise too_large(limit)
        return base64.b64decode(coded + b"=" * (-len(coded) % 4), validate=True)
    except ValueError as error:
        raise UnreadableImage(
            "image_base64 is not valid base64.", hint="Encode the file's bytes with base64."
        ) from error
