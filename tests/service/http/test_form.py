"""Reading forms, in whatever pieces they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from service.errors import InvalidRequest
from service.http.form import Part, read_form

PICTURE = bytes(range(256)) * 20 + b"\r\n--x\r\n--"
"""With what almost looks like a boundary."""


async def pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def read(kind: str, body: bytes, *, size: int = 2**16, most_files: int = 1, most_fields: int = 9) -> list[Part]:
    return asyncio.run(read_form(kind, pieces(body, size), most_files=most_files, most_fields=most_fields))


def sent(*fields: tuple[str, tuple[str | None, bytes]]) -> tuple[str, bytes]:
    """``Content-Type`` and body as httpx makes them."""
    request = httpx.Request("POST", "http://shop", files=list(fields))
    return request.headers["content-type"], request.read()


@pytest.mark.parametrize("size", [1, 2, 7, 100, 2**16])
def test_fields_and_files_come_out_as_they_went_in(size: int) -> None:
    text = "größer, and in red"
    kind, body = sent(("text", (None, text.encode())), ("image", ("a picture.jpg", PICTURE)), ("k", (None, b"5")))
    parts = read(kind, body, size=size)
    assert parts == [
        Part("text", None, text.encode()), Part("image", "a picture.jpg", PICTURE), Part("k", None, b"5"),
    ]  # fmt: skip
    assert parts[0].text == text


def test_an_empty_file_has_an_empty_name_and_a_field_none() -> None:
    kind, body = sent(("image", ("", b"")), ("text", (None, b"")))
    body = body.replace(b'name="image"\r\n', b'name="image"; filename=""\r\n')
    assert read(kind, body) == [Part("image", "", b""), Part("text", None, b"")]


@pytest.mark.parametrize("name", ["größe.jpg".encode(), "größe.jpg".encode("latin-1")])
def test_a_file_may_have_a_name_in_any_charset(name: bytes) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="image"; filename="%b"\r\n\r\n1\r\n--x--' % name
    assert read("multipart/form-data; boundary=x", body) == [Part("image", name.decode("utf-8", "replace"), b"1")]


@pytest.mark.parametrize("kind", ["{}", '"{}"', "{}; charset=utf-8", '"{}";charset=utf-8'])
def test_a_boundary_may_have_signs_that_ask_for_quotes(kind: str) -> None:
    boundary = "----=_Part_0:1.2/3"
    body = f'--{boundary}\r\nContent-Disposition: form-data; name="text"\r\n\r\nred\r\n--{boundary}--'
    kind = f"multipart/form-data;\tboundary={kind.format(boundary)}"
    assert read(kind, body.encode()) == [Part("text", None, b"red")]


def test_headers_may_be_written_in_any_case_and_a_boundary_quoted() -> None:
    body = b'--a b\r\nCONTENT-DISPOSITION: form-data; name="text"\r\nX-Other: 1\r\n\r\nred\r\n--a b--\r\n'
    assert read('multipart/form-data; boundary="a b"', body) == [Part("text", None, b"red")]


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("multipart/form-data", b"", "names no boundary"),
        ("multipart/form-data; boundary=x", b"", "last boundary is missing"),
        ("multipart/form-data; boundary=x", b"--y\r\n", "last boundary is missing"),
        ("multipart/form-data; boundary=x", b"?--x\r\n", "in front of first boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--", "no name"),
        ("multipart/form-data; boundary=x", b"--x\r\nno header\r\n\r\n1\r\n--x--", "Malformed segment header"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n1\r\n--x--", "Missing Content-Disposition"),
        (
            "multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="k"\r\n\r\n1\r\n',
            "last boundary is missing",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 2, 2**16])
def test_what_is_wrong_is_said(kind: str, body: bytes, words: str, size: int) -> None:
    with pytest.raises(InvalidRequest, match=words):
        read(kind, body, size=size)


def test_reading_ends_at_one_too_many() -> None:
    kind, body = sent(*[("k", (None, b"1"))] * 5)
    assert len(read(kind, body, most_fields=5)) == 5
    with pytest.raises(InvalidRequest, match="Too many fields, 4"):
        read(kind, body, most_fields=4)
