"""Decodes pictures to upright sRGB on white."""

from __future__ import annotations

import io
import mmap
import traceback

import numpy as np
from PIL import Image, ImageCms
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from catalog.errors import ModisteError
from models.bundle.images.container import Container, Format, memory_needed, read_container
from models.bundle.images.other_formats import name_of, open_other
from models.bundle.images.preprocessing import MAX_PIXELS

MAX_SIDE = 20_000
MIN_SIDE = 8
MAX_SCANS = 100
"""Encoders write about a dozen scans. A small file with thousands of empty ones would take minutes to decode."""
MAX_SCANNED_PIXELS = 1_000_000_000
"""Pixels times scans: each scan passes over the whole picture. So many take about a second; the largest picture may
have 20 scans."""

FORMATS = "JPEG, PNG, WebP, AVIF, HEIC, GIF, BMP or TIFF"
# `Image.open` emits warnings and tries every format registered in the process.
_OPEN: dict[Format, type[ImageFile]] = {"JPEG": JpegImageFile, "PNG": PngImageFile, "WEBP": WebPImageFile}
_END_OF_IMAGE = b"\xff\xd9"
_FILLINGS = (b"\x55" * 64, b"\xaa" * 64, b"\x0f" * 64)

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The transposition that undoes each EXIF orientation."""


class UnreadableImage(ModisteError):
    """The bytes cannot be used as a picture; the message states why."""


def open_image(data: bytes) -> Container:
    """Read the headers of a picture, and check them before decoding.

    Raises:
        UnreadableImage: As for ``decode_image``. A truncated file may be found only by decoding it.
    """
    if not data:
        raise UnreadableImage("The file is empty (0 bytes).", hint="Send the whole file.")
    try:
        container = read_container(data)
    except ValueError as error:
        raise _damaged() from error
    if container is None:
        name = name_of(data)
        raise UnreadableImage(
            f"The file is {name}, not a {FORMATS} picture." if name else f"The file is not a {FORMATS} picture.",
            hint="Convert it to one of these formats.",
        )
    check_size(*container.size)
    check_scans(container.scans)
    if container.scans * container.size[0] * container.size[1] > MAX_SCANNED_PIXELS:
        raise _too_many_scans(container.scans)
    return container


def decode_image(picture: bytes | Container, *, about: tuple[int, int] | None = None) -> Image.Image:
    """Decode a picture to upright sRGB on white.

    Args:
        picture: The file's bytes, or the container that ``open_image`` returned. Only the first frame of an animation
            is decoded. Bytes after a JPEG's end marker are ignored.
        about: A sufficient (width, height) of the upright picture. A JPEG is then decoded at a smaller scale (at least
            twice that size), which takes a fraction of the time and differs from full decoding by less than two grey
            levels on average.

    Raises:
        UnreadableImage: The bytes are not such a picture, or are truncated; a side is not between 8 and 20,000 pixels,
            or the picture has more than 50 megapixels.
        MemoryError: There is not enough memory.
    """
    container = open_image(picture) if isinstance(picture, bytes) else picture
    image = _load(container, about)
    turn = _UPRIGHT.get(container.orientation)
    return image if turn is None else image.transpose(turn)


def _load(container: Container, about: tuple[int, int] | None) -> Image.Image:
    if not container.ended:
        return _without_end(container, about)
    try:
        return _decoded(container, about)
    except MemoryError:
        raise
    except Exception as error:  # Pillow's decoders raise many types, from AssertionError to struct.error.
        traceback.clear_frames(error.__traceback__)  # They hold what was decoded.
        _check_memory(memory_needed(container) // 2)  # The file takes some of it, and few need all of it.
        raise _damaged() from error


def _decoded(container: Container, about: tuple[int, int] | None) -> Image.Image:
    image = _open(container)
    if image.size != container.size:
        raise ValueError(f"the headers say {container.size}, the decoder says {image.size}")
    if about is not None and isinstance(image, ImageFile):
        across, down = about if container.orientation < 5 else about[::-1]  # The stored picture may be rotated.
        image.draft("CMYK" if image.mode == "CMYK" else "RGB", (2 * across, 2 * down))
    image.load()
    return _on_white(_in_srgb(image, container.profile))


def _check_memory(bytes: int) -> None:
    """Raise MemoryError if there is not so much memory. Decoders report a lack of it as an error of the picture."""
    try:
        mmap.mmap(-1, bytes).close()  # Reserves the memory without using it.
    except OSError as error:
        raise MemoryError(f"there are no {bytes:,} bytes of memory for a picture") from error


def _open(container: Container) -> Image.Image:
    format = container.format
    if format == "JPEG" or format == "PNG" or format == "WEBP":
        return _OPEN[format](io.BytesIO(container.data))
    return open_other(format, container.data)


def _without_end(container: Container, about: tuple[int, int] | None) -> Image.Image:
    """Decode a JPEG without an end marker, if nothing but the marker is missing.

    Decoders silently fill in missing data. The file is therefore decoded with the marker added, and again with other
    bytes before the marker, which change nothing if the coded data is complete.

    Raises:
        UnreadableImage: Coded data is missing as well.
    """
    data = container.data.rstrip(b"\xff")
    image = _load(container._replace(data=data + _END_OF_IMAGE, ended=True), about)
    pixels = image.tobytes()
    for filling in _FILLINGS:
        other = _load(container._replace(data=data + filling + _END_OF_IMAGE, ended=True), about)
        if other.tobytes() != pixels:
            raise _damaged()
    return image


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert colours from the ICC profile (ICC.1:2022) to sRGB; unchanged without a readable profile."""
    if not profile or b"sRGB" in profile[:1024] or image.mode not in ("RGB", "RGBA", "L", "CMYK"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(_without_stages(profile)))
        alpha = image.getchannel("A") if image.mode == "RGBA" else None
        flat = image.convert("RGB") if alpha is not None else image
        converted = ImageCms.profileToProfile(flat, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        _check_memory(4 * image.width * image.height)
        return image
    if converted is None:
        return image
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


def _without_stages(profile: bytes) -> bytes:
    """A profile without its multi-stage transforms (``D2B0`` to ``D2B3`` of ICC.1:2022), which are optional.

    Their number of stages is not limited, so that a profile of a few kilobytes can take minutes.
    """
    changed = bytearray(profile)
    for at in range(_PROFILE_HEAD, min(_PROFILE_HEAD + 12 * _PROFILE_TAGS, len(profile)), 12):
        if changed[at : at + 3] == b"D2B":
            changed[at : at + 3] = b"d2b"
    return bytes(changed)


_PROFILE_HEAD, _PROFILE_TAGS = 132, 100
"""Bytes before the tag table, and the maximum number of tags that lcms reads."""
_SRGB = ImageCms.createProfile("sRGB")


def _damaged() -> UnreadableImage:
    return UnreadableImage(
        "The picture is damaged or cut short and could not be decoded.", hint="Save it again and send the whole file."
    )


def check_size(width: int, height: int, most: int = MAX_PIXELS) -> None:
    """Raise UnreadableImage if a picture has more than ``most`` pixels, or a side is too long or too short."""
    if width * height > most or max(width, height) > MAX_SIDE:
        raise UnreadableImage(
            f"The picture has {width} x {height} pixels, which is too large.",
            hint=f"Send at most {most / 1_000_000:g} megapixels and {MAX_SIDE:,} pixels a side.",
        )
    if min(width, height) < MIN_SIDE:
        raise UnreadableImage(
            f"The picture has {width} x {height} pixels, which is too small to search with.",
            hint=f"Send a picture of at least {MIN_SIDE} x {MIN_SIDE} pixels.",
        )


def check_scans(scans: int, most: int = MAX_SCANS) -> None:
    """Raise UnreadableImage if a JPEG has more than ``most`` scans."""
    if scans > most:
        raise _too_many_scans(scans)


def _too_many_scans(scans: int) -> UnreadableImage:
    return UnreadableImage(
        f"The picture is a progressive JPEG of {scans} scans, which is too many.",
        hint="Save it again as an ordinary JPEG.",
    )


def _on_white(image: Image.Image) -> Image.Image:
    clear = image.info.get("transparency")
    if image.mode.startswith("I;16"):  # Pillow would clip 16-bit grey instead of scaling it.
        grey = np.asarray(image)
        image = Image.fromarray((np.where(grey == clear, 0xFFFF, grey) >> 8).astype(np.uint8))
    elif image.has_transparency_data:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
        canvas = Image.new("RGB", image.size, (255, 255, 255))
        canvas.paste(image, mask=image)
        return canvas
    return image if image.mode == "RGB" else image.convert("RGB")
