"""Pictures that a search brings: which are read, and which are refused."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from tests.service.conftest import Serve, Served, Shop, cloth, encoded
from tests.service.http.refusals import refusal


def png_bomb() -> bytes:
    """A small PNG whose header states 30,000 x 30,000 pixels."""
    chunks = {b"IHDR": struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0), b"IDAT": zlib.compress(bytes(10_000))}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks.items()
    )


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        pytest.param(lambda: b"", "0 bytes", id="an empty file"),
        pytest.param(lambda: encoded(cloth("red", size=(1, 1))), "1 x 1", id="a single pixel"),
        pytest.param(lambda: encoded(cloth("red", size=(300, 400)), "JPEG")[:900], "cut short", id="half a JPEG"),
        pytest.param(lambda: b"this is a text" * 50, "not a JPEG", id="text"),
        pytest.param(lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a JPEG", id="an SVG"),
        pytest.param(png_bomb, "30000 x 30000", id="a decompression bomb"),
        pytest.param(lambda: encoded(cloth("red"), "ICO"), "an icon", id="an icon"),
        pytest.param(lambda: encoded(cloth("red"), "PPM"), "not a JPEG", id="a PPM"),
    ],
)
def test_a_picture_that_cannot_be_read_is_refused(served: Served, picture: Callable[[], bytes], words: str) -> None:
    problem = refusal(served, files={"image": ("picture.jpg", picture(), "image/jpeg")})
    assert problem["type"] == "/problems/unreadable-image"
    assert words in problem["detail"]
    assert problem["hint"]
    assert problem["field"] == "image"
    in_base64 = refusal(served, json={"image_base64": "data:image/png;base64," + base64.b64encode(picture()).decode()})
    assert in_base64 == problem | {"field": "image_base64"}


def as_cmyk(picture: Image.Image) -> bytes:
    return encoded(picture.convert("CMYK"), "JPEG", quality=95)


def as_16_bit(picture: Image.Image) -> bytes:
    return encoded(Image.new("I;16", picture.size, 65_535))


def rotated_by_exif(picture: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 3  # Rotated by 180 degrees.
    return encoded(picture.rotate(180), "JPEG", quality=95, exif=exif)


@pytest.mark.parametrize(
    ("picture", "title"),
    [
        pytest.param(lambda: encoded(cloth("red", "white"), "JPEG", quality=95), "Red and white cloth", id="JPEG"),
        pytest.param(lambda: encoded(cloth("red", "white"), "WEBP"), "Red and white cloth", id="WebP"),
        pytest.param(lambda: as_cmyk(cloth("red", "white")), "Red and white cloth", id="CMYK"),
        pytest.param(lambda: as_16_bit(cloth("white")), "White cloth", id="16-bit grey"),
        pytest.param(lambda: encoded(Image.new("RGBA", (60, 80), (0, 0, 0, 0))), "White cloth", id="transparent"),
        pytest.param(lambda: encoded(cloth("blue").convert("P")), "Blue cloth", id="a palette"),
        pytest.param(lambda: rotated_by_exif(cloth("red", "white")), "Red and white cloth", id="rotated by EXIF"),
    ],
)
def test_usual_kinds_of_pictures_are_read(served: Served, picture: Callable[[], bytes], title: str) -> None:
    response = served.client.post("/search", files={"image": ("picture", picture())}, data={"k": "1"})
    assert response.json()["results"][0]["title"] == title


@pytest.mark.parametrize("kind", ["image/png", "IMAGE/X-ANY;name=a.png", "", "application/octet-stream"])
def test_a_data_url_may_have_no_known_type(served: Served, kind: str) -> None:
    """Browsers do not know the type of every picture."""
    coded = base64.b64encode(encoded(cloth("blue"))).decode()
    assert served.search(image_base64=f"data:{kind};base64,{coded}")["results"][0]["title"] == "Blue cloth"


@pytest.mark.parametrize(
    "text",
    [
        "not base64!", "äöü", "A", "data:text/html;base64,AAAA", "data:image/png,AAAA", "data:", "data:,AAAA", "=" * 9,
        "data:base64,AAAA",
    ],
)  # fmt: skip
def test_invalid_base64_is_refused(served: Served, text: str) -> None:
    problem = refusal(served, json={"image_base64": text})
    assert (problem["type"], problem["field"]) == ("/problems/unreadable-image", "image_base64")


def test_a_damaged_tiff_writes_nothing_to_standard_error(served: Served, capfd: pytest.CaptureFixture[str]) -> None:
    whole = encoded(cloth("red"), "TIFF", compression="tiff_lzw")
    damaged = whole[:8] + bytes(40) + whole[48:]
    problem = refusal(served, files={"image": damaged})
    assert problem["type"] == "/problems/unreadable-image"
    assert "tempfile.tif" not in capfd.readouterr().err  # What libtiff calls the picture.


def test_a_picture_above_the_size_limit_is_refused_as_file_and_as_base64(serve: Serve, shop: Shop) -> None:
    picture = encoded(cloth("red"), "BMP")
    with serve(shop, max_image_bytes=len(picture) - 1) as served:
        by_file = refusal(served, 413, files={"image": picture})
        by_base64 = refusal(served, 413, json={"image_base64": base64.b64encode(picture).decode()})
    assert by_file["type"] == by_base64["type"] == "/problems/image-too-large"
    assert (by_file["field"], by_base64["field"]) == ("image", "image_base64")
    assert f"{len(picture) - 1:,} bytes" in by_file["detail"]
