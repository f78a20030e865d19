"""Files become pictures."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image

from models.bundle.images import decode_image
from tests.models.pictures import chunk, difference, photograph, png, same, saved, turned
from tests.work import lines_run

WHITE, RED = (255, 255, 255), (220, 30, 40)


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_a_lossless_picture_comes_back_as_it_was(format: str) -> None:
    picture = photograph(61, 43)
    assert same(decode_image(saved(picture, format, lossless=True)), picture)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"optimize": True}])
def test_every_kind_of_jpeg_is_read(options: dict[str, int]) -> None:
    picture = photograph(161, 143)
    assert difference(decode_image(saved(picture, "JPEG", quality=95, **options)), picture) < 4


def test_a_lossy_webp_is_read() -> None:
    picture = photograph(161, 143)
    assert difference(decode_image(saved(picture, "WEBP", quality=95)), picture) < 5


def test_a_picture_for_print_in_cmyk_keeps_its_colours() -> None:
    picture = photograph(60, 60)
    assert difference(decode_image(saved(picture.convert("CMYK"), "JPEG", quality=95)), picture) < 5


def test_grey_and_one_bit_pictures_become_rgb() -> None:
    for mode in ("L", "1"):
        grey = photograph(30, 30).convert(mode)
        assert same(decode_image(saved(grey)), grey.convert("RGB"))


def test_grey_of_sixteen_bits_is_scaled_and_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 40 * 40).reshape(40, 40).astype(np.uint16)
    decoded = np.asarray(decode_image(saved(Image.fromarray(ramp))))
    assert np.array_equal(decoded[..., 0], ramp >> 8)


def test_colours_of_sixteen_bits_keep_their_upper_eight() -> None:
    rows = (b"\0" + struct.pack(">HHH", 0xDC12, 0x1EFF, 0x2800) * 10) * 10
    decoded = decode_image(png(10, 10, bits=16, colour=2, rows=rows))
    assert decoded.getpixel((5, 5)) == (0xDC, 0x1E, 0x28)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_transparent_pixels_become_white(mode: str, format: str) -> None:
    picture = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    picture.paste((10, 10, 10, 255), (0, 0, 20, 10))
    decoded = decode_image(saved(picture.convert(mode), format, lossless=True, exact=True))
    assert decoded.getpixel((5, 15)) == WHITE
    assert decoded.getpixel((5, 5)) == (10, 10, 10)


def test_half_transparent_pixels_are_mixed_with_white() -> None:
    decoded = decode_image(saved(Image.new("RGBA", (20, 20), (0, 0, 0, 128))))
    assert decoded.getpixel((5, 5)) == pytest.approx((127, 127, 127), abs=1)


@pytest.mark.parametrize("transparency", [1, b"\xff\x00\x80"])
def test_a_palette_with_transparency_lies_on_white(transparency: int | bytes) -> None:
    picture = Image.new("P", (20, 20), 1)
    picture.putpalette([0, 0, 0, 200, 0, 0, 0, 0, 200])
    picture.paste(0, (0, 0, 10, 20))
    decoded = decode_image(saved(picture, transparency=transparency))
    assert (decoded.getpixel((5, 5)), decoded.getpixel((15, 5))) == ((0, 0, 0), WHITE)


@pytest.mark.parametrize(("mode", "clear"), [("L", 7), ("RGB", (7, 7, 7)), ("1", 0), ("I;16", 7)])
def test_the_one_transparent_colour_of_a_png_becomes_white(mode: str, clear: int | tuple[int, ...]) -> None:
    decoded = decode_image(saved(Image.new(mode, (20, 20), clear), transparency=clear))
    assert decoded.getpixel((5, 5)) == WHITE


def test_the_first_frame_of_an_animation_is_decoded() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in (RED, (0, 255, 0), (0, 0, 255))]
    for format in ("PNG", "WEBP"):
        animation = saved(frames[0], format, save_all=True, append_images=frames[1:], lossless=True, duration=50)
        assert decode_image(animation).getpixel((5, 5)) == RED


def test_only_the_first_frame_of_an_animation_is_decoded() -> None:
    still = saved(photograph(64, 64))
    control = struct.pack(">IIIIHHBB", 64, 64, 0, 0, 1, 10, 0, 0)
    ahead = still.index(b"IDAT") - 4
    animation = [still[:ahead], chunk(b"acTL", struct.pack(">II", 10_000, 0))]
    animation += [chunk(b"fcTL", struct.pack(">I", 0) + control), still[ahead:-12]]
    body = still[ahead + 8 : -16]
    for number in range(1, 10_000):
        animation.append(chunk(b"fcTL", struct.pack(">I", 2 * number - 1) + control))
        animation.append(chunk(b"fdAT", struct.pack(">I", 2 * number) + body[:64]))
    file = b"".join([*animation, still[-12:]])
    assert same(decode_image(file), photograph(64, 64))
    assert lines_run(lambda: decode_image(file)) < 10 * 20_000  # Ten lines for each chunk that is skipped.


def test_the_second_picture_of_a_camera_file_is_ignored_and_drafting_still_works() -> None:
    file = saved(photograph(400, 400), "MPO", save_all=True, append_images=[photograph(400, 400, seed=1)])
    assert difference(decode_image(file), photograph(400, 400)) < 12
    assert decode_image(file, about=(50, 50)).size == (100, 100)


# Which way is up


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_camera_was_held(format: str, orientation: int) -> None:
    upright = photograph(60, 40)
    undo = {
        1: (), 2: ("FLIP_LEFT_RIGHT",), 3: ("ROTATE_180",), 4: ("FLIP_TOP_BOTTOM",),
        5: ("FLIP_LEFT_RIGHT", "ROTATE_90"), 6: ("ROTATE_90",),
        7: ("FLIP_LEFT_RIGHT", "ROTATE_270"), 8: ("ROTATE_270",),
    }[orientation]  # fmt: skip
    stored = upright
    for step in undo:
        stored = stored.transpose(Image.Transpose[step])
    decoded = decode_image(turned(stored, orientation, format, quality=95))
    assert decoded.size == upright.size
    assert difference(decoded, upright) < 8


@pytest.mark.parametrize("orientation", [0, 9, 6553])
def test_an_orientation_that_does_not_exist_is_no_orientation(orientation: int) -> None:
    assert decode_image(turned(photograph(60, 40), orientation)).size == (60, 40)


@pytest.mark.parametrize(
    "exif",
    [
        b"", b"II*\0", b"MM\0*\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff", b"nonsense" * 9,
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x07\0\xff\xff\xff\xff\xff\xff\xff\xff",
    ],
)  # fmt: skip
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_damaged_exif_is_passed_over(format: str, exif: bytes) -> None:
    picture = saved(photograph(60, 40), format, exif=b"Exif\0\0" + exif)
    assert decode_image(picture).size == (60, 40)
