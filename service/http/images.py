"""Product images for browsers: as the catalogue has them, or resized, in the best format that the client accepts."""

from __future__ import annotations

import hashlib
import io
import re
from functools import partial
from typing import Any, NamedTuple

from cachetools import LRUCache

from indexer.generation import Generation
from models.bundle import UnreadableImage, decode_image
from models.errors import ModisteError
from service.errors import NotFound, excerpt
from service.execution.thread_pool import ThreadPool

MIN_WIDTH, MAX_WIDTH = 16, 2048


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

_REFUSED = re.compile(r"[^,]*;\s*q=0(\.0*)?\s*(?=,|$)")
"""A media range of weight 0, which the client does not accept."""


class ProductImage(NamedTuple):
    """An encoded image."""

    data: bytes
    media_type: str


class ProductImages:
    """Reads, resizes and encodes product images in threads, and caches the resized ones.

    An image is answered only if its file still has the sha256 that was indexed, and only as a type that its content
    has. A file or a link that was put in its place is not answered.

    Args:
        threads: Where files are read and images resized.
        cache_bytes: Bound of all cached images together; 0 caches none.
    """

    def __init__(self, threads: ThreadPool, cache_bytes: int) -> None:
        self._threads = threads
        self._cache: LRUCache[str, ProductImage] = LRUCache(cache_bytes, getsizeof=lambda image: len(image.data))

    async def get(self, generation: Generation, row: int, width: int | None, format: ImageFormat) -> ProductImage:
        """The image of the product in ``row``.

        Args:
            width: Pixels; smaller images are not enlarged. None answers with the catalogue's own file, if browsers can
                show its format.
            format: For resized images.

        Raises:
            NotFound: The file is gone, is no picture, or is not the one that was indexed.
            Overloaded: Too many requests wait for a thread.
        """
        tag = etag(generation, row, width, format)
        cached = self._cache.get(tag)
        if cached is not None:
            return cached
        image = await self._threads.run(partial(_load, generation, row, width, format))
        if width is not None and len(image.data) <= self._cache.maxsize:
            self._cache[tag] = image
        return image


def etag(generation: Generation, row: int, width: int | None, format: ImageFormat) -> str:
    """A strong entity tag; it changes with the content of the image."""
    variant = "" if width is None else f"-{width}-{format.name.lower()}"
    return f'"{generation.image_hash(row)}{variant}"'


def accepted_format(accept: str) -> ImageFormat:
    """The first of ``FORMATS`` that an ``Accept`` header names, else the last."""
    accepted = {range.strip().lower() for range in _REFUSED.sub("", accept).replace(";", ",").split(",")}
    return next((format for format in FORMATS if format.media_type in accepted), FORMATS[-1])


def media_type_of(data: bytes) -> str | None:
    """The type of an image that every browser shows, by the first bytes of the file; None for anything else."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/avif" if data[4:12] in (b"ftypavif", b"ftypavis") else None


def _load(generation: Generation, row: int, width: int | None, format: ImageFormat) -> ProductImage:
    name = excerpt(generation.product(row)["id"])
    try:
        data = generation.image(row)
    except ModisteError as error:
        raise _gone(f"The picture of product {name} is gone.") from error
    if hashlib.sha256(data).hexdigest() != generation.image_hash(row):
        raise _gone(f"The picture of product {name} is not the one that was indexed.")
    media_type = media_type_of(data)
    if width is None and media_type is not None:
        return ProductImage(data, media_type)
    try:
        return ProductImage(_resized(data, width or MAX_WIDTH, format), format.media_type)
    except UnreadableImage as error:
        raise _gone(f"The picture of product {name} cannot be read.") from error


def _resized(data: bytes, width: int, format: ImageFormat) -> bytes:
    image = decode_image(data, about=(width, 1))
    if image.width > width:
        image = image.resize((width, max(1, round(image.height * width / image.width))), reducing_gap=2.0)
    stream = io.BytesIO()
    image.save(stream, format.name, **format.options)
    return stream.getvalue()


def _gone(why: str) -> NotFound:
    return NotFound(why, hint="The operator can build the index again.")
