"""Headers without end, in all the places where a request may have some, and requests without one ``Host``."""

from __future__ import annotations

import socket
from contextlib import suppress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.server.framing import MAX_HEAD_BYTES, MAX_PIPELINED, Framing
from tests.properties import properties
from tests.service.conftest import Serve, Served, Shop

MAX_BODY_BYTES = 100_000
MOST_SENT = 64 * 2**20
"""What the sockets between client and service hold, and more."""
requests = st.lists(
    st.binary(max_size=300).map(
        lambda body: b"POST / HTTP/1.1\r\nhOST: shop\r\ncontent-LENGTH: %d\r\n\r\n" % len(body) + body
    )
    | st.just(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n"),
    max_size=20,
)


@properties(100)
@given(requests, st.lists(st.integers(1, 400), min_size=1, max_size=30))
def test_requests_within_the_bounds_pass_however_they_are_cut(sent: list[bytes], lengths: list[int]) -> None:
    framing, data, turn = Framing(MAX_BODY_BYTES), b"".join(sent) * 20, 0
    while data:
        length = lengths[turn % len(lengths)]
        assert framing.refusal(data[:length]) is None
        data, turn = data[length:], turn + 1


@pytest.mark.parametrize("begun", [b"", b"GET / HT"])
def test_pipelined_requests_are_bounded(begun: bytes) -> None:
    request = b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n"
    for count, status in ((MAX_PIPELINED, None), (MAX_PIPELINED + 1, 431)):
        framing = Framing(MAX_BODY_BYTES)
        assert framing.refusal(begun) is None
        assert framing.refusal((request * count)[len(begun) :]) == status
    framing = Framing(MAX_BODY_BYTES)
    assert not any(framing.refusal(request) for _ in range(10 * MAX_PIPELINED))


@pytest.mark.parametrize("body", [b"", b"1\r\na\r\n0\r\nX-Trailer: 1\r\n\r\n"])
def test_requests_after_a_chunked_body_are_bounded(body: bytes) -> None:
    chunked = b"POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    requests = b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n" * MAX_PIPELINED
    for together in (True, False):
        framing = Framing(MAX_BODY_BYTES)
        if not together:
            assert framing.refusal(chunked) is None
        assert framing.refusal((chunked if together else b"0\r\n\r\n") + requests) == 431
    framing = Framing(MAX_BODY_BYTES)
    part = b"\r\n--part\r\nContent-Disposition: form-data; name=text\r\n\r\nred"
    assert framing.refusal(chunked) is None
    assert framing.refusal(b"%x\r\n" % (20 * len(part)) + part * 20) is None


@pytest.mark.parametrize("length", [1, 1000, 10**6])
@pytest.mark.parametrize(
    "before", [b"", b"GET / HTTP/1.0\r\n\r\n", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"]
)
def test_a_head_beyond_the_bound_does_not_pass(length: int, before: bytes) -> None:
    framing = Framing(MAX_BODY_BYTES)
    assert framing.refusal(before) is None
    data = b"GET / HTTP/1.1\r\nX-Long: " + b"x" * (MAX_HEAD_BYTES + 1)
    assert any(framing.refusal(data[at : at + length]) == 431 for at in range(0, len(data), length))


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
def test_what_has_no_end_ends_the_connection(serve: Serve, shop: Shop, start: bytes, piece: bytes) -> None:
    with serve(shop, max_image_bytes=MAX_BODY_BYTES) as served:
        url = httpx.URL(served.url)
        with socket.create_connection((url.host, url.port or 80), timeout=20) as connection:
            sent = 0
            with suppress(ConnectionError):
                connection.sendall(start)
                while sent < MOST_SENT:
                    connection.sendall(piece)
                    sent += len(piece)
        assert sent < MOST_SENT
        assert served.found(text="red")


def test_a_chunked_request_is_the_last_of_its_connection(serve: Serve, shop: Shop) -> None:
    with serve(shop) as served:
        headers = {"Content-Type": "application/json"}
        chunked = served.client.post("/search", content=iter([b'{"text": ', b'"red"}']), headers=headers)
        declared = served.client.post("/search", json={"text": "red"})
    assert chunked.json()["results"] == declared.json()["results"]
    assert chunked.headers["connection"] == "close"
    assert "connection" not in declared.headers


@pytest.mark.parametrize("cut", [1, 20, 10**6])
@pytest.mark.parametrize(
    ("head", "status"),
    [
        pytest.param(b"GET /health/live HTTP/1.1\r\n\r\n", 400, id="none"),
        pytest.param(b"GET /health/live HTTP/1.1\r\nX-Host: a\r\nVia: host: b\r\n\r\n", 400, id="in other headers"),
        pytest.param(b"GET /health/live HTTP/1.1\r\nHost: a\r\nhost:b\r\n\r\n", 400, id="two"),
        pytest.param(b"GET /health/live HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400, id="two in HTTP/1.0"),
        pytest.param(b"\r\nGET /health/live HTTP/1.1\r\nHost: a\r\n\r\n", 200, id="one after an empty line"),
        pytest.param(b"GET /health/live HTTP/1.0\r\n\r\n", 200, id="none in HTTP/1.0"),
    ],
)
def test_a_request_has_exactly_one_host(served: Served, head: bytes, status: int, cut: int) -> None:
    url = httpx.URL(served.url)
    with socket.create_connection((url.host, url.port or 80), timeout=20) as connection:
        with suppress(ConnectionError):
            for at in range(0, len(head), cut):
                connection.sendall(head[at : at + cut])
        assert connection.recv(12) == b"HTTP/1.1 %d" % status
