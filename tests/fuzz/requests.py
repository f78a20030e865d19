"""Requests as strangers send them: mutated, too large, or meant for something else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import numpy as np

from tests.fuzz.corpora import corpus
from tests.fuzz.mutation import mutated
from tests.fuzz.targets import BOUNDARY

FORM = f"multipart/form-data; boundary={BOUNDARY.decode()}"
PATHS = ("/products/4/image?w=32", "/products", "/catalog", "/health/ready", "/metrics", "/operations/reload", "/docs")
METHODS = ("PUT", "DELETE", "TRACE", "PATCH", "OPTIONS", "HEAD", "BREW", "get")
DEEP: tuple[Any, ...] = (
    {"text": "a", "filters": {"gender": [[]] * 20_000}}, {"text": "a", "filters": {f"n{at}": {} for at in range(5000)}},
    {"exclude": ["1"] * 9000, "text": "a"}, {"x" * 300_000: 1}, {"text": "red " * 100_000}, [[[[[[[[]]]]]]]], None,
)  # fmt: skip


def bad_requests(seed: int) -> Iterator[bytes]:
    """Endless requests, complete as bytes. Some are valid by chance."""
    random = np.random.default_rng(seed)
    kinds = (_json, _form, _headers, _address, _method, _deep, _broken)
    while True:
        yield kinds[int(random.integers(0, len(kinds)))](random)


def mutated_pictures(seed: int, pictures: list[bytes]) -> Iterator[bytes]:
    """Endless uploads of damaged files of all formats, ``pictures`` among them."""
    random, files = np.random.default_rng(seed), [*corpus("picture"), *pictures]
    while True:
        picture = mutated(files[int(random.integers(0, len(files)))], random)
        part = b'Content-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n' + picture
        yield request(b"--" + BOUNDARY + b"\r\n" + part + b"\r\n--" + BOUNDARY + b"--\r\n", FORM)


def request(body: bytes, content_type: str = "application/json", *headers: str, start: str = "POST /search") -> bytes:
    """A request with its length, which ends its connection."""
    lines = [
        f"{start} HTTP/1.1", "Host: shop", "Connection: close", f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}", *headers,
    ]  # fmt: skip
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


def _picked(random: np.random.Generator, choices: tuple[Any, ...]) -> Any:
    return choices[int(random.integers(0, len(choices)))]


def _json(random: np.random.Generator) -> bytes:
    return request(mutated(_picked(random, corpus("json")), random))


def _form(random: np.random.Generator) -> bytes:
    return request(mutated(_picked(random, corpus("form")), random), FORM)


def _headers(random: np.random.Generator) -> bytes:
    noise = quote(random.bytes(12))
    headers = (
        f"X-Request-Timeout-Ms: {noise}", f"X-Long: {'x' * 40_000}", "Content-Encoding: gzip", f"X-Request-ID: {noise}",
        f"Accept: {noise}", f"Cookie: {noise * 100}", f"Range: bytes={noise}",
        "\r\n".join(f"X-{at}: {noise}" for at in range(150)), f"Authorization: Bearer {noise}",
    )  # fmt: skip
    return request(
        b'{"text": "red"}', _picked(random, ("application/json", "text/html", noise)), _picked(random, headers)
    )


def _address(random: np.random.Generator) -> bytes:
    path = quote(mutated(_picked(random, PATHS).encode(), random), safe="/?&=%.")
    return request(b"", start=f"GET /{path.lstrip('/')}")


def _method(random: np.random.Generator) -> bytes:
    return request(b"{}", start=f"{_picked(random, METHODS)} {_picked(random, (*PATHS, '/search'))}")


def _deep(random: np.random.Generator) -> bytes:
    return request(json.dumps(_picked(random, DEEP)).encode())


def _broken(random: np.random.Generator) -> bytes:
    return mutated(request(b'{"text": "red"}', "application/json", "Transfer-Encoding: identity"), random)
