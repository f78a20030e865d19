"""A lean HTTP/1.1 client on kept connections: what a request costs here is taken from the service on the same cores."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple, cast

MOST_CONNECTIONS = 1024
ANSWER_WITHIN_S = 30.0
IDLE_S = 2.0
"""Connections idle for longer are not used again: the server may be closing them right now."""


class Answer(NamedTuple):
    """What came back; status 0 where the connection ended first."""

    status: int
    head: bytes
    body: bytes
    at: float = 0.0
    """The moment of ``time.monotonic`` when all of it was there."""


NOTHING = Answer(0, b"", b"")
Listener = Callable[[Answer], None]


class _Connection(asyncio.Protocol):
    def __init__(self, client: Client) -> None:
        self._client = client
        self._listener: Listener | None = None
        self._parts = bytearray()
        self._head_end = self._end = -1
        self._transport: asyncio.Transport
        self.idle_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is no subclass of it.

    def send(self, payload: bytes, listener: Listener) -> None:
        self._listener = listener
        self._transport.write(payload)

    def data_received(self, data: bytes) -> None:
        self._parts += data
        if self._head_end < 0:
            self._head_end = self._parts.find(b"\r\n\r\n")
            if self._head_end < 0:
                return
            self._end = self._head_end + 4 + _content_length(bytes(self._parts[: self._head_end]))
        if len(self._parts) >= self._end:
            now = time.monotonic()
            head, body = bytes(self._parts[: self._head_end]), bytes(self._parts[self._head_end + 4 : self._end])
            self._parts.clear()
            self._head_end = self._end = -1
            # A refusal may come before the whole picture has left; the rest would be read as the next request.
            sent = not self._transport.get_write_buffer_size()
            keep = sent and header(head, b"connection").lower() != b"close"
            self._finish(Answer(int(head[9:12]), head, body, now), keep=keep)

    def connection_lost(self, error: Exception | None) -> None:
        self._client.lost(self)
        if self._listener is not None:
            listener, self._listener = self._listener, None
            listener(NOTHING)

    def close(self) -> None:
        self._transport.close()

    def _finish(self, answer: Answer, *, keep: bool) -> None:
        listener, self._listener = self._listener, None
        if keep:
            self.idle_since = time.monotonic()
            self._client.give_back(self)
        else:
            self._transport.close()
        if listener is not None:
            listener(answer)


class Client:
    """Sends complete requests as bytes, each on a connection of its own for as long as it takes; keeps connections.

    Args:
        port: Of 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[_Connection] = []
        self._all: set[_Connection] = set()
        self._connecting: set[asyncio.Task[None]] = set()

    def fire(self, payload: bytes, listener: Listener) -> None:
        """Send a request now; ``listener`` is called once, with the answer or ``NOTHING``."""
        while self._idle:
            connection = self._idle.pop()
            if time.monotonic() - connection.idle_since < IDLE_S:
                connection.send(payload, listener)
                return
            connection.close()
        if len(self._all) + len(self._connecting) >= MOST_CONNECTIONS:
            listener(NOTHING)
            return
        task = asyncio.get_running_loop().create_task(self._connect_and_send(payload, listener))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def ask(self, payload: bytes) -> Answer:
        """Send a request and wait for its answer; ``NOTHING`` where none comes."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()

        def settle(answer: Answer) -> None:
            if not future.done():
                future.set_result(answer)

        self.fire(payload, settle)
        late = loop.call_later(ANSWER_WITHIN_S, settle, NOTHING)
        try:
            return await future
        finally:
            late.cancel()

    async def abandon(self, payload: bytes) -> None:
        """Begin to send a request and leave in the middle, as a shopper in a tunnel does."""
        _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(payload[: len(payload) // 2])
        await writer.drain()
        writer.transport.abort()

    def give_back(self, connection: _Connection) -> None:
        """Keep a connection for the next request."""
        self._idle.append(connection)

    def lost(self, connection: _Connection) -> None:
        """Forget a connection that has ended."""
        self._all.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def close(self) -> None:
        """End every connection."""
        for connection in list(self._all):
            connection.close()

    async def _connect_and_send(self, payload: bytes, listener: Listener) -> None:
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: _Connection(self), "127.0.0.1", self._port
            )
        except OSError:
            listener(NOTHING)
            return
        self._all.add(connection)
        connection.send(payload, listener)


def header(head: bytes, name: bytes) -> bytes:
    """The value of a header (``name`` in lower case) in the head of an answer; empty if there is none."""
    start = head.lower().find(b"\r\n" + name + b":")
    if start < 0:
        return b""
    start += len(name) + 3
    end = head.find(b"\r\n", start)
    return head[start : end if end >= 0 else len(head)].strip()


def _content_length(head: bytes) -> int:
    value = header(head, b"content-length")
    if not value and head[9:12] != b"204":
        raise ValueError("The generator reads only answers with a Content-Length.")
    return int(value or 0)
