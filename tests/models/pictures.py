"""Pictures to decode: something like a photograph, and the files that it can be saved in."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image


def photograph(width: int, height: int, seed: int = 0) -> Image.Image:
    """Soft shapes, one hard edge and a little grain; no two corners alike."""
    random = np.random.default_rng(seed)
    soft = Image.fromarray(random.integers(0, 256, (5, 4, 3)).astype(np.uint8))
    pixels = np.asarray(soft.resize((width, height), Image.Resampling.BICUBIC)).astype(np.int16)
    pixels[: height // 3, : width // 3] = (220, 30, 40)
    pixels += random.integers(-6, 7, pixels.shape, dtype=np.int16)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def saved(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    """The file's bytes."""
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def turned(image: Image.Image, orientation: int, format: str = "JPEG", **options: Any) -> bytes:
    """A file whose EXIF says that the camera was held in ``orientation``."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(image, format, exif=exif, **options)


def chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk of a PNG file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, *, bits: int, colour: int, rows: bytes = b"", before: bytes = b"") -> bytes:
    """A PNG file by hand: ``rows`` are the raw lines with their filter bytes, ``before`` chunks ahead of them."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + before + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def segment(marker: int, content: bytes) -> bytes:
    """One segment of a JPEG file."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def with_segment(jpeg: bytes, marker: int, content: bytes) -> bytes:
    """The JPEG with one more segment at its start."""
    return jpeg[:2] + segment(marker, content) + jpeg[2:]


def difference(left: Image.Image | npt.NDArray[np.uint8], right: Image.Image | npt.NDArray[np.uint8]) -> float:
    """Mean absolute difference in grey levels."""
    return float(np.abs(np.asarray(left, dtype=np.int16) - np.asarray(right, dtype=np.int16)).mean())


def same(left: Image.Image | npt.NDArray[np.uint8], right: Image.Image | npt.NDArray[np.uint8]) -> bool:
    """Whether they are equal to the last bit."""
    return np.array_equal(np.asarray(left), np.asarray(right))
