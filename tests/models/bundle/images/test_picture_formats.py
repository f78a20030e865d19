"""Formats beside JPEG, PNG and WebP, colour profiles, and what may follow or be missing at the end of a JPEG."""

from __future__ import annotations

import io
import random
from contextlib import suppress

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from models.bundle.images import UnreadableImage, decode_image, open_image
from tests.models.pictures import photograph, saved

OTHERS = ("AVIF", "GIF", "BMP", "TIFF", "HEIF")


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    stream = io.BytesIO()
    if format == "HEIF":
        pillow_heif.from_pillow(image).save(stream, format="HEIF", quality=90)
    else:
        image.save(stream, format, **options)
    return stream.getvalue()


def distance(one: Image.Image, other: Image.Image) -> float:
    """Mean difference in grey levels."""
    return float(np.abs(np.asarray(one, np.float32) - np.asarray(other, np.float32)).mean())


@pytest.mark.parametrize("format", OTHERS)
def test_every_format_is_decoded(format: str) -> None:
    image = photograph(64, 48)
    container = open_image(encoded(image, format))
    assert (container.format, container.size) == (format, (64, 48))
    assert distance(decode_image(container), image) < (15 if format == "GIF" else 8)


@pytest.mark.parametrize("format", OTHERS)
def test_a_damaged_picture_is_read_or_refused(format: str) -> None:
    whole = np.frombuffer(encoded(photograph(40, 32), format), dtype=np.uint8)
    places = np.random.default_rng(1)
    for _ in range(60):
        damaged = whole.copy()
        at = places.integers(0, min(len(whole), 400), places.integers(1, 6))
        damaged[at] = places.integers(0, 256, len(at))
        with suppress(UnreadableImage):
            assert decode_image(damaged.tobytes()).mode == "RGB"


@pytest.mark.parametrize("format", ["GIF", "BMP"])
def test_the_size_is_checked_before_anything_is_decoded(format: str) -> None:
    content = bytearray(encoded(photograph(40, 32), format))
    if format == "GIF":
        content[6:10] = (60_000).to_bytes(2, "little") * 2
    else:
        content[18:26] = (60_000).to_bytes(4, "little") * 2
    with pytest.raises(UnreadableImage, match="too large"):
        open_image(bytes(content))


def test_the_first_frame_of_an_animation_is_decoded() -> None:
    stream = io.BytesIO()
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])
    assert decode_image(stream.getvalue()).getpixel((16, 16)) == (255, 0, 0)


def test_transparent_parts_of_a_gif_become_white() -> None:
    image = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 16, 32))
    decoded = decode_image(encoded(image, "GIF"))
    assert decoded.getpixel((24, 16)) == (255, 255, 255)


@pytest.mark.parametrize("format", ["TIFF", "AVIF"])
def test_a_picture_that_lies_on_its_side_is_turned_upright(format: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode_image(encoded(photograph(64, 48), format, exif=exif)).size == (48, 64)


@pytest.mark.parametrize("what", [b"<html><body>404", b"%PDF-1.7", b"\0\0\0\x18ftypisom" + bytes(40), b"<svg/>"])
def test_a_refusal_names_the_format_of_the_file(what: bytes) -> None:
    with pytest.raises(UnreadableImage, match=r"is a (web page|PDF document|film|drawing)"):
        decode_image(what)


def wide_gamut_profile() -> bytes:
    """An RGB profile whose green primary lies far outside sRGB (that of Adobe RGB), built from sRGB's."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile = bytearray(
        bytes(profile).replace(b"sRGB", b"wide").replace("sRGB".encode("utf-16-be"), "wide".encode("utf-16-be"))
    )
    count = int.from_bytes(profile[128:132], "big")
    tags = {
        bytes(profile[132 + 12 * n : 136 + 12 * n]): int.from_bytes(profile[136 + 12 * n : 140 + 12 * n], "big")
        for n in range(count)
    }
    for name, xyz in (
        (b"rXYZ", (0.60974, 0.31111, 0.01947)),
        (b"gXYZ", (0.20528, 0.62567, 0.06087)),
        (b"bXYZ", (0.14919, 0.06322, 0.74457)),
    ):
        for place, value in enumerate(xyz):
            at = tags[name] + 8 + 4 * place
            profile[at : at + 4] = round(value * 65536).to_bytes(4, "big")
    return bytes(profile)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_colours_are_converted_from_their_profile(format: str) -> None:
    image = Image.new("RGB", (32, 32), (100, 160, 100))
    plain = decode_image(encoded(image, format)).getpixel((16, 16))
    converted = decode_image(encoded(image, format, icc_profile=wide_gamut_profile())).getpixel((16, 16))
    assert isinstance(plain, tuple)
    assert isinstance(converted, tuple)
    assert converted[0] < plain[0] - 20  # In Adobe RGB the same numbers are a more saturated green.


def test_a_profile_that_cannot_be_read_is_ignored() -> None:
    image = photograph(32, 32)
    assert distance(decode_image(encoded(image, "PNG", icc_profile=b"no profile" * 20)), image) == 0


def test_a_film_behind_a_jpeg_is_not_looked_at() -> None:
    image = encoded(photograph(64, 48), "JPEG")
    film = b"MotionPhoto_Data" + random.Random(1).randbytes(8 * 2**20)
    container = open_image(image + film)
    assert len(container.data) <= len(image)
    assert container.scans == 1
    assert distance(decode_image(container), decode_image(image)) == 0


def test_a_jpeg_without_its_end_marker_is_a_picture() -> None:
    image = saved(photograph(64, 48), "JPEG")
    assert image.endswith(b"\xff\xd9")
    assert distance(decode_image(image[:-2]), decode_image(image)) == 0


def test_a_jpeg_that_lacks_coded_data_as_well_is_refused() -> None:
    image = saved(photograph(64, 48), "JPEG")
    with pytest.raises(UnreadableImage, match="cut short"):
        decode_image(image[: len(image) * 2 // 3])
