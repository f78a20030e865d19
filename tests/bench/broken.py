"""Pictures and bodies that lie, break off or are stuffed, each as a request, and how they may be answered."""

from __future__ import annotations

import io
import random
import zlib
from typing import NamedTuple

from PIL import Image

from models.bundle.images import MAX_SCANS
from tests.bench.requests import post, search, upload
from tests.models.pictures import chunk, photograph, png, saved, with_segment

READ, REFUSED = (200,), (413, 415, 422)
EITHER = (*READ, *REFUSED)


class Broken(NamedTuple):
    """One request that is not as it should be."""

    payload: bytes
    allowed: tuple[int, ...]
    """Statuses that are right; admission may turn it away besides."""


def broken_requests(jpeg: bytes) -> dict[str, Broken]:
    """By name. Odd pictures that can be read are among them: they must be answered, and harm no one.

    Args:
        jpeg: A whole picture of phone size, to be broken.
    """
    pictures = {**_unreadable(jpeg), **_odd(jpeg)}
    fields = {"text": "in red"}
    found = {name: Broken(upload(data, fields), allowed) for name, (data, allowed) in pictures.items()}
    found["bad base64"] = Broken(search({"image_base64": "not base64!", "text": "in red"}), REFUSED)
    found["wrong media type"] = Broken(upload(jpeg, fields, media_type="text/html"), EITHER)
    found["no JSON"] = Broken(post("/search", b'{"text": ', "application/json"), REFUSED)
    found["a megabyte of text"] = Broken(search({"text": "red " * 250_000}), REFUSED)
    return found


def _unreadable(jpeg: bytes) -> dict[str, tuple[bytes, tuple[int, ...]]]:
    scan_heavy = saved(photograph(64, 64), "JPEG", progressive=True)
    at = scan_heavy.rindex(b"\xff\xda")
    noise = random.Random(5)
    flipped = bytearray(jpeg)
    for _ in range(200):
        flipped[noise.randrange(len(flipped))] ^= 1 << noise.randrange(8)
    text = b"\0" * 500_000
    return {
        "0 bytes": (b"", REFUSED),
        "1 x 1": (saved(Image.new("RGB", (1, 1))), REFUSED),
        "1 x 20,000": (saved(Image.new("RGB", (1, 20_000))), REFUSED),
        "30,000 x 30,000": (png(30_000, 30_000, bits=8, colour=2), REFUSED),
        "truncated": (jpeg[: len(jpeg) // 2], EITHER),
        "bits flipped": (bytes(flipped), EITHER),
        "noise": (noise.randbytes(100_000), REFUSED),
        "noise after a JPEG's start": (jpeg[:2] + noise.randbytes(100_000), REFUSED),
        "text": (b"hello, this is text", REFUSED),
        "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', REFUSED),
        "HTML": (b"<!doctype html><script>alert(1)</script>", REFUSED),
        "endless scans": (scan_heavy[:at] + scan_heavy[at:-2] * (MAX_SCANS + 1) + scan_heavy[-2:], REFUSED),
        "zip": (b"PK\3\4" + text, REFUSED),
        "FITS": (b"SIMPLE  =                    T" + text, REFUSED),
        "EPS": (b"%!PS-Adobe-3.0 EPSF-3.0", REFUSED),
        "PSD": (b"8BPS\0\1" + text, REFUSED),
        "HEIC": (b"\0\0\0\x1cftypheic" + text, REFUSED),
        "TIFF": (saved(photograph(64, 64), "TIFF"), REFUSED),
        "GIF": (saved(photograph(64, 64), "GIF"), REFUSED),
        "11 MiB": (jpeg + b"\0" * (11 * 2**20), REFUSED),
    }


def _odd(jpeg: bytes) -> dict[str, tuple[bytes, tuple[int, ...]]]:
    picture = photograph(240, 320)
    stuffed = jpeg
    for number in range(20):
        stuffed = with_segment(stuffed, 0xE2, b"ICC_PROFILE\0" + bytes([number + 1, 20]) + bytes(65_000))
    whole = saved(picture)
    unpacked = chunk(b"zTXt", b"key\0\0" + _deflated(20_000_000))
    frames = [photograph(64, 64, seed) for seed in range(30)]
    animation = io.BytesIO()
    frames[0].save(animation, "WEBP", save_all=True, append_images=frames[1:])
    return {
        "JPEG with a zip behind it": (jpeg + b"PK\3\4" + bytes(5_000), READ),
        "stuffed with profiles": (stuffed, READ),
        "text of 20 MB in 20 kB": (whole[:33] + unpacked + whole[33:], READ),
        "animated": (animation.getvalue(), READ),
        "CMYK": (saved(picture.convert("CMYK"), "JPEG"), READ),
        "progressive": (saved(picture, "JPEG", progressive=True), READ),
        "grey with alpha": (saved(picture.convert("LA")), READ),
        "palette": (saved(picture.convert("P")), READ),
        "1 bit": (saved(picture.convert("1")), READ),
        "turned": (saved(picture, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"), READ),
    }


def _deflated(size: int) -> bytes:
    return zlib.compress(bytes(size), 9)
