"""Requests as bytes, ready to be sent; pictures that no cache has seen."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tests.bench.load import Shot

MODIFICATIONS = (
    "in red", "in navy blue", "the same but black", "with long sleeves", "without the print", "in a lighter colour",
    "striped instead of plain", "with buttons", "shorter", "in green with a round neck", "for an evening", "in white",
)  # fmt: skip
_BOUNDARY = b"----modiste-bench"
_SERIAL_DIGITS = 18
_serials = itertools.count(time.time_ns() % 10**_SERIAL_DIGITS)


def get(path: str) -> bytes:
    """``GET path``."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def post(path: str, body: bytes, kind: str) -> bytes:
    """``POST path`` with a body of the media type ``kind``."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def search(fields: Mapping[str, Any]) -> bytes:
    """``POST /search`` in JSON."""
    return post("/search", json.dumps(fields).encode(), "application/json")


def upload(picture: bytes, fields: Mapping[str, str], *, media_type: str = "image/jpeg") -> bytes:
    """``POST /search`` as a form with a picture."""
    parts = [_part(name, value.encode()) for name, value in fields.items()]
    parts.append(_part("image", picture, f'; filename="picture.jpg"\r\nContent-Type: {media_type}'))
    body = b"".join(parts) + b"--" + _BOUNDARY + b"--\r\n"
    return post("/search", body, f"multipart/form-data; boundary={_BOUNDARY.decode()}")


def _part(name: str, value: bytes, more: str = "") -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return b"--" + _BOUNDARY + b"\r\n" + head.encode() + value + b"\r\n"


class FreshPicture:
    """A JPEG file that differs from every earlier one in a comment: the same pixels and the same work, other bytes.

    What is asked for is put together when it is sent, for the price of one copy.
    """

    def __init__(self, picture: bytes, fields: Mapping[str, str]) -> None:
        if picture[:2] != b"\xff\xd8":
            raise ValueError("Only a JPEG file takes a comment.")
        comment = b"\xff\xfe" + (_SERIAL_DIGITS + 2).to_bytes(2, "big")
        marker = b"#" * _SERIAL_DIGITS
        whole = upload(picture[:2] + comment + marker + picture[2:], fields)
        self._before, self._after = whole.split(marker, 1)

    def payload(self) -> bytes:
        """The request with a comment that it never had before."""
        return b"%b%0*d%b" % (self._before, _SERIAL_DIGITS, next(_serials), self._after)


class FreshUploads:
    """Endless uploads of ``pictures`` with modifications, none of which any cache has seen.

    Number n is the same for the bare pipeline: the picture ``n % len(pictures)``, which keeps its modification from
    period to period; the shot's kind tells it.
    """

    def __init__(self, pictures: Sequence[bytes], kind: str = "upload") -> None:
        # Of all pairs one period; building each when it is due would cost the generator a millisecond.
        self._made = [
            (f"{kind} {number}", FreshPicture(picture, {"text": MODIFICATIONS[number % len(MODIFICATIONS)]}))
            for number, picture in enumerate(pictures)
        ]
        self._number = 0

    def __iter__(self) -> FreshUploads:
        return self

    def __next__(self) -> Shot:
        kind, picture = self._made[self._number % len(self._made)]
        self._number += 1
        return Shot(kind, picture.payload())
