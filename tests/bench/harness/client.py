"""A small HTTP/1.1 client on persistent connections: it shares the cores with the server, so it has to be cheap."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple, cast

MAX_CONNECTIONS = 1024
TIMEOUT_S = 30.0
IDLE_S = 2.0
"""Connections that were idle for longer are not used again: the server may be closing them."""


class Response(NamedTuple):
    """A response; status 0 where the connection ended first."""

    status: int
    head: bytes
    body: bytes
    at: float = 0.0
    """When it was complete, by ``time.monotonic``."""


NO_RESPONSE = Response(0, b"", b"")
Callback = Callable[[Response], None]


class _Connection(asyncio.Protocol):
    def __init__(self, client: Client) -> None:
        self._client = client
        self._callback: Callback | None = None
        self._received = bytearray()
        self._head_end = self._end = -1
        self._transport: asyncio.Transport
        self.idle_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's class does not derive from it.

    def send(self, payload: bytes, callback: Callback) -> None:
        self._callback = callback
        self._transport.write(payload)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._head_end < 0:
            self._head_end = self._received.find(b"\r\n\r\n")
            if self._head_end < 0:
                return
            self._end = self._head_end + 4 + _content_length(bytes(self._received[: self._head_end]))
        if len(self._received) >= self._end:
            now = time.monotonic()
            head, body = bytes(self._received[: self._head_end]), bytes(self._received[self._head_end + 4 : self._end])
            self._received.clear()
            self._head_end = self._end = -1
            # A refusal can arrive before the request is sent. The server would read the rest as the next request.
            sent = not self._transport.get_write_buffer_size()
            keep = sent and header(head, b"connection").lower() != b"close"
            self._finish(Response(int(head[9:12]), head, body, now), keep=keep)

    def connection_lost(self, error: Exception | None) -> None:
        self._client.lost(self)
        if self._callback is not None:
            callback, self._callback = self._callback, None
            callback(NO_RESPONSE)

    def close(self) -> None:
        self._transport.close()

    def _finish(self, response: Response, *, keep: bool) -> None:
        callback, self._callback = self._callback, None
        if keep:
            self.idle_since = time.monotonic()
            self._client.release(self)
        else:
            self._transport.close()
        if callback is not None:
            callback(response)


class Client:
    """Sends requests that are complete as bytes. A connection carries one request at a time.

    Args:
        port: Of 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[_Connection] = []
        self._all: set[_Connection] = set()
        self._connecting: set[asyncio.Task[None]] = set()

    def send(self, payload: bytes, callback: Callback) -> None:
        """Send a request now. ``callback`` is called once, with the response or ``NO_RESPONSE``."""
        while self._idle:
            connection = self._idle.pop()
            if time.monotonic() - connection.idle_since < IDLE_S:
                connection.send(payload, callback)
                return
            connection.close()
        if len(self._all) + len(self._connecting) >= MAX_CONNECTIONS:
            callback(NO_RESPONSE)
            return
        task = asyncio.get_running_loop().create_task(self._connect_and_send(payload, callback))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def request(self, payload: bytes) -> Response:
        """Send a request and wait for its response; ``NO_RESPONSE`` after ``TIMEOUT_S``."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Response] = loop.create_future()

        def settle(response: Response) -> None:
            if not future.done():
                future.set_result(response)

        self.send(payload, settle)
        timeout = loop.call_later(TIMEOUT_S, settle, NO_RESPONSE)
        try:
            return await future
        finally:
            timeout.cancel()

    def release(self, connection: _Connection) -> None:
        """Keep a connection for the next request."""
        self._idle.append(connection)

    def lost(self, connection: _Connection) -> None:
        """Forget a connection that has ended."""
        self._all.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def close(self) -> None:
        """Close every connection."""
        for connection in list(self._all):
            connection.close()

    async def _connect_and_send(self, payload: bytes, callback: Callback) -> None:
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: _Connection(self), "127.0.0.1", self._port
            )
        except OSError:
            callback(NO_RESPONSE)
            return
        self._all.add(connection)
        connection.send(payload, callback)


def header(head: bytes, name: bytes) -> bytes:
    """The value of a header (``name`` in lower case) in the head of a response; empty if there is none."""
    start = head.lower().find(b"\r\n" + name + b":")
    if start < 0:
        return b""
    start += len(name) + 3
    end = head.find(b"\r\n", start)
    return head[start : end if end >= 0 else len(head)].strip()


def _content_length(head: bytes) -> int:
    value = header(head, b"content-length")
    if not value and head[9:12] != b"204":
        raise ValueError("The client reads only responses with a Content-Length.")
    return int(value or 0)
