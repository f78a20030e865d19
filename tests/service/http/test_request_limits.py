"""Bounds on every part of a request, checked before it is parsed."""

from __future__ import annotations

import gzip
import json
import socket
import tracemalloc
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from service.errors import MAX_EXCERPT, InvalidRequest
from service.http.body.json_body import MAX_VALUES, parse_json
from service.http.middleware.request import MAX_HEADER_BYTES, MAX_HEADERS, MAX_TARGET_BYTES
from service.limits import MAX_DEPTH
from tests.patience import PATIENCE_S
from tests.service.conftest import Serve, Served, Shop

JSON = {"Content-Type": "application/json"}


def problem(response: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """The problem document of a refusal of this status and type."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["type"] == f"/problems/{kind}"
    return document


def test_a_long_address_is_refused(served: Served) -> None:
    response = served.client.get("/products/" + "x" * MAX_TARGET_BYTES)
    assert f"{MAX_TARGET_BYTES:,} bytes" in problem(response, 414, "target-too-long")["detail"]
    assert served.client.get("/products/" + "x" * (MAX_TARGET_BYTES - 100)).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X-Long": "x" * MAX_HEADER_BYTES}, id="long"),
        pytest.param({f"X-{number}": "1" for number in range(MAX_HEADERS)}, id="many"),
    ],
)
def test_too_many_headers_are_refused(served: Served, headers: dict[str, str]) -> None:
    problem(served.client.get("/products", headers=headers), 431, "headers-too-large")


def test_a_body_above_the_limit_is_refused_before_it_is_sent(serve: Serve, shop: Shop) -> None:
    with (
        serve(shop, max_image_bytes=1000) as served,
        socket.create_connection(_address(served), timeout=PATIENCE_S) as client,
    ):
        client.sendall(b"POST /search HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 413"


def test_a_body_without_a_declared_length_is_refused_when_it_grows_too_long(serve: Serve, shop: Shop) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(48):
            yield bytes(2**16)

    with serve(shop, max_image_bytes=1000) as served:
        document = problem(served.client.post("/search", content=chunks(), headers=JSON), 413, "image-too-large")
    assert document["field"] == "image"


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip"])
def test_a_compressed_body_is_refused_as_such(served: Served, encoding: str) -> None:
    body = gzip.compress(b'{"text": "red"}')
    response = served.client.post("/search", content=body, headers={**JSON, "Content-Encoding": encoding})
    assert encoding in problem(response, 415, "unsupported-encoding")["detail"]
    assert response.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("encoding", ["", "identity", "Identity", ", identity", "identity, identity"])
def test_an_encoding_that_changes_nothing_is_accepted(served: Served, encoding: str) -> None:
    headers = {**JSON, "Content-Encoding": encoding}
    assert served.client.post("/search", content=b'{"text": "red"}', headers=headers).status_code == 200


@pytest.mark.parametrize("space", [b" ", b"\t", b" \t "])
def test_whitespace_around_the_value_of_a_header_is_ignored(served: Served, space: bytes) -> None:
    body = b'{"text": "red"}'
    lines = [b"Host: a", b"Content-Type: application/json", b"Content-Length: %d" % len(body), b"X-Request-ID: mine"]
    lines += [b"X-Request-Timeout-Ms: 5000", b"Content-Encoding: identity", b"Connection: close"]
    head = b"".join(line.replace(b": ", b":" + space) + space + b"\r\n" for line in lines)
    received = b""
    with socket.create_connection(_address(served), timeout=PATIENCE_S) as client:
        client.sendall(b"POST /search HTTP/1.1\r\n" + head + b"\r\n" + body)
        while part := client.recv(65536):
            received += part
    assert received.startswith(b"HTTP/1.1 200")
    assert b"\r\nx-request-id: mine\r\n" in received


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
def test_json_in_another_encoding_is_refused_as_such(served: Served, encoding: str) -> None:
    response = served.client.post("/search", content='{"text": "größe"}'.encode(encoding), headers=JSON)
    assert "is not UTF-8" in problem(response, 422, "invalid-request")["detail"]


def test_json_may_begin_with_a_byte_order_mark(served: Served) -> None:
    assert served.client.post("/search", content=b'\xef\xbb\xbf{"text": "red"}', headers=JSON).status_code == 200


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b'{"text": "a", "text": "b"}', "'text' is given more than once", id="a field twice"),
        pytest.param(b'{"filters": {"a": 1, "a": 2}}', "'a' is given more than once", id="a filter twice"),
        pytest.param(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "nested too deeply", id="five deep"),
        pytest.param(b"[" * 19_000, "nested too deeply", id="deeper than the parser goes"),
        pytest.param(b"[" + b"0," * MAX_VALUES + b"0]", "20,000 values", id="too many values"),
        pytest.param(b'"\\ud800"', "surrogate", id="half of a surrogate pair"),
        pytest.param(b'{"\\udc00": 1}', "surrogate", id="half of a surrogate pair as a name"),
        pytest.param(b"NaN", "NaN is not a JSON number", id="NaN"),
        pytest.param(b"[-Infinity]", "-Infinity is not a JSON number", id="infinity"),
        pytest.param(b"1" * 5000, "more than 1,000 digits.$", id="a number of 5,000 digits"),
    ],
)
def test_json_beyond_its_bounds_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        parse_json(data)


def test_json_within_its_bounds_is_parsed() -> None:
    value = {"text": "größe 👗\n", "filters": {"price": {"min": -1.5e3}, "colour": ["red", None, True]}, "k": 10**30}
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    "filters",
    [
        pytest.param({"gender": [[]] * 6000}, id="lists of a list"),
        pytest.param({"gender": [{}] * 6000}, id="objects of a list"),
        pytest.param({f"name {number}": {} for number in range(3000)}, id="many filters"),
        pytest.param({"price": {f"end {number}": 1 for number in range(3000)}}, id="a range of many ends"),
        pytest.param({"gender": "x" * 600_000}, id="a long value"),
        pytest.param({"x" * 600_000: 1}, id="a long name"),
        pytest.param({f"name {number}": ["\ufdfa" * 500] * 250 for number in range(8)}, id="many long values"),
    ],
)
def test_large_filters_are_refused_at_once(served: Served, filters: dict[str, Any]) -> None:
    body = json.dumps({"text": "a", "filters": filters})
    tracemalloc.start()
    try:
        response = served.client.post("/search", content=body, headers=JSON)
        grown = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    document = problem(response, 422, "invalid-request")
    assert document["field"].startswith("filters")
    assert len(response.content) < 700
    assert grown < 20 * 2**20


@pytest.mark.parametrize("of", ["name", "product", "content type", "timeout", "form name"])
def test_an_error_repeats_little_of_the_request(served: Served, of: str) -> None:
    long = "x\x1b" + "y" * 5000
    ascii_long = "x" * 5000
    post = served.client.post
    response = {
        "name": lambda: post("/search", json={long: 1}),
        "product": lambda: post("/search", json={"product_id": long[:500]}),
        "content type": lambda: post("/search", content=b"1", headers={"Content-Type": ascii_long}),
        "timeout": lambda: post("/search", json={"text": "a"}, headers={"X-Request-Timeout-Ms": ascii_long}),
        "form name": lambda: post("/search", files={ascii_long[:4000]: (None, "1")}),
    }[of]()
    assert response.status_code in ((404,) if of == "product" else (422,))
    document = response.json()
    assert "y" * MAX_EXCERPT not in document["detail"]
    assert "x" * MAX_EXCERPT not in document["detail"]
    assert "\x1b" not in document["detail"]
    assert len(response.content) < 900


def _address(served: Served) -> tuple[str, int]:
    url = httpx.URL(served.url)
    assert url.port is not None
    return url.host, url.port
