"""What ``POST /search`` refuses, and how it says so."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from tests.service.conftest import Serve, Served, Shop, cloth, encoded

Problem = dict[str, Any]


def refusal(served: Served, status: int = 422, **request: Any) -> Problem:
    """The problem document of a request that must be refused."""
    response = served.client.post("/search", **request)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: Problem = response.json()
    assert problem["status"] == status
    assert set(problem) <= {"type", "title", "status", "detail", "hint", "field"}
    return problem


def png_bomb() -> bytes:
    """A small PNG that promises 30,000 x 30,000 pixels."""
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


def as_cmyk(picture: Image.Image) -> bytes:
    return encoded(picture.convert("CMYK"), "JPEG", quality=95)


def as_16_bit(picture: Image.Image) -> bytes:
    return encoded(Image.new("I;16", picture.size, 65_535))


def turned_by_exif(picture: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 3  # Upside down.
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
        pytest.param(lambda: turned_by_exif(cloth("red", "white")), "Red and white cloth", id="turned by EXIF"),
    ],
)
def test_every_usual_kind_of_picture_is_read(served: Served, picture: Callable[[], bytes], title: str) -> None:
    response = served.client.post("/search", files={"image": ("picture", picture())}, data={"k": "1"})
    assert response.json()["results"][0]["title"] == title


@pytest.mark.parametrize(
    "text", ["not base64!", "äöü", "A", "data:text/html;base64,AAAA", "data:image/png,AAAA", "data:", "=" * 9]
)
def test_base64_that_is_none_is_refused(served: Served, text: str) -> None:
    assert refusal(served, json={"image_base64": text})["type"] == "/problems/unreadable-image"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"k": 0}, "k must be 1 or more"),
        ({"k": -1}, "k must be 1 or more"),
        ({"k": 1_000_000_000}, "k must be 200 or less"),
        ({"k": 10**30}, "k must be"),
        ({"k": "ten"}, "k must be a whole number"),
        ({"k": "10"}, "k must be a whole number"),
        ({"k": 1.5}, "k must be a whole number"),
        ({"k": True}, "k must be a whole number"),
        ({"offset": -1}, "offset must be 0 or more"),
        ({"offset": 10_001}, "offset must be 10000 or less"),
        ({"text": 5}, "text must be text"),
        ({"text": "red " * 250_000}, "text must have at most 2,000 characters"),
        ({"colour": "red"}, "colour is not a field"),
        ({"exclude": "12"}, "exclude must be a list"),
        ({"exclude": ["12", 13]}, "exclude[1] must be text"),
        ({"exclude": ["12"] * 1001}, "exclude must have at most 1,000 entries"),
        ({"product_id": ""}, "product_id must not be empty"),
        ({"product_id": 12}, "product_id must be text"),
        ({"filters": "red"}, "filters must be an object"),
        ({"filters": {"colour": {"like": "re.*"}}}, "filters.colour is no filter"),
        ({"filters": {"price": {"min": "cheap"}}}, "filters.price is no filter"),
        ({"filters": {"colour": [["Red"]]}}, "filters.colour is no filter"),
        ({"product_id": "4", "image_base64": "AAAA"}, "more than one reference"),
    ],
)
def test_a_field_that_is_wrong_is_named(served: Served, fields: dict[str, Any], words: str) -> None:
    problem = refusal(served, json={"text": "red", **fields})
    assert problem["type"] == "/problems/invalid-request"
    assert words in problem["detail"]


@pytest.mark.parametrize("fields", [{}, {"text": ""}, {"text": " \u200b\x00 "}, {"k": 5}])
def test_a_search_for_nothing_is_refused(served: Served, fields: dict[str, Any]) -> None:
    assert "nothing to search for" in refusal(served, json=fields)["detail"]


def test_an_upload_and_a_product_together_are_refused(served: Served) -> None:
    problem = refusal(served, files={"image": encoded(cloth("red"))}, data={"product_id": "4"})
    assert problem["detail"] == "There is more than one reference."


def test_an_unknown_product_is_not_found(served: Served) -> None:
    for id in ("no such", "\x00", "../../etc/passwd", "4 "):
        assert refusal(served, 404, json={"product_id": id})["type"] == "/problems/unknown-product"


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({"color": "Red"}, "no attribute 'color'"),
        ({"price": {"min": 50, "max": 10}}, "min of 50 above its max of 10"),
        ({"colour": {"min": 1}}, "no number"),
        ({"price": "cheap"}, "takes numbers"),
        ({"price": {}}, "needs min, max or both"),
        ({"colour": []}, "has no value"),
        ({"colour": ["Red"] * 300}, "300 values"),
    ],
)
def test_a_filter_that_cannot_be_applied_is_refused(served: Served, filters: dict[str, Any], words: str) -> None:
    problem = refusal(served, json={"text": "red", "filters": filters})
    assert problem["type"] == "/problems/unknown-filter"
    assert words in problem["detail"]
    assert problem["hint"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b'{"text": "red"', id="cut short"),
        pytest.param(b'{"text": "red", "k": NaN}', id="NaN"),
        pytest.param(b'{"text": "red", "filters": {"price": {"min": Infinity}}}', id="Infinity"),
        pytest.param(b'{"text": "\\ud800"}', id="a lone surrogate"),
        pytest.param(b'{"text": "\xff"}', id="no UTF-8"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param(b'["text"]', id="a list"),
        pytest.param(b"null", id="null"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(served: Served, body: bytes) -> None:
    problem = refusal(served, content=body, headers={"Content-Type": "application/json"})
    assert problem["type"] == "/problems/invalid-request"
    assert "JSON" in problem["detail"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "image/png", "nonsense"])
def test_other_kinds_of_body_are_refused_and_told_what_is_read(served: Served, kind: str) -> None:
    problem = refusal(served, content=b"text=red", headers={"Content-Type": kind})
    assert kind in problem["detail"]
    assert "application/json" in problem["hint"]


FORM = [("text", (None, "red"))]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param([("text", (None, "blue"))], "text is given 2 times", id="a field twice"),
        pytest.param([("colour", (None, "red"))], "colour is not a field", id="an unknown field"),
        pytest.param([("k", (None, "ten"))], "k must be a whole number", id="k in words"),
        pytest.param([("k", (None, "1e9"))], "k must be a whole number", id="k with an exponent"),
        pytest.param([("k", (None, "0"))], "k must be 1 or more", id="k of zero"),
        pytest.param([("filters", (None, "{"))], "filters is not valid JSON", id="broken filters"),
        pytest.param([("exclude", (None, "[1"))], "exclude is not valid JSON", id="broken exclusions"),
        pytest.param([("image", (None, "abc"))], "image is a field of text", id="text for a picture"),
        pytest.param([("k", ("k.txt", b"5"))], "k is a file", id="a file for a number"),
        pytest.param([("image", ("a", b"1")), ("image", ("b", b"2"))], "more than 1 file", id="two pictures"),
        pytest.param([("exclude", (None, "1"))] * 2000, "more than 256 fields", id="thousands of fields"),
    ],
)
def test_a_form_that_is_wrong_is_told_where(served: Served, fields: list[Any], words: str) -> None:
    problem = refusal(served, files=[*FORM, *fields])
    assert problem["type"] == "/problems/invalid-request"
    assert words in problem["detail"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b"no boundary here"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nred'),
    ],
    ids=["no boundary", "another boundary", "cut short"],
)
def test_a_broken_form_is_refused(served: Served, kind: str, body: bytes) -> None:
    assert refusal(served, content=body, headers={"Content-Type": kind})["type"] == "/problems/invalid-request"


def test_a_picture_above_the_limit_is_too_large_however_it_is_sent(serve: Serve, shop: Shop) -> None:
    picture = encoded(cloth("red"), "BMP")
    with serve(shop, max_image_bytes=len(picture) - 1) as served:
        by_file = refusal(served, 413, files={"image": picture})
        by_base64 = refusal(served, 413, json={"image_base64": base64.b64encode(picture).decode()})
    assert by_file["type"] == by_base64["type"] == "/problems/image-too-large"
    assert f"{len(picture) - 1:,} bytes" in by_file["detail"]


def test_a_body_above_the_limit_is_refused_by_its_declared_length(serve: Serve, shop: Shop) -> None:
    with serve(shop, max_image_bytes=1000) as served:
        assert refusal(served, 413, content=bytes(3 * 2**20))["type"] == "/problems/image-too-large"


def test_a_body_above_the_limit_is_refused_while_it_is_read_where_no_length_is_declared(
    serve: Serve, shop: Shop
) -> None:
    chunks = (bytes(2**16) for _ in range(48))
    with serve(shop, max_image_bytes=1000) as served:
        problem = refusal(served, 413, content=chunks, headers={"Content-Type": "application/json"})
    assert problem["type"] == "/problems/image-too-large"


def test_the_service_answers_as_before_after_all_that(served: Served) -> None:
    assert served.search(text="red", k=1)["results"][0]["title"] == "Red cloth"
