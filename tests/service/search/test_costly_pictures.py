"""Small files that would take much time or memory: refused, or read without the part that costs."""

from __future__ import annotations

import struct
import sys
import tracemalloc
import zlib
from collections.abc import Callable

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from models.bundle.images import UnreadableImage, decode_image, open_image
from models.bundle.images import container as containers
from service.execution.process_pool import WorkFailed
from service.search.uploads import LARGE_BYTES, is_large, opens_in_decoder, read_picture
from tests.models.pictures import chunk, photograph, png, same, saved
from tests.service.conftest import Serve, Shop
from tests.work import lines_run

PARTS = 300_000
MAX_LINES = 500_000
"""Of Python, for a file of a megabyte or more; each of its parts would take a few."""
PICTURE = photograph(64, 48)


def png_chunks() -> bytes:
    return png(64, 48, bits=8, colour=2, before=chunk(b"teSt", b"") * PARTS)


def webp_chunks() -> bytes:
    file = saved(PICTURE, "WEBP", icc_profile=b"x")
    return file[:20] + b"\x20" + file[21:30] + b"ABCD\0\0\0\0" * PARTS + file[30:]


def jpeg_markers(marker: bytes) -> bytes:
    return saved(PICTURE, "JPEG")[:-2] + marker * PARTS + b"\xff\xd9"


def gif_before_its_frame(blocks: bytes) -> bytes:
    file = saved(PICTURE, "GIF")
    at = 13 + 3 * 2 ** ((file[10] & 7) + 1)
    return file[:at] + blocks + file[at:]


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(png_chunks, id="empty chunks of a PNG"),
        pytest.param(webp_chunks, id="empty chunks of a WebP"),
        pytest.param(lambda: jpeg_markers(b"\xff\xd8"), id="start markers in a JPEG"),
        pytest.param(lambda: jpeg_markers(b"\xff\x01"), id="reserved markers in a JPEG"),
        pytest.param(lambda: gif_before_its_frame(b"!\xfe" + b"\1c" * PARTS + b"\0"), id="a GIF's comment in pieces"),
        pytest.param(lambda: gif_before_its_frame(b"!\xfe\1c\0" * PARTS), id="comments of a GIF"),
        pytest.param(lambda: gif_before_its_frame(b"!\xf9\0" * PARTS), id="empty extensions of a GIF"),
        pytest.param(lambda: gif_before_its_frame(b"?" * 4 * PARTS), id="bytes between the blocks of a GIF"),
    ],
)
def test_a_file_of_endless_parts_is_refused_without_reading_them_all(file: Callable[[], bytes]) -> None:
    data = file()

    def read() -> None:
        with pytest.raises(UnreadableImage):
            open_image(data)

    assert lines_run(read) < MAX_LINES


def test_only_the_first_colour_profile_of_a_png_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked: list[int] = []
    unpack = containers._unpacked
    monkeypatch.setattr(containers, "_unpacked", lambda data: unpacked.append(len(data)) or unpack(data))  # type: ignore[func-returns-value]
    bomb = chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(4 * 2**20)))
    for profiles in (bomb * 20, chunk(b"iCCP", b"x\0\0damaged") * 20):
        unpacked.clear()
        assert open_image(png(64, 48, bits=8, colour=2, before=profiles)).size == (64, 48)
        assert len(unpacked) == 1


def tiled(width: int, height: int) -> bytes:
    """A TIFF of 64 x 48 pixels with one tile of such a size, whose content is missing."""
    tags = {256: 64, 257: 48, 258: 8, 259: 8, 262: 1, 277: 1, 322: width, 323: height, 324: 150, 325: 1000}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(2000)


def test_a_tile_that_is_larger_than_its_picture_is_refused_before_memory_is_taken() -> None:
    assert open_image(tiled(256, 256)).size == (64, 48)
    with pytest.raises(UnreadableImage):
        open_image(tiled(65520, 32000))  # 2 GB.


def stripped(strips: int) -> bytes:
    """A TIFF of 64 x 48 pixels whose strips are one row each."""
    tags = {256: (1, 64), 257: (1, 48), 258: (1, 8), 259: (1, 1), 262: (1, 1), 277: (1, 1), 278: (1, 1)}
    tags |= {273: (strips, 200), 279: (strips, 200 + 4 * strips)}
    entries = b"".join(struct.pack("<HHII", tag, 4, *tags[tag]) for tag in sorted(tags))
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries
    return head + bytes(200 - len(head)) + struct.pack("<I", 200) * strips + struct.pack("<I", 64) * strips


def test_a_tiff_with_more_strips_than_rows_is_refused_before_they_are_read() -> None:
    assert decode_image(stripped(48)).size == (64, 48)
    with pytest.raises(UnreadableImage):
        open_image(stripped(100_000))  # Reading them would take ten seconds.


@pytest.mark.parametrize("kind", [3, 4, 5, 12])
def test_a_tiff_with_a_tag_of_many_values_is_refused_before_they_are_read(kind: int) -> None:
    entries = struct.pack("<HHII", 258, kind, 500_000, 100)
    with pytest.raises(UnreadableImage):
        open_image(b"II*\0" + struct.pack("<IH", 8, 1) + entries + bytes(4_000_000))


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_of_many_tags_is_refused(order: str) -> None:
    start = b"II*\0" if order == "<" else b"MM\0*"
    assert open_image(saved(PICTURE, "TIFF")).size == (64, 48)
    with pytest.raises(UnreadableImage):
        open_image(start + struct.pack(f"{order}IH", 8, 3000) + bytes(12 * 3000))


def test_comments_before_the_first_frame_of_a_gif_change_nothing() -> None:
    image = Image.new("P", (64, 48), 1)
    image.paste(2, (0, 0, 20, 20))
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    file = saved(image, "GIF", transparency=2, save_all=True, append_images=[image.rotate(90)], loop=0)
    at = 13 + 3 * 2 ** ((file[10] & 7) + 1)
    commented = file[:at] + (b"!\xfe" + b"\5words" * 900 + b"\0") * 2 + file[at:]
    expected = decode_image(file)
    assert expected.getpixel((0, 0)) == (255, 255, 255)
    assert same(decode_image(commented), expected)


def profile(**tags: bytes) -> bytes:
    """A colour profile of RGB to XYZ with these tags."""
    table, content, at = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, tag in tags.items():
        table += struct.pack(">4sII", name.encode(), at + len(content), len(tag))
        content += tag + bytes(-len(tag) % 4)
    size = 128 + len(table) + len(content)
    head = bytearray(struct.pack(">I4sI4s4s4s12x4s88x", size, b"lcms", 0x04300000, b"scnr", b"RGB ", b"XYZ ", b"acsp"))
    head[68:80] = struct.pack(">3i", 63190, 65536, 54061)
    return bytes(head[:128]) + table + content


def table_of_colours(scale: int) -> bytes:
    """``mft1``: three channels, two points each."""
    same_values = bytes(range(256)) * 3
    corners = bytes(value * scale // 255 for r in (0, 255) for g in (0, 255) for b in (0, 255) for value in (r, g, b))
    one = (65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    return b"mft1" + bytes([0, 0, 0, 0, 3, 3, 2, 0]) + struct.pack(">9i", *one) + same_values + corners + same_values


def stages(count: int) -> bytes:
    """``mpet``: ``count`` matrices that halve every channel."""
    matrix = b"matf\0\0\0\0" + struct.pack(">HH12f", 3, 3, 0.5, 0, 0, 0, 0.5, 0, 0, 0, 0.5, 0, 0, 0)
    start = 16 + 8 * count
    places = b"".join(struct.pack(">II", start + at * len(matrix), len(matrix)) for at in range(count))
    return b"mpet\0\0\0\0" + struct.pack(">HHI", 3, 3, count) + places + matrix * count


def test_transforms_of_any_number_of_stages_are_not_run() -> None:
    without = decode_image(saved(PICTURE, icc_profile=profile(A2B0=table_of_colours(200))))
    assert not same(without, PICTURE)  # The profile is used.
    both = profile(D2B0=stages(1000), A2B0=table_of_colours(200))
    assert same(decode_image(saved(PICTURE, icc_profile=both)), without)


def test_pictures_that_are_slow_to_decode_count_as_large() -> None:
    pixels = Image.fromarray(np.random.default_rng(0).integers(0, 256, (600, 600), dtype=np.uint8))
    usual = [saved(PICTURE, format) for format in ("PNG", "WEBP", "JPEG")]
    assert not any(is_large(open_image(file)) for file in usual)
    assert is_large(open_image(saved(PICTURE, icc_profile=bytes(LARGE_BYTES + 1))))
    progressive = saved(pixels, "JPEG", progressive=True)
    assert not is_large(open_image(progressive))
    assert is_large(open_image(progressive[:-2]))  # It is decoded several times.


def test_a_picture_that_takes_long_for_its_bytes_is_large() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (700, 700, 3), dtype=np.uint8))
    assert not any(is_large(open_image(saved(photograph(500, 500), format))) for format in ("PNG", "WEBP", "JPEG"))
    assert is_large(open_image(saved(noise, "PNG")))
    assert is_large(open_image(saved(noise, "WEBP", quality=100)))
    rows = zlib.compress(bytes(64 * 48 * 3 + 48))
    blocks = chunk(b"IDAT", rows + bytes(1_000_000))  # A deflate stream may have any number of blocks without output.
    assert is_large(open_image(png(64, 48, bits=8, colour=2, before=blocks)))


def test_the_prefix_codes_of_a_lossless_picture_count_as_large() -> None:
    drawn = photograph(64, 48)
    clear = drawn.convert("RGBA")
    clear.putalpha(128)
    assert not is_large(open_image(saved(drawn, "WEBP")))
    assert is_large(open_image(saved(drawn, "WEBP", lossless=True)))
    assert is_large(open_image(saved(clear, "WEBP")))  # Its alpha channel is coded in the same way.


def claiming(avif: bytes, width: int, height: int) -> bytes:
    """An AVIF whose headers claim a size; the coded picture keeps its own."""
    changed, at = bytearray(avif), avif.index(b"ispe")
    struct.pack_into(">II", changed, at + 8, width, height)
    return bytes(changed)


def test_only_formats_whose_headers_are_read_here_are_opened_by_a_worker() -> None:
    pillow_heif.register_heif_opener()
    for format in ("AVIF", "GIF", "BMP", "TIFF", "HEIF"):
        assert opens_in_decoder(saved(PICTURE, format))
    for format in ("JPEG", "PNG", "WEBP"):
        assert not opens_in_decoder(saved(PICTURE, format))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process' memory")
def test_a_picture_that_is_larger_than_its_headers_say_is_decoded_within_the_memory(serve: Serve, shop: Shop) -> None:
    bomb = claiming(saved(Image.new("RGB", (6000, 6000)), "AVIF", speed=10), 64, 48)
    assert len(bomb) < 2000
    with serve(shop, max_pixel_bytes=2**26, processes=1) as served:
        assert served.client.post("/search", files={"image": bomb}).status_code == 422
        good = saved(PICTURE, "AVIF")
        assert served.client.post("/search", files={"image": good}).status_code == 200


def test_a_decoder_that_ends_is_logged_with_the_reason_and_the_kind_of_picture(
    serve: Serve, shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def crash(*_: object) -> None:
        raise WorkFailed("SIGSEGV")

    picture = saved(PICTURE, "TIFF")
    with serve(shop) as served:
        monkeypatch.setattr(served.app.state.context.decoders, "run", crash)
        refused = served.client.post("/search", files={"image": ("private.tiff", picture)})
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/unreadable-image")
    (line,) = [record.message for record in caplog.records if "decoder" in record.message]
    assert line == (
        f"A decoder process was ended by SIGSEGV while it decoded a TIFF picture of {len(picture):,} bytes."
    )


def test_any_text_as_base64_is_read_in_a_few_copies_of_it() -> None:
    text = "AA " * 10**6
    tracemalloc.start()
    try:
        assert len(read_picture(text, 10 * 2**20).data) == len(text) // 2
        assert tracemalloc.get_traced_memory()[1] < 4 * len(text)
    finally:
        tracemalloc.stop()
    with pytest.raises(UnreadableImage):
        read_picture("\u00e9" * 1000, 10)
