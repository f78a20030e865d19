"""Damaged, truncated and malicious files: each is either refused with a reason or decoded."""

from __future__ import annotations

import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from models.bundle.images import UnreadableImage, decode_image, open_image
from models.bundle.images.decoding import MAX_SCANNED_PIXELS, MAX_SCANS
from tests.fresh_process import limit_memory, run_fresh
from tests.models.pictures import chunk, photograph, png, saved, segment, with_segment
from tests.work import lines_run


def same(left: Image.Image, right: Image.Image) -> bool:
    """Whether they are equal to the last bit."""
    return np.array_equal(np.asarray(left), np.asarray(right))


def refusal(data: bytes) -> str:
    with pytest.raises(UnreadableImage) as refused:
        decode_image(data, about=(64, 80))
    assert refused.value.hint
    return refused.value.message


def read_or_refused(data: bytes) -> Image.Image | None:
    """None if it is refused as it should be; any other exception comes through."""
    try:
        return decode_image(data)
    except UnreadableImage:
        return None


def test_nothing_is_refused_as_empty() -> None:
    assert "empty" in refusal(b"")


@pytest.mark.parametrize(
    "data",
    [
        b"a", b"\0" * 1000, b"hello, this is text", b'<svg xmlns="http://www.w3.org/2000/svg"/>', b"<!doctype html>",
        b"%PDF-1.7", b"%!PS-Adobe-3.0 EPSF-3.0", b"8BPS\0\1", b"SIMPLE  =                    T", b"PK\3\4",
        b"RIFF\x24\0\0\0WAVEfmt ", b"\0\0\0\x1cftypisom",
    ],
)  # fmt: skip
def test_a_file_that_is_no_picture_is_refused_by_its_content(data: bytes) -> None:
    assert "not a JPEG, PNG" in refusal(data)


@pytest.mark.parametrize("format", ["ICO", "PPM", "TGA", "JPEG2000"])
def test_other_formats_are_refused(format: str) -> None:
    assert "not a JPEG, PNG" in refusal(saved(photograph(32, 32), format))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 20_000), (7, 8), (20_000, 7)])
def test_a_picture_under_eight_pixels_a_side_is_refused(width: int, height: int) -> None:
    assert f"{width} x {height} pixels, which is too small" in refusal(saved(Image.new("RGB", (width, height))))


@pytest.mark.parametrize(("width", "height"), [(30_000, 30_000), (7_072, 7_072), (20_001, 8), (2**31 - 1, 2**31 - 1)])
def test_a_picture_with_too_many_pixels_is_refused_by_its_header(width: int, height: int) -> None:
    assert "too large" in refusal(png(width, height, bits=8, colour=2))


def test_a_webp_that_claims_a_huge_canvas_is_refused_before_memory_is_taken() -> None:
    canvas = struct.pack("<I", 16)[:4] + (16_000 - 1).to_bytes(3, "little") * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + canvas
    assert "too large" in refusal(b"RIFF" + struct.pack("<I", len(body)) + body)


def test_a_jpeg_that_claims_to_be_huge_is_refused() -> None:
    whole = saved(Image.new("RGB", (16, 16)), "JPEG")
    at = whole.index(b"\xff\xc0") + 5
    assert "too large" in refusal(whole[:at] + struct.pack(">HH", 60_000, 60_000) + whole[at + 4 :])


def test_a_jpeg_of_two_frame_sizes_is_refused() -> None:
    whole = saved(Image.new("RGB", (16, 16)), "JPEG")
    at = whole.index(b"\xff\xc0")
    frame = whole[at : at + 19]
    other = frame[:5] + struct.pack(">HH", 7000, 7000) + frame[9:]
    assert "damaged" in refusal(whole[:at] + other + whole[at:])


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    whole = saved(photograph(64, 64), "JPEG", progressive=True)
    at = whole.rindex(b"\xff\xda")
    scan = whole[at:-2]
    decode_image(whole[:at] + scan + whole[-2:])
    assert "scans, which is too many" in refusal(whole[:at] + scan * (MAX_SCANS + 1) + whole[-2:])


def test_the_scans_of_a_large_jpeg_are_limited_by_their_pixels() -> None:
    whole = saved(Image.new("L", (7000, 7000)), "JPEG", progressive=True)
    at = whole.rindex(b"\xff\xda")
    scan, own = whole[at:-2], open_image(whole).scans
    allowed = MAX_SCANNED_PIXELS // 7000**2 - own
    assert open_image(whole[:-2] + scan * allowed + whole[-2:]).scans == own + allowed > 12
    assert "scans, which is too many" in refusal(whole[:-2] + scan * (allowed + 1) + whole[-2:])


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_picture_cut_anywhere_is_whole_enough_or_refused(format: str) -> None:
    whole = saved(photograph(48, 40), format, exif=b"Exif\0\0II*\0\x08\0\0\0\0\0")
    expected = decode_image(whole)
    for end in range(1, len(whole)):
        decoded = read_or_refused(whole[:end])
        assert decoded is None or same(decoded, expected), f"cut after {end} of {len(whole)} bytes"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_picture_with_any_bytes_changed_is_read_or_refused(format: str) -> None:
    random = np.random.default_rng(1)
    for options in ({}, {"progressive": True, "lossless": True, "optimize": True}):
        whole = np.frombuffer(saved(photograph(40, 32), format, **options), dtype=np.uint8)
        for _ in range(400):
            damaged = whole.copy()
            places = random.integers(0, min(len(whole), 400), random.integers(1, 6))
            damaged[places] = random.integers(0, 256, len(places))
            decoded = read_or_refused(damaged.tobytes())
            assert decoded is None or decoded.mode == "RGB"


def test_a_palette_picture_without_its_palette_is_refused() -> None:
    rows = (b"\0" + bytes(range(10))) * 10
    assert "damaged" in refusal(png(10, 10, bits=8, colour=3, rows=rows))


def test_more_transparency_than_a_palette_can_have_is_refused() -> None:
    before = chunk(b"PLTE", bytes(30)) + chunk(b"tRNS", bytes(999))
    assert "damaged" in refusal(png(10, 10, bits=8, colour=3, rows=bytes(11) * 10, before=before))


@pytest.mark.parametrize(("bits", "colour", "clear"), [(16, 2, b"\xff\xff" * 3), (2, 0, b"\0\3")])
def test_a_transparent_colour_that_no_pixel_has_changes_nothing(bits: int, colour: int, clear: bytes) -> None:
    rows = bytes(1 + 10 * 6) * 10
    decoded = decode_image(png(10, 10, bits=bits, colour=colour, rows=rows, before=chunk(b"tRNS", clear)))
    assert decoded.getpixel((3, 3)) == (0, 0, 0)


def decode_with_little_memory(data: bytes) -> None:
    limit_memory(2**20)
    decode_image(data, about=(64, 80))


def decode_without_memory_for_the_profile(data: bytes) -> None:
    def fail(*_: object, **options: object) -> None:
        limit_memory(2**20)
        raise ImageCms.PyCMSError("cannot build transform")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ImageCms, "profileToProfile", fail)
        decode_image(data)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
def test_an_error_of_a_decoder_without_memory_is_not_one_of_the_picture(format: str) -> None:
    """Decoders do not say that they lack memory."""
    damaged = saved(photograph(640, 640), format)[:-400]
    refusal(damaged)
    with pytest.raises(MemoryError):
        run_fresh(decode_with_little_memory, damaged)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_a_colour_profile_is_not_left_out_for_lack_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer would be cached."""

    def fail(*_: object, **options: object) -> None:
        raise ImageCms.PyCMSError("cannot build transform")

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    picture = saved(photograph(640, 640), icc_profile=profile)
    monkeypatch.setattr(ImageCms, "profileToProfile", fail)
    assert same(decode_image(picture), photograph(640, 640))
    with pytest.raises(MemoryError):
        run_fresh(decode_without_memory_for_the_profile, picture)


# What surrounds the picture


def test_whatever_follows_the_picture_is_ignored() -> None:
    for format in ("JPEG", "PNG", "WEBP"):
        whole = saved(photograph(40, 30), format)
        assert same(decode_image(whole + b"PK\3\4" + bytes(5000)), decode_image(whole))


def test_a_jpeg_that_pretends_to_hold_more_pictures_is_read_as_one() -> None:
    whole = saved(photograph(40, 30), "JPEG")
    assert same(decode_image(with_segment(whole, 0xE2, b"MPF\0II*\0\xff\xff")), decode_image(whole))


def test_profiles_and_comments_of_megabytes_are_passed_over() -> None:
    whole = saved(photograph(40, 30), "JPEG")
    heavy = whole
    for number in range(40):
        heavy = with_segment(heavy, 0xE2, b"ICC_PROFILE\0" + bytes([number + 1, 40]) + bytes(65_000))
        heavy = with_segment(heavy, 0xFE, b"#" * 65_000)
    assert same(decode_image(heavy), decode_image(whole))


@pytest.mark.parametrize("kind", [b"iTXt", b"zTXt", b"iCCP"])
def test_text_that_unpacks_to_a_hundred_megabytes_is_passed_over(kind: bytes) -> None:
    packer = zlib.compressobj(1)
    packed = b"".join([*(packer.compress(bytes(1_000_000)) for _ in range(100)), packer.flush()])
    name = {b"iTXt": b"key\0\1\0\0\0", b"zTXt": b"key\0\0", b"iCCP": b"key\0\0"}[kind]
    whole = saved(photograph(40, 30))
    bomb = whole[:33] + chunk(kind, name + packed) + whole[33:]
    assert same(decode_image(bomb), decode_image(whole))


def test_two_animation_headers_are_passed_over() -> None:
    whole = saved(photograph(40, 30))
    twice = chunk(b"acTL", struct.pack(">II", 3, 0)) * 2
    assert same(decode_image(whole[:33] + twice + whole[33:]), decode_image(whole))


@pytest.mark.parametrize("filling", [b"\xff", b"\xff\x01", b"\xff\xe5\x00\x02"])
def test_a_jpeg_of_endless_markers_is_refused_without_reading_them_all(filling: bytes) -> None:
    whole = saved(photograph(60, 40), "JPEG")
    assert same(decode_image(whole[:2] + filling * 50 + whole[2:]), decode_image(whole))
    endless = whole[:2] + filling * 2_000_000 + whole[2:]
    assert "damaged" in refusal(endless)
    assert lines_run(lambda: refusal(endless)) < 20_000  # Not a line for each marker.


def test_filling_between_segments_is_passed_over() -> None:
    whole = saved(photograph(40, 30), "JPEG")
    assert same(decode_image(whole[:2] + b"\xff" * 9 + whole[2:]), decode_image(whole))
    assert same(decode_image(whole[:2] + segment(0xFE, b"x") + b"\xff\xff" + whole[2:]), decode_image(whole))
