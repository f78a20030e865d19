"""Product images for browsers: the original file, or resized in the best format that the client accepts."""

from __future__ import annotations

import hashlib
import logging
from functools import partial
from typing import NamedTuple

from cachetools import LRUCache

from catalog.errors import ModisteError
from indexer.generations.generation import Generation
from models.bundle import Container, UnreadableImage, open_image
from service.errors import ImageTooLarge, NotFound, PictureGone, excerpt
from service.execution.process_pool import ProcessPool, WorkFailed
from service.execution.threads import Threads
from service.http.middleware.scope import accepted
from service.http.resizing import FORMATS, ImageFormat, resize
from service.observability.throttled_warning import ThrottledWarning
from service.search.uploads import is_large, log_crash, open_within, opens_in_decoder

logger = logging.getLogger(__name__)

MIN_WIDTH, MAX_WIDTH = 16, 2048


class ProductImage(NamedTuple):
    """An encoded image."""

    data: bytes
    media_type: str


class ProductImages:
    """Reads, resizes and encodes product images, and caches the resized ones.

    An image is served only if its file has the SHA-256 that was indexed, with a media type detected from its content.
    A file or a link that replaced it is not served.

    Args:
        readers: Reads files and resizes ordinary images.
        decoders: Resizes large images.
        cache_bytes: Maximum bytes of all cached images; 0 caches none.
    """

    def __init__(self, readers: Threads, decoders: ProcessPool, cache_bytes: int) -> None:
        self._readers, self._decoders = readers, decoders
        self._gone = ThrottledWarning(logger)
        self._cache: LRUCache[str, ProductImage] = LRUCache(cache_bytes, getsizeof=lambda image: len(image.data))

    async def get(
        self, generation: Generation, row: int, number: int, width: int | None, format: ImageFormat
    ) -> ProductImage:
        """An image of the product in ``row``.

        Args:
            number: Index of the image; 0 is the main image.
            width: Pixels; smaller images are not enlarged. None returns the original file if browsers support its
                format. The original is also returned if resizing takes too much memory.
            format: Format of resized images.

        Raises:
            NotFound: The file is missing, not an image, or not the one that was indexed.
            Overloaded: Too many requests are waiting for a thread.
        """
        tag = etag(generation, row, number, width, format)
        cached = self._cache.get(tag)
        if cached is not None:
            return cached
        try:
            data = await self._readers.run(partial(_read, generation, row, number))
        except PictureGone as error:
            self._gone.warn("%s", error.__cause__ or error)
            raise
        media_type = media_type_of(data)
        if width is None and media_type is not None:
            return ProductImage(data, media_type)
        try:
            resized = await self._resize(data, width or MAX_WIDTH, format)
        except (UnreadableImage, ImageTooLarge, MemoryError, TimeoutError, WorkFailed) as error:
            if media_type is not None and not isinstance(error, UnreadableImage):
                return ProductImage(data, media_type)
            raise PictureGone(generation.product(row)["id"], "cannot be read") from error
        image = ProductImage(resized, format.media_type)
        if len(image.data) <= self._cache.maxsize:
            self._cache[tag] = image
        return image

    async def _resize(self, data: bytes, width: int, format: ImageFormat) -> bytes:
        picture: bytes | Container = data
        memory_bytes = self._decoders.memory_bytes
        if not opens_in_decoder(data):
            picture = await self._readers.run(partial(open_image, data))
            if not is_large(picture):
                return await self._readers.run(partial(resize, picture, width, format))
            open_within(picture, memory_bytes)  # Before it waits for a process.
        try:
            return await self._decoders.run(resize, picture, width, format, memory_bytes)
        except WorkFailed as error:
            log_crash(picture, error.ended_by)
            raise


def etag(generation: Generation, row: int, number: int, width: int | None, format: ImageFormat) -> str:
    """A strong entity tag; it changes with the content of the image.

    Raises:
        NotFound: The product has no such image.
    """
    if number >= (count := generation.image_count(row)):
        name = excerpt(generation.product(row)["id"])
        raise NotFound(f"Product {name} has no picture {number}.", hint=f"It has {count}; the first one is 0.")
    variant = "" if width is None else f"-{width}-{format.name.lower()}"
    return f'"{generation.image_hash(row, number)}{variant}"'


def accepted_format(accept: str) -> ImageFormat:
    """The first of ``FORMATS`` in an ``Accept`` header, else the last one."""
    types = accepted(accept)
    return next((format for format in FORMATS if format.media_type in types), FORMATS[-1])


def media_type_of(data: bytes) -> str | None:
    """The media type by the first bytes of a file; None if browsers do not support it."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/avif" if data[4:12] in (b"ftypavif", b"ftypavis") else None


def _read(generation: Generation, row: int, number: int) -> bytes:
    try:
        data = generation.image(row, number)
    except ModisteError as error:
        raise PictureGone(generation.product(row)["id"]) from error
    if hashlib.sha256(data).hexdigest() != generation.image_hash(row, number):
        raise PictureGone(generation.product(row)["id"], "is not the one that was indexed")
    return data
