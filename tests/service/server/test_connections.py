"""Connections that send nothing, or too slowly, are closed; those of one address are bounded."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from service.server import connections
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
    connection = socket.create_connection((url.host, url.port or 80), timeout=20)
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
    "sent", [b"", b"GET /hea", b"GET /health/live HTTP/1.1\r\n", b"GET /health/live HTTP/1.1\r\nHost: sh"]
)
def test_a_connection_without_a_whole_request_is_closed(impatient: Served, sent: bytes) -> None:
    with connect(impatient) as connection:
        connection.sendall(sent)
        assert is_closed(connection)


def test_a_header_that_arrives_slowly_is_cut_off(impatient: Served) -> None:
    with connect(impatient) as connection:
        connection.settimeout(0.05)
        connection.sendall(b"GET /health/live HTTP/1.1\r\n")
        closed = False
        while not closed:
            try:
                connection.sendall(b"x")
                closed = connection.recv(100) == b""
            except TimeoutError:
                pass
            except OSError:
                closed = True


def test_the_time_of_the_first_byte_does_not_apply_to_kept_connections(
    serve: Serve, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "FIRST_BYTE_S", 2.0)
    with serve(shop) as served, connect(served) as connection, connect(served) as silent:
        assert answers(connection)
        assert is_closed(silent)  # The time is over, for the kept connection too.
        assert answers(connection)


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


def test_a_client_that_does_not_read_is_cut_off() -> None:
    aborted: list[bool] = []

    class Transport(asyncio.Transport):
        def get_extra_info(self, name: str, default: object = None) -> object:
            return ("192.0.2.1", 5) if name == "peername" else default

        def abort(self) -> None:
            aborted.append(True)

    async def scenario() -> None:
        limits = connections.ConnectionLimits(request_s=60, max_per_address=1, max_body_bytes=1)
        protocol = connections._LimitedProtocol(limits, asyncio.Protocol())
        protocol.connection_made(Transport())
        connections.UNREAD_S, before = 0.01, connections.UNREAD_S
        try:
            protocol.pause_writing()
            while not aborted:
                await asyncio.sleep(0.01)
        finally:
            connections.UNREAD_S = before
        protocol.connection_lost(None)
        assert not limits.open

    asyncio.run(asyncio.wait_for(scenario(), 10))
