"""Forms, in whatever pieces they arrive."""

from __future__ import annotations

import asyncio
import tempfile
from typing import Any

import httpx
import pytest
from fastapi import Request

from service.errors import InvalidRequest, UnsupportedEncoding
from service.http.body.form import Form, read_form
from service.limits import MAX_PARTS

PICTURE = bytes(range(256)) * 20 + b"\r\n--x\r\n--"
"""With bytes that look like a boundary."""
SIMPLE = "multipart/form-data; boundary=x"


def read(kind: str, body: bytes, *, size: int = 2**16) -> Form:
    """Read a form that arrives in pieces of ``size`` bytes."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)] or [b""]

    async def receive() -> dict[str, Any]:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", kind.encode())]}
    return asyncio.run(read_form(Request(scope, receive)))


def sent(*fields: tuple[str, tuple[str | None, bytes]]) -> tuple[str, bytes]:
    """``Content-Type`` and body as httpx makes them."""
    request = httpx.Request("POST", "http://shop", files=list(fields))
    return request.headers["content-type"], request.read()


@pytest.mark.parametrize("size", [1, 7, 2**16])
def test_fields_and_files_are_read_whole(size: int) -> None:
    text = "größer, and in red"
    kind, body = sent(("text", (None, text.encode())), ("image", ("a picture.jpg", PICTURE)), ("k", (None, b"5")))
    assert read(kind, body, size=size) == Form({"text": [text], "k": ["5"]}, {"image": PICTURE})


def test_repeated_fields_keep_their_order() -> None:
    kind, body = sent(*(("exclude", (None, value)) for value in (b"2", b"1", b"2")))
    assert read(kind, body) == Form({"exclude": ["2", "1", "2"]}, {})


def _named_empty(body: bytes) -> bytes:
    """The body with ``filename=""`` as browsers send it; httpx leaves it out."""
    for name in (b"image", b"photo"):
        body = body.replace(b'name="%s"\r\n' % name, b'name="%s"; filename=""\r\n' % name)
    return body


def test_file_inputs_that_were_left_empty_are_left_out() -> None:
    kind, body = sent(("image", ("", b"")), ("text", (None, b"")), ("photo", ("", b"")))
    assert read(kind, _named_empty(body)) == Form({"text": [""]}, {})
    kind, body = sent(("photo", ("", b"")), ("image", ("a.jpg", PICTURE)), ("image", ("", b"")))
    for size in (7, 2**16):
        assert read(kind, _named_empty(body), size=size) == Form({}, {"image": PICTURE})


@pytest.mark.parametrize("second", [b"", b"1"])
@pytest.mark.parametrize("first", [b"a.jpg", b""])
def test_two_files_are_refused(first: bytes, second: bytes) -> None:
    kind, body = sent(("image", ("a.jpg", PICTURE)), ("image", ("b.jpg", second)))
    with pytest.raises(InvalidRequest, match="more than 1 file"):
        read(kind, body.replace(b"a.jpg", first), size=100)


@pytest.mark.parametrize(
    "filename",
    [
        pytest.param('filename="größe.jpg"'.encode(), id="UTF-8"),
        pytest.param('filename="größe.jpg"'.encode("latin-1"), id="Latin-1"),
        pytest.param(b"filename*=utf-8''gr%C3%B6%C3%9Fe.jpg", id="RFC 2231"),
    ],
)
def test_a_file_name_may_be_in_any_encoding(filename: bytes) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="image"; %b\r\n\r\n1\r\n--x--' % filename
    assert read(SIMPLE, body).files == {"image": b"1"}


@pytest.mark.parametrize("kind", ['"{}"', "{}; charset=utf-8", '"{}";charset=utf-8'])
def test_a_boundary_may_be_quoted_and_have_parameters_after_it(kind: str) -> None:
    boundary = "----=_Part_0.1.2/3"
    body = f'--{boundary}\r\nContent-Disposition: form-data; name="text"\r\n\r\nred\r\n--{boundary}--'
    kind = f"multipart/form-data; boundary={kind.format(boundary)}"
    assert read(kind, body.encode()) == Form({"text": ["red"]}, {})


def test_a_large_file_is_read_without_a_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    kind, body = sent(("image", ("a.jpg", bytes(5 * 2**20))))
    assert read(kind, body).files == {"image": bytes(5 * 2**20)}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        pytest.param("multipart/form-data", b"", id="no boundary"),
        pytest.param(SIMPLE, b"", id="nothing"),
        pytest.param(SIMPLE, b"--y\r\n", id="another boundary"),
        pytest.param(SIMPLE, b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--", id="no name"),
        pytest.param(SIMPLE, b"--x\r\n\r\n1\r\n--x--", id="no Content-Disposition"),
        pytest.param(SIMPLE, b"--x\r\nno header\r\n\r\n1\r\n--x--", id="a broken header"),
        pytest.param(SIMPLE, b'--x\r\nContent-Disposition: form-data; name="k"\r\n\r\n1\r\n', id="cut short"),
        pytest.param(SIMPLE, b'--x\r\nContent-Disposition: form-data; name="k"\r\nX: ' + b"x" * 10**6, id="a header"),
        pytest.param(SIMPLE, b"--x\r\n" + b"X: 1\r\n" * 9 + b"\r\n1\r\n--x--", id="nine headers"),
    ],
)
@pytest.mark.parametrize("size", [1000, 2**16])
def test_a_body_that_is_no_form_is_refused(kind: str, body: bytes, size: int) -> None:
    with pytest.raises(InvalidRequest, match="cannot be read as a form"):
        read(kind, body, size=size)


@pytest.mark.parametrize("part", [("k", (None, b"1")), ("photo", ("", b""))])
def test_too_many_parts_are_refused(part: tuple[str, tuple[str | None, bytes]]) -> None:
    kind, body = sent(*[part] * MAX_PARTS)
    read(kind, _named_empty(body))
    kind, body = sent(*[part] * (MAX_PARTS + 1))
    with pytest.raises(InvalidRequest, match="more than 256 parts"):
        read(kind, _named_empty(body))


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("Content-Type: text/plain; charset=utf-16", "charset 'utf-16'"),
        ('Content-Type: text/plain; charset="shift_jis"', "charset 'shift_jis'"),
        ("Content-Type: Multipart/mixed; boundary=y", "consists of parts"),
        ("Content-Transfer-Encoding: base64", "encoded ('base64')"),
        ("content-transfer-encoding: Quoted-Printable", "encoded ('Quoted-Printable')"),
    ],
)
def test_a_part_that_is_encoded_is_refused_with_its_name(header: str, named: str) -> None:
    body = f'--x\r\nContent-Disposition: form-data; name="text"\r\n{header}\r\n\r\ncmVk\r\n--x--'
    with pytest.raises(UnsupportedEncoding) as refused:
        read(SIMPLE, body.encode(), size=7)
    assert named in refused.value.message
    assert refused.value.field == "text"


@pytest.mark.parametrize("encoding", ["8bit", "binary", "7BIT"])
@pytest.mark.parametrize("charset", ["UTF-8", "us-ascii", "ISO-8859-1", "latin1", '"iso8859-1"', "cp1252", "ASCII"])
def test_a_part_may_state_that_it_is_not_encoded(encoding: str, charset: str) -> None:
    """Java's clients do."""
    headers = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {encoding}"
    body = f'--x\r\nContent-Disposition: form-data; name="text"\r\n{headers}\r\n\r\nred\r\n--x--'
    assert read(SIMPLE, body.encode()) == Form({"text": ["red"]}, {})
