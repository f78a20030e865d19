"""Headers without end, in all the places where a request may have some, requests without one ``Host``, upgrades."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from http import HTTPStatus

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.server.connections import MAX_TRAILERS
from service.server.framing import MAX_HEAD_BYTES, MAX_PIPELINED, Framing
from tests.patience import PATIENCE_S
from tests.properties import properties
from tests.service.conftest import Serve, Served, Shop

MAX_BODY_BYTES = 100_000
MAX_SENT = 64 * 2**20
"""What the sockets between client and service hold, and more."""
requests = st.lists(
    st.binary(max_size=300).map(
        lambda body: b"POST / HTTP/1.1\r\nhOST: shop\r\ncontent-LENGTH: %d\r\n\r\n" % len(body) + body
    )
    | st.just(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
    | st.just(b"POST / HTTP/1.1\r\nuPgrade: h2c\r\nHost: shop\r\nContent-Length: 14\r\n\r\n\r\nUpgrade: h2c"),
    max_size=20,
)


def refusal(framing: Framing, data: bytes) -> HTTPStatus | None:
    parsed = framing.parsed(data)
    return parsed if isinstance(parsed, HTTPStatus) else None


@properties(100)
@given(requests, st.lists(st.integers(1, 400), min_size=1, max_size=30))
def test_requests_within_the_bounds_pass_however_they_are_cut(sent: list[bytes], lengths: list[int]) -> None:
    framing, data, turn = Framing(MAX_BODY_BYTES), b"".join(sent) * 20, 0
    expected, passed = data.replace(b"\r\nuPgrade: h2c", b""), b""
    while data:
        length = lengths[turn % len(lengths)]
        parsed = framing.parsed(data[:length])
        assert isinstance(parsed, bytes)
        passed += parsed
        data, turn = data[length:], turn + 1
    assert passed == expected


@pytest.mark.parametrize("begun", [b"", b"GET / HT"])
def test_pipelined_requests_are_bounded(begun: bytes) -> None:
    request = b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n"
    for count, status in ((MAX_PIPELINED, None), (MAX_PIPELINED + 1, 431)):
        framing = Framing(MAX_BODY_BYTES)
        assert refusal(framing, begun) is None
        assert refusal(framing, (request * count)[len(begun) :]) == status
    framing = Framing(MAX_BODY_BYTES)
    assert not any(refusal(framing, request) for _ in range(10 * MAX_PIPELINED))


@pytest.mark.parametrize("body", [b"", b"1\r\na\r\n0\r\nX-Trailer: 1\r\n\r\n"])
def test_requests_after_a_chunked_body_are_bounded(body: bytes) -> None:
    chunked = b"POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    requests = b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n" * MAX_PIPELINED
    for together in (True, False):
        framing = Framing(MAX_BODY_BYTES)
        if not together:
            assert refusal(framing, chunked) is None
        assert refusal(framing, (chunked if together else b"0\r\n\r\n") + requests) == 431
    framing = Framing(MAX_BODY_BYTES)
    part = b"\r\n--part\r\nContent-Disposition: form-data; name=text\r\n\r\nred"
    assert refusal(framing, chunked) is None
    assert refusal(framing, b"%x\r\n" % (20 * len(part)) + part * 20) is None


@pytest.mark.parametrize("length", [1, 1000, 10**6])
@pytest.mark.parametrize(
    "before", [b"", b"GET / HTTP/1.0\r\n\r\n", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"]
)
def test_a_head_beyond_the_bound_does_not_pass(length: int, before: bytes) -> None:
    framing = Framing(MAX_BODY_BYTES)
    assert refusal(framing, before) is None
    data = b"GET / HTTP/1.1\r\nX-Long: " + b"x" * (MAX_HEAD_BYTES + 1)
    assert any(refusal(framing, data[at : at + length]) == 431 for at in range(0, len(data), length))


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        pytest.param(b"GET /", b"x" * 4096, id="address"),
        pytest.param(b"GET / HTTP/1.1\r\n", b"x" * 4096, id="name of a header"),
        pytest.param(b"GET / HTTP/1.1\r\nX-Long: ", b"x" * 4096, id="value of a header"),
        pytest.param(b"GET / HTTP/1.1\r\n", b"X-Many: 1\r\n" * 400, id="number of headers"),
        pytest.param(b"GET / HTTP/1.1\n", b"X-Many: 1\n" * 400, id="lines without a carriage return"),
        pytest.param(
            b"POST /search HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Long: ",
            b"x" * 4096,
            id="trailer",
        ),
        pytest.param(
            b"POST /search HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n1;x=",
            b"x" * 4096,
            id="extension of a chunk",
        ),
    ],
)
def test_a_request_without_an_end_closes_the_connection(serve: Serve, shop: Shop, start: bytes, piece: bytes) -> None:
    with serve(shop, max_image_bytes=MAX_BODY_BYTES) as served:
        url = httpx.URL(served.url)
        with socket.create_connection((url.host, url.port or 80), timeout=PATIENCE_S) as connection:
            sent = 0
            with suppress(ConnectionError):
                connection.sendall(start)
                while sent < MAX_SENT:
                    connection.sendall(piece)
                    sent += len(piece)
        assert sent < MAX_SENT
        assert served.found(text="red")


def test_a_chunked_request_is_the_last_of_its_connection(serve: Serve, shop: Shop) -> None:
    with serve(shop) as served:
        headers = {"Content-Type": "application/json"}
        chunked = served.client.post("/search", content=iter([b'{"text": ', b'"red"}']), headers=headers)
        declared = served.client.post("/search", json={"text": "red"})
    assert chunked.json()["results"] == declared.json()["results"]
    assert chunked.headers["connection"] == "close"
    assert "connection" not in declared.headers


@pytest.mark.parametrize("cut", [30, 10**6])
@pytest.mark.parametrize("protocol", [b"h2c", b"websocket", b"unknown"])
def test_an_upgrade_is_ignored(served: Served, protocol: bytes, cut: int) -> None:
    """Java's HttpClient asks for h2c in every first request of a connection without TLS."""
    url, body = httpx.URL(served.url), b'{"text": "red"}'
    headers = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: %s\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n" % protocol
    request = b"POST /search HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s"
    last = b"GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    sent, received = request % (len(body), headers, body) * 2 + last, b""
    with socket.create_connection((url.host, url.port or 80), timeout=PATIENCE_S) as connection:
        for at in range(0, len(sent), cut):
            connection.sendall(sent[at : at + cut])
        while part := connection.recv(65536):
            received += part
    assert received.count(b"HTTP/1.1 200 OK") == 3


@pytest.mark.parametrize(("version", "continues"), [(b"1.0", 0), (b"1.1", 1)])
def test_only_a_client_of_http_1_1_gets_100_continue(served: Served, version: bytes, continues: int) -> None:
    url, body, received = httpx.URL(served.url), b'{"text": "red"}', b""
    head = b"POST /search HTTP/%s\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n"
    head += b"Content-Type: application/json\r\n"
    with socket.create_connection((url.host, url.port or 80), timeout=PATIENCE_S) as connection:
        connection.sendall(head % version + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        while part := connection.recv(65536):
            received += part
    assert received.count(b" 100 Continue") == continues
    assert received.count(b" 200 OK") == 1


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02\0\x01", b"GET / HTTP/1.1\nHost: a\n\n", b"{}"])
def test_bytes_that_are_no_request_are_refused_at_once(sent: bytes) -> None:
    for cut in (1, len(sent)):
        framing = Framing(MAX_BODY_BYTES)
        assert any(refusal(framing, sent[at : at + cut]) == 400 for at in range(0, len(sent), cut))


def answered(served: Served, trailers: bytes) -> bytes:
    """The first line of the answer to a chunked search with these trailers."""
    body = json.dumps({"text": "red"}).encode()
    head = b"POST /search HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    url = httpx.URL(served.url)
    with socket.create_connection((url.host, url.port or 80), timeout=PATIENCE_S) as connection:
        connection.sendall(head + b"%x\r\n%s\r\n0\r\n" % (len(body), body) + trailers + b"\r\n")
        return connection.recv(12)


def test_trailers_are_not_headers(serve: Serve, shop: Shop) -> None:
    """A proxy sets headers, and may forward the trailers of a client."""
    with serve(shop, trusted_proxies=["127.0.0.1"], address_rate="1/hour") as served:
        first, second = (answered(served, b"X-Forwarded-For: 192.0.2.%d\r\n" % number) for number in range(2))
    assert (first, second) == (b"HTTP/1.1 200", b"HTTP/1.1 429")


@pytest.mark.parametrize(("number", "status"), [(MAX_TRAILERS, 200), (MAX_TRAILERS + 1, 400)])
def test_trailers_are_bounded(served: Served, number: int, status: int) -> None:
    assert answered(served, b"a:\r\n" * number) == b"HTTP/1.1 %d" % status


@pytest.mark.parametrize("part", [b" ", b"\t", b"\n", b" HTTP/1.1", b"\nHost", b"\r\ncontent-length: "])
def test_a_head_of_one_part_repeated_is_refused_in_linear_time(part: bytes) -> None:
    """In quadratic time this takes more than a minute."""
    head = part * ((MAX_HEAD_BYTES - 5) // len(part)) + b"x\r\n\r\n"
    assert refusal(Framing(MAX_BODY_BYTES), head) == 400


@pytest.mark.parametrize("cut", [1, 20, 10**6])
@pytest.mark.parametrize(
    ("head", "status"),
    [
        pytest.param(b"GET /health/live HTTP/1.1\r\n\r\n", 400, id="none"),
        pytest.param(b"GET /health/live HTTP/1.1\r\nX-Host: a\r\nVia: host: b\r\n\r\n", 400, id="in other headers"),
        pytest.param(b"GET /health/live HTTP/1.1\r\nHost: a\r\nhost:b\r\n\r\n", 400, id="two"),
        pytest.param(b"GET /health/live HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400, id="two in HTTP/1.0"),
        pytest.param(b"GET /health/live HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, id="a path"),
        pytest.param(b"GET /health/live HTTP/1.1\r\nHost: a b\r\n\r\n", 400, id="two words"),
        pytest.param(b"GET /health/live HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, id="a user"),
        pytest.param(b"GET /health/live HTTP/1.1\r\nHost: \xc3\xa9\r\n\r\n", 400, id="no ASCII"),
        pytest.param(b"GET /health/live HTTP/1.1\r\nHost:\r\n\r\n", 200, id="an empty one"),
        pytest.param(b"GET /health/live HTTP/1.1\r\nHost:\t[::1]:80 \r\n\r\n", 200, id="an address and a port"),
        pytest.param(b"\r\nGET /health/live HTTP/1.1\r\nHost: a\r\n\r\n", 200, id="one after an empty line"),
        pytest.param(b"\r\n\r\nGET /health/live HTTP/1.1\r\nHost: a\r\n\r\n", 200, id="one after two empty lines"),
        pytest.param(b"GET /health/live HTTP/1.0\r\n\r\n", 200, id="none in HTTP/1.0"),
        pytest.param(b"GET /health/live\r\nHost: a\r\n\r\n", 400, id="no version"),
        pytest.param(b"POST /search HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 415, id="gzip"),
    ],
)
def test_a_request_has_a_version_one_host_and_a_known_encoding(
    served: Served, head: bytes, status: int, cut: int
) -> None:
    url = httpx.URL(served.url)
    with socket.create_connection((url.host, url.port or 80), timeout=PATIENCE_S) as connection:
        with suppress(ConnectionError):
            for at in range(0, len(head), cut):
                connection.sendall(head[at : at + cut])
        assert connection.recv(12) == b"HTTP/1.1 %d" % status
