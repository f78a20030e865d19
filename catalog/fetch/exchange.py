"""HTTP/1.1 on a connected socket, with a deadline."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import h11

CHUNK = 64 * 1024
MAX_HEAD_BYTES = 32 * 1024
MAX_INTERIM_ANSWERS = 5
"""Maximum responses with status 1xx before the final one."""


class Exchange:
    """One request and its response. All steps share one deadline, so a slow server cannot prolong the exchange.

    Raises:
        TimeoutError: The deadline has passed.
        OSError, h11.RemoteProtocolError: The connection was closed early, or the response is not HTTP.
    """

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection, self._until = connection, until
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)

    def send(self, request: h11.Request) -> None:
        """Send a request without a body."""
        sent = (self._http.send(request) or b"") + (self._http.send(h11.EndOfMessage()) or b"")
        self._connection.settimeout(left(self._until))
        self._connection.sendall(sent)

    def head(self) -> h11.Response:
        """The status and the headers of the response."""
        for _ in range(MAX_INTERIM_ANSWERS + 1):
            event = self._next()
            if isinstance(event, h11.Response):
                return event
        raise ConnectionError("no final response")

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
    """Seconds until the deadline.

    Raises:
        TimeoutError: It has passed.
    """
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds
