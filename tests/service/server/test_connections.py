"""Connections that send nothing, or too slowly, are closed; their number and their unread bytes are bounded."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPResponse

import httpx
import pytest

from service.server import connections
from service.server.framing import MAX_HEAD_BYTES
from tests.patience import PATIENCE_S
from tests.service.conftest import Serve, Served, Shop, eventually

REQUEST = b"GET /health/live HTTP/1.1\r\nHost: shop\r\n\r\n"
BODY = b'{"status":"live"}'


@pytest.fixture
def impatient(serve: Serve, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A service with short time limits."""
    monkeypatch.setattr(connections, "FIRST_BYTE_S", 0.2)
    monkeypatch.setattr(connections, "UNREAD_S", 0.2)
    monkeypatch.setattr("service.server.draining.ANSWER_S", 0.0)
    with serve(shop, deadline_ms=300) as served:
        yield served


def connect(served: Served) -> socket.socket:
    url = httpx.URL(served.url)
    connection = socket.create_connection((url.host, url.port or 80), timeout=PATIENCE_S)
    return connection


def is_closed(connection: socket.socket) -> bool:
    """Wait until the service closes the connection."""
    try:
        return connection.recv(65536) == b""
    except ConnectionResetError:
        return True


def answers(connection: socket.socket) -> bool:
    """Whether a request is answered."""
    received = b""
    try:
        connection.sendall(REQUEST)
        while not received.endswith(BODY) and (part := connection.recv(65536)):
            received += part
    except ConnectionResetError:
        return False
    return received.startswith(b"HTTP/1.1 200") and received.endswith(BODY)


@pytest.mark.parametrize(
    ("sent", "status", "kind"),
    [
        pytest.param(b"GET /health/live HTTP/1.1\r\n\r\n", 400, "malformed-request", id="no host"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400, "malformed-request", id="length"),
        pytest.param(b"GET / HTTP/1.1\r\nX: " + b"x" * MAX_HEAD_BYTES, 431, "headers-too-large", id="long head"),
        pytest.param(
            b"POST /search HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
            415, "unsupported-transfer-encoding", id="gzip",
        ),
    ],
)  # fmt: skip
def test_a_request_that_does_not_reach_the_application_gets_a_problem_document(
    served: Served, sent: bytes, status: int, kind: str
) -> None:
    with connect(served) as connection:
        connection.sendall(sent)
        response = HTTPResponse(connection)
        response.begin()
        problem = json.load(response)
        assert is_closed(connection)
    assert response.getheader("Content-Type") == "application/problem+json"
    assert (response.status, problem["status"], problem["type"]) == (status, status, f"/problems/{kind}")


@pytest.mark.parametrize(
    "sent", [b"", b"GET /hea", b"GET /health/live HTTP/1.1\r\n", b"GET /health/live HTTP/1.1\r\nHost: sh"]
)
def test_a_connection_without_a_whole_request_is_closed(impatient: Served, sent: bytes) -> None:
    with connect(impatient) as connection:
        connection.sendall(sent)
        assert is_closed(connection)


def test_a_connection_with_a_slow_header_is_closed(impatient: Served) -> None:
    with connect(impatient) as connection:
        connection.settimeout(0.05)
        connection.sendall(b"GET /health/live HTTP/1.1\r\n")

        def is_cut_off() -> bool:
            try:
                connection.sendall(b"x")
                return connection.recv(100) == b""
            except TimeoutError:
                return False
            except OSError:
                return True

        eventually(is_cut_off, "the connection is closed")


def test_the_time_of_the_first_byte_does_not_apply_to_kept_connections(
    serve: Serve, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "FIRST_BYTE_S", 2.0)
    with serve(shop) as served, connect(served) as connection, connect(served) as silent:
        assert answers(connection)
        assert is_closed(silent)  # The time is over, for the kept connection too.
        assert answers(connection)


@pytest.mark.parametrize("path", ["/events", "/search", "/nowhere"])
def test_a_response_before_the_end_of_a_body_is_not_lost(served: Served, path: str) -> None:
    body = b"{" * 15_000_000  # More than the buffers of both sockets.
    url = httpx.URL(served.url)
    with socket.create_connection((url.host, url.port or 80), timeout=PATIENCE_S) as client:
        client.sendall(
            f"POST {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        received = b""
        while part := client.recv(65536):
            received += part
    assert received[9:12] in (b"413", b"422", b"404")
    assert received.endswith(b"}")


def test_connections_of_one_address_are_bounded_and_given_back(serve: Serve, shop: Shop) -> None:
    with serve(shop, max_connections_per_address=20) as served, ExitStack() as opened:
        served.client.close()
        kept = [opened.enter_context(connect(served)) for _ in range(20)]
        for connection in kept:
            assert answers(connection)
        with connect(served) as refused:
            refused.sendall(REQUEST)
            assert is_closed(refused)
        opened.close()

        def another_is_answered() -> bool:
            with connect(served) as connection:
                return answers(connection)

        eventually(another_is_answered, "closed connections no longer count")


class Transport(asyncio.Transport):
    """A connection from an address, with bytes that its client has not read."""

    def __init__(self, address: str = "192.0.2.1", unread: int = 0) -> None:
        self.address, self.unread, self.aborted = address, unread, False

    def get_extra_info(self, name: str, default: object = None) -> object:
        return (self.address, 5) if name == "peername" else default

    def get_write_buffer_size(self) -> int:
        return self.unread

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def abort(self) -> None:
        self.aborted = True


def test_a_client_that_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "UNREAD_S", 0.01)

    async def scenario() -> None:
        limits = connections.ConnectionLimits(request_s=60, max_per_address=1, max_body_bytes=1)
        protocol, transport = connections._LimitedProtocol(limits, asyncio.Protocol()), Transport()
        protocol.connection_made(transport)
        protocol.pause_writing()
        while not transport.aborted:
            await asyncio.sleep(0.01)
        protocol.connection_lost(None)
        assert not limits.open

    asyncio.run(asyncio.wait_for(scenario(), PATIENCE_S))


def test_the_unread_bytes_of_all_clients_are_bounded() -> None:
    async def scenario() -> None:
        limits = connections.ConnectionLimits(request_s=60, max_per_address=9, max_body_bytes=1, max_unread_bytes=20)
        transports = [Transport(unread=9) for _ in range(4)]
        protocols = [connections._LimitedProtocol(limits, asyncio.Protocol()) for _ in transports]
        for protocol, transport in zip(protocols[:3], transports[:3], strict=True):
            protocol.connection_made(transport)
            protocol.pause_writing()
        assert [transport.aborted for transport in transports] == [True, False, False, False]
        protocols[1].resume_writing()
        protocols[3].connection_made(transports[3])
        protocols[3].pause_writing()
        assert [transport.aborted for transport in transports] == [True, False, False, False]
        for protocol in protocols:
            protocol.connection_lost(None)
        assert not limits.open

    asyncio.run(scenario())


def test_the_busiest_address_gives_up_its_oldest_waiting_connection_for_a_new_one() -> None:
    async def scenario() -> None:
        limits = connections.ConnectionLimits(request_s=60, max_per_address=9, max_body_bytes=99, max_open=4)
        opened: list[Transport] = []

        def connect(address: str, sent: bytes) -> connections._LimitedProtocol:
            protocol = connections._LimitedProtocol(limits, asyncio.Protocol())
            opened.append(Transport(address))
            protocol.connection_made(opened[-1])
            if sent:
                protocol.data_received(sent)
            return protocol

        connect("192.0.2.1", REQUEST)  # It is being answered.
        connect("192.0.2.2", b"GET /he")
        connect("192.0.2.1", b"")
        connect("192.0.2.1", REQUEST.replace(b"GET", b"POST").replace(b"\r\n\r\n", b"\r\nContent-Length: 9\r\n\r\n{"))
        connect("192.0.2.3", b"")
        assert [transport.aborted for transport in opened] == [False, False, True, False, False]

    asyncio.run(scenario())


def test_one_customers_addresses_of_ipv6_count_together() -> None:
    async def scenario() -> None:
        limits = connections.ConnectionLimits(request_s=60, max_per_address=2, max_body_bytes=1)
        transports = [Transport(f"2001:db8::{number}") for number in range(3)]
        for transport in transports:
            connections._LimitedProtocol(limits, asyncio.Protocol()).connection_made(transport)
        assert [transport.aborted for transport in transports] == [False, False, True]

    asyncio.run(scenario())
