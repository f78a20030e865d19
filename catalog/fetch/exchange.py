"""HTTP/1.1 on a connected socket, within a time."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import h11

CHUNK = 64 * 1024
MOST_HEAD_BYTES = 32 * 1024
MOST_INTERIM_ANSWERS = 5
"""Answers of status 1xx before the one that counts."""


class Exchange:
    """One request and its answer. Each step has the time that is left, so a server that drips gains none.

    Raises:
        TimeoutError: There is none left.
        OSError, h11.RemoteProtocolError: The connection breaks off, or what comes is not HTTP.
    """

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection, self._until = connection, until
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEAD_BYTES)

    def send(self, request: h11.Request) -> None:
        """Send a request without a body."""
        sent = (self._http.send(request) or b"") + (self._http.send(h11.EndOfMessage()) or b"")
        self._connection.settimeout(left(self._until))
        self._connection.sendall(sent)

    def head(self) -> h11.Response:
        """The status and the headers of the answer."""
        for _ in range(MOST_INTERIM_ANSWERS + 1):
            event = self._next()
            if isinstance(event, h11.Response):
                return event
        raise ConnectionError("no answer that counts")

    def body(self) -> Iterator[bytes]:
        """The body, part by part."""
        while isinstance(event := self._next(), h11.Data):
            yield event.data

    def _next(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._connection.settimeout(left(self._until))
            self._http.receive_data(self._connection.recv(CHUNK))
        return event


def left(until: float) -> float:
    """Seconds until then.

    Raises:
        TimeoutError: It has passed.
    """
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds
