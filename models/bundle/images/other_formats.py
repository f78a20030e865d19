"""AVIF, HEIC, GIF, BMP and TIFF: read by Pillow and libheif, which find the size without decoding the picture."""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import pillow_heif
from PIL import AvifImagePlugin, Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

OtherFormat = Literal["AVIF", "GIF", "BMP", "TIFF", "HEIF"]

_ORIENTATION = 0x0112
_OPEN: dict[OtherFormat, type[ImageFile]] = {
    "AVIF": AvifImageFile, "GIF": GifImageFile, "BMP": BmpImageFile, "TIFF": TiffImageFile,
}  # fmt: skip
_EXTENSION, _FRAME, _GRAPHIC_CONTROL = 0x21, 0x2C, 0xF9
_MAX_BLOCKS = 10_000
_MAX_TAGS = 200
_MAX_VALUES = 2**18
"""Maximum number of values of a tag of a TIFF; each becomes a Python number. The largest picture has fewer tiles of
16 x 16 pixels."""
_BYTE_TYPES = frozenset({1, 2, 6, 7})
_TILE_WIDTH, _TILE_HEIGHT = 322, 323
_TILE_PIXELS = 2**20
_MAX_LAYERS = 4
"""Colours of a TIFF that are stored one after another."""
_FOREIGN = (
    (b"%PDF", "a PDF document"),
    (b"8BPS", "a Photoshop file"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"PK\x03\x04", "an archive"),
    (b"RIFF", "a sound or a film"),
    (b"\x1a\x45\xdf\xa3", "a film"),
)

# Processes that decode have a limit of memory, in which the stacks of threads count. By default there are as many
# threads as cores.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
pillow_heif.options.DECODE_THREADS = 1


class Other(NamedTuple):
    """The headers of such a file."""

    format: OtherFormat
    size: tuple[int, int]
    """(width, height) before ``orientation`` is applied."""
    orientation: int
    profile: bytes
    data: bytes
    """The file; of a GIF without the blocks before its first frame."""


def format_of(data: bytes) -> OtherFormat | None:
    """The format by a file's first bytes."""
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if data[:2] == b"BM":
        return "BMP"
    if data[:4] in (b"II*\0", b"MM\0*"):
        return "TIFF"
    if data[4:8] == b"ftyp":
        brands = data[8 : 8 + min(int.from_bytes(data[:4], "big"), 256)]
        if b"avif" in brands or b"avis" in brands:
            return "AVIF"
        if any(brand in brands for brand in (b"heic", b"heix", b"heim", b"hevc", b"mif1")):
            return "HEIF"
    return None


def read_other(data: bytes) -> Other | None:
    """Read the headers; None if the file has none of these formats.

    Raises:
        ValueError: The format is supported, but the file is damaged.
    """
    format = format_of(data)
    if format is None:
        return None
    try:
        if format == "HEIF":
            heif = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
            return Other(format, heif.size, 1, _profile(heif.info), data)  # libheif turns pictures upright itself.
        if format == "GIF":
            data = _first_frame(data)
        if format == "TIFF":
            _check_tags(data)
        image = _OPEN[format](io.BytesIO(data))
        if isinstance(image, TiffImageFile):
            _check_tiles(image)
        # Pillow turns TIFF upright itself.
        orientation = int(image.getexif().get(_ORIENTATION, 1)) if format == "AVIF" else 1
        return Other(format, image.size, orientation if 1 <= orientation <= 8 else 1, _profile(image.info), data)
    except MemoryError:
        raise
    except Exception as error:  # Both libraries raise many types for damaged data, from RuntimeError to struct.error.
        raise ValueError(f"the headers of the {format} picture cannot be read") from error


def open_other(format: OtherFormat, data: bytes) -> Image.Image:
    """The first frame of such a file, not decoded yet unless it is HEIC."""
    if format == "HEIF":
        return pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True).to_pillow()
    return _OPEN[format](io.BytesIO(data))


def _first_frame(data: bytes) -> bytes:
    """A GIF without the comments and extensions before its first frame, except that frame's own graphic control.

    Pillow reads them block by block, which takes seconds for a file of megabytes.

    Raises:
        ValueError: There are too many blocks before the first frame.
    """
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    head, control, in_extension = data[:at], b"", False
    for _ in range(_MAX_BLOCKS):
        if in_extension:
            length = data[at]
            at += 1 + length
            in_extension = length > 0
        elif data[at] == _FRAME:
            return head + control + data[at:]
        elif data[at] == _EXTENSION:
            if data[at + 1] == _GRAPHIC_CONTROL and data[at + 2] == 4 and data[at + 7] == 0:
                control = data[at : at + 8]
            at, in_extension = at + 2, True
        else:  # Decoders skip bytes between blocks.
            at += 1
    raise ValueError("there are too many blocks before the first frame")


def _check_tags(data: bytes) -> None:
    """Raise ValueError if the first directory of a TIFF has too many tags, which may each cause a line on stderr, or a
    tag has too many numbers."""
    order = "<" if data[:2] == b"II" else ">"
    (start,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, start)
    if count > _MAX_TAGS:
        raise ValueError("there are too many tags")
    for at in range(start + 2, start + 2 + 12 * count, 12):
        _, kind, values = struct.unpack_from(f"{order}HHI", data, at)
        if kind not in _BYTE_TYPES and values > _MAX_VALUES:
            raise ValueError("a tag has too many values")


def _check_tiles(image: TiffImageFile) -> None:
    """Raise ValueError if a tile is much larger than the picture (libtiff allocates a whole tile), or if there are more
    strips and tiles than the picture has room for. Pillow takes 0.1 ms for each."""
    width, height = (int(image.tag_v2.get(tag, 0)) for tag in (_TILE_WIDTH, _TILE_HEIGHT))
    if width * height > max(image.width * image.height, _TILE_PIXELS):
        raise ValueError("a tile is larger than the picture")
    room = image.height + math.ceil(image.width / 16) * math.ceil(image.height / 16)
    if len(image.tile) > room * _MAX_LAYERS:
        raise ValueError("there are too many strips or tiles")


def name_of(data: bytes) -> str:
    """A description of a file that is not a supported picture; empty if its type is not known."""
    start = data[:512].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page (HTML)"
    if start.startswith(b"<svg") or (start.startswith(b"<?xml") and b"<svg" in start):
        return "a drawing (SVG)"
    if data[4:8] == b"ftyp":
        return "a film"
    return next((name for magic, name in _FOREIGN if data.startswith(magic)), "")


def _profile(info: Mapping[Any, Any]) -> bytes:
    profile = info.get("icc_profile")
    return profile if isinstance(profile, bytes) else b""
