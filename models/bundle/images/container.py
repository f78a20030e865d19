"""Reads the headers of a picture file before it is decoded, and removes the parts that decoding does not need."""

from __future__ import annotations

import struct
import zlib
from typing import Literal, NamedTuple

import numpy as np

from models.bundle.images.other_formats import read_other

Format = Literal["JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "HEIF"]

_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
_PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_SOI, _START_OF_SCAN, _EXIF_SEGMENT = b"\xff\xd8", 0xDA, 0xE1
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = frozenset(range(0xD0, 0xD9)) | {0x01}
_ICC_SEGMENT, _END_OF_IMAGE = 0xE2, 0xD9
_ICC_MAGIC = b"ICC_PROFILE\0"
MAX_PROFILE_BYTES = 4 * 2**20
# JFIF and Adobe state how the colours are coded; the other application segments and the comment do not.
_DROPPED = frozenset(range(0xE1, 0xF0)) - {0xEE} | {0xFE}
_ORIENTATION = 0x0112
_MAX_MARKERS = 1000  # A picture of tens of megabytes has two hundred segments; a hostile file may have millions.
_MAX_CHUNKS = 20_000  # In a PNG or WebP. Encoders usually write the pixels of a PNG in chunks of at least 8 KiB.
_MAX_TAGS = 1000
_BLOCK = 2**16
_PIXEL_BYTES = 16
"""The decoder's copy, the picture and a converted copy, at four bytes each, and padding."""
_JPEG_BYTES = 4
"""The coefficients of a progressive JPEG, two bytes each in 4:2:0, and the smaller picture."""


class Container(NamedTuple):
    """A picture's file, not yet decoded."""

    format: Format
    size: tuple[int, int]
    """(width, height) as stored, before ``orientation`` is applied."""
    orientation: int
    """EXIF orientation, 1 to 8; 1 if it is missing or unreadable."""
    data: bytes
    """The file without its metadata, which can make decoders slow, fill logs and is used in attacks. An animated PNG is
    reduced to its still picture. WebP, AVIF, HEIC, BMP and TIFF are unchanged."""
    scans: int
    """Number of scans: more than one in a progressive JPEG."""
    profile: bytes = b""
    """The ICC colour profile, empty where there is none."""
    ended: bool = True
    """Whether a JPEG has its end marker."""


def read_container(data: bytes) -> Container | None:
    """Read the headers of a picture file; None if its format is not supported.

    Raises:
        ValueError: The format is supported, but the file is damaged.
    """
    try:
        if data[:3] == _SOI + b"\xff":
            return _jpeg(data)
        if data[:8] == _PNG_MAGIC:
            return _png(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
    except struct.error as error:
        raise ValueError("the headers are cut short") from error
    other = read_other(data)
    if other is None:
        return None
    return Container(other.format, other.size, other.orientation, other.data, 1, other.profile)


def memory_needed(container: Container) -> int:
    """Maximum bytes for decoding a picture. A JPEG is decoded at a smaller scale, in rows."""
    pixels = container.size[0] * container.size[1]
    return pixels * (_JPEG_BYTES if container.format == "JPEG" else _PIXEL_BYTES)


def _jpeg(data: bytes) -> Container:
    kept = [_SOI]
    size, exif, at = None, b"", 2
    profile: list[bytes] = []
    for _ in range(_MAX_MARKERS):
        at = data.find(b"\xff", at)  # Decoders also skip bytes between segments.
        if at < 0:
            raise ValueError("there is no scan")
        (marker,) = struct.unpack_from(">B", data, at + 1)
        if marker in (0x00, 0xFF):  # An escaped byte, or fill.
            at += 1
            continue
        if marker == _START_OF_SCAN:
            break
        if marker in _STANDALONE:
            at += 2
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        segment = data[at : at + 2 + length]
        if marker in _START_OF_FRAME:
            height, width = struct.unpack_from(">HH", segment, 5)
            if size not in (None, (width, height)):
                raise ValueError("there are frames of two sizes")
            size = (width, height)
        if marker == _EXIF_SEGMENT and not exif and segment[4:10] == b"Exif\0\0":
            exif = segment[4:]
        if marker == _ICC_SEGMENT and segment[4:16] == _ICC_MAGIC:
            profile.append(segment[16:])
        if marker not in _DROPPED:
            kept.append(segment)
        at += 2 + length
    else:
        raise ValueError("there are too many segments")
    if size is None:
        raise ValueError("there is no frame")
    scans, end = _scans(data, at)
    # A film (motion photo), a second picture or a preview may follow the end marker.
    content = b"".join([*kept, data[at : len(data) if end is None else end]])
    whole = b"".join(part[2:] for part in sorted(profile))  # Each part begins with its number and how many there are.
    return Container("JPEG", size, _orientation(exif), content, scans, whole[:MAX_PROFILE_BYTES], end is not None)


def _scans(data: bytes, at: int) -> tuple[int, int | None]:
    """The number of scans from ``at`` on, and the end of the end marker; None without an end marker.

    In coded data 0xFF is always followed by 0 or a restart marker, so numpy finds the few markers; ``bytes.find`` stops
    at every 0xFF and takes six times as long.

    Raises:
        ValueError: There are too many markers.
    """
    coded = np.frombuffer(data, np.uint8)
    scans, skip, markers = 0, at, 0
    for start in range(at, len(data), _BLOCK):
        block = coded[start : start + _BLOCK + 1]
        following = block[1:]
        marks = (
            (block[:-1] == 0xFF) & (following != 0) & (following != 0xFF) & ((following < 0xD0) | (following > 0xD7))
        )
        for place in (np.flatnonzero(marks) + start).tolist():
            if place < skip:  # Within a segment.
                continue
            marker = data[place + 1]
            if marker == _END_OF_IMAGE:
                return scans, place + 2
            markers += 1
            if markers > 10 * _MAX_MARKERS:
                raise ValueError("there are too many markers")
            scans += marker == _START_OF_SCAN
            if scans > _MAX_MARKERS:
                return scans, None
            skip = place + 2 + (int.from_bytes(data[place + 2 : place + 4], "big") if marker not in _STANDALONE else 0)
    return scans, None


def _png(data: bytes) -> Container:
    if data[12:16] != b"IHDR":
        raise ValueError("there is no header")
    kept = [_PNG_MAGIC]
    exif, at = b"", 8
    profile: bytes | None = None
    for _ in range(_MAX_CHUNKS):
        if at + 8 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind in _PNG_KEPT:
            kept.append(data[at : at + 12 + length])
        elif kind == b"fdAT":  # The second frame of an animation.
            kept.append(_PNG_END)
            break
        elif kind == b"eXIf":
            exif = data[at + 8 : at + 8 + length]
        elif kind == b"iCCP" and profile is None:  # Each can unpack to megabytes.
            profile = _unpacked(data[at + 8 : at + 8 + length])
        at += 12 + length
        if kind == b"IEND":
            break
    else:
        raise ValueError("there are too many chunks")
    size = struct.unpack_from(">II", data, 16)
    return Container("PNG", size, _orientation(exif), b"".join(kept), 1, profile or b"")


def _unpacked(chunk: bytes) -> bytes:
    """The profile in an ``iCCP`` chunk: a name, 0, the method 0, and a deflated profile; empty if it is damaged."""
    try:
        return zlib.decompressobj().decompress(chunk.partition(b"\0")[2][1:], MAX_PROFILE_BYTES)
    except zlib.error:
        return b""


def _webp(data: bytes) -> Container:
    exif, profile, at = b"", b"", 12
    kind = data[12:16]
    if kind == b"VP8X":
        bits = int.from_bytes(data[24:30], "little")
        size = ((bits & 0xFFFFFF) + 1, (bits >> 24) + 1)
        for _ in range(_MAX_CHUNKS):
            if at + 8 > len(data):
                break
            chunk, length = struct.unpack_from("<4sI", data, at)
            if chunk == b"EXIF":
                exif = data[at + 8 : at + 8 + length]
                break
            if chunk == b"ICCP":
                profile = data[at + 8 : at + 8 + min(length, MAX_PROFILE_BYTES)]
            at += 8 + length + length % 2
        else:
            raise ValueError("there are too many chunks")
    elif kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        size = ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    elif kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        size = (width & 0x3FFF, height & 0x3FFF)
    else:
        raise ValueError("there is no picture in it")
    return Container("WEBP", size, _orientation(exif), data, 1, profile)


def _orientation(exif: bytes) -> int:
    """Orientation in the first directory of EXIF data (a TIFF header, with or without ``Exif`` before it)."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4], "")
    if not order:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for entry in range(start + 2, start + 2 + 12 * min(count, _MAX_TAGS), 12):
            tag, kind = struct.unpack_from(f"{order}HH", tiff, entry)
            if tag == _ORIENTATION:
                (value,) = struct.unpack_from(f"{order}{'I' if kind == 4 else 'H'}", tiff, entry + 8)
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1
