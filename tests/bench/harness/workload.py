"""What is searched and what is sent: a drawn shop and its index, pictures of shoppers, requests as bytes."""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from indexer.build import BuildOptions, build_generation
from indexer.generations.publication import current_id
from models.bundle import Bundle
from models.datasets.garments import draw_catalog
from tests.bench.harness.load import Request

SIZES = {"thumbnail": (240, 320), "phone": (1200, 1600)}
"""Width and height in pixels of the pictures that are sent."""
COUNTS = {"thumbnail": 400, "phone": 60}
MODIFICATIONS = (
    "in red", "in navy blue", "the same but black", "with long sleeves", "without the print", "in a lighter colour",
    "striped instead of plain", "with buttons", "shorter", "in green with a round neck", "for an evening", "in white",
)  # fmt: skip
SHOP_SEED, PICTURE_SEED = 7, 1001
_BOUNDARY = b"----modiste-bench"
_SERIAL_DIGITS = 18
_serials = itertools.count(time.time_ns() % 10**_SERIAL_DIGITS)


def drawn_shop(cache: Path, products: int) -> Path:
    """The folder of a drawn catalogue; drawn once and kept."""
    return draw_catalog(cache / f"shop-{products}", products, SHOP_SEED, 150, 200)


def drawn_pictures(cache: Path, size: str, count: int | None = None) -> list[bytes]:
    """JPEG files of garments that the shop does not have, in one of ``SIZES``; drawn once and kept."""
    count = count or COUNTS[size]
    folder = draw_catalog(cache / f"pictures-{size}-{count}", count, PICTURE_SEED, *SIZES[size])
    return [path.read_bytes() for path in sorted((folder / "images").glob("*.jpg"))]


def indexed(cache: Path, catalog: Path, bundle_folder: Path) -> Path:
    """The index root of a catalogue with a bundle; built once and kept."""
    bundle = Bundle(bundle_folder, device="cpu")
    root = cache / f"index-{catalog.name}-{bundle.fingerprint}"
    if not root.is_dir() or current_id(root) is None:
        build_generation(catalog, bundle, root, BuildOptions(device="cpu"))
    return root


def get(path: str) -> bytes:
    """``GET path``."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def search(fields: Mapping[str, Any]) -> bytes:
    """``POST /search`` in JSON."""
    return _post(json.dumps(fields).encode(), "application/json")


def upload(picture: bytes, text: str) -> bytes:
    """``POST /search`` as a form with a picture."""
    parts = [
        _part("text", text.encode()),
        _part("image", picture, '; filename="picture.jpg"\r\nContent-Type: image/jpeg'),
    ]
    body = b"".join(parts) + b"--" + _BOUNDARY + b"--\r\n"
    return _post(body, f"multipart/form-data; boundary={_BOUNDARY.decode()}")


def batch_of_one(picture: bytes, text: str) -> bytes:
    """``POST /search`` as BentoML's batches take it."""
    return search({"queries": [{"image": base64.b64encode(picture).decode(), "text": text}]})


def fresh(picture: bytes) -> bytes:
    """The same pixels as a JPEG file that was never sent before: a comment differs."""
    if picture[:2] != b"\xff\xd8":
        raise ValueError("Only a JPEG file takes a comment.")
    comment = b"\xff\xfe" + (_SERIAL_DIGITS + 2).to_bytes(2, "big") + b"%0*d" % (_SERIAL_DIGITS, next(_serials))
    return picture[:2] + comment + picture[2:]


class FreshUploads:
    """Endless uploads of ``pictures`` with modifications. No cache has seen any of them.

    A picture keeps its modification; the request's kind is its number.

    Args:
        payload: Makes a request of a picture and a modification.
    """

    def __init__(self, pictures: Sequence[bytes], payload: Callable[[bytes, str], bytes] = upload) -> None:
        self._pictures, self._payload, self._number = pictures, payload, 0

    def __iter__(self) -> FreshUploads:
        return self

    def __next__(self) -> Request:
        number = self._number % len(self._pictures)
        self._number += 1
        text = MODIFICATIONS[number % len(MODIFICATIONS)]
        return Request(str(number), self._payload(fresh(self._pictures[number]), text))


def _post(body: bytes, media_type: str) -> bytes:
    head = (
        f"POST /search HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _part(name: str, value: bytes, more: str = "") -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return b"--" + _BOUNDARY + b"\r\n" + head.encode() + value + b"\r\n"
