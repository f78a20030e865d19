"""Limits of connections around uvicorn's protocol: timeouts, number, bytes of requests and unread responses, ``Host``.

uvicorn closes a connection that is idle between two requests. It has no timeout for a first request, for the rest of a
slow request, and for a client that does not read its response. With httptools it also buffers headers without limit.
h11 would limit them (``h11_max_incomplete_event_size``), but takes 0.1 ms more for a request, and blocks the event loop
for 0.3 s while it parses 250 KB of chunks of one byte.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.access.addresses import counted_address
from service.errors import HeadersTooLarge, MalformedRequest, RequestError, UnsupportedTransferEncoding
from service.http.problems import problem_of
from service.server.framing import Framing

LINGER_S = 2.0
"""How long the rest of a refused request is read."""
FIRST_BYTE_S = 10.0
"""Timeout of the first byte of the first request."""
UNREAD_S = 30.0
"""How long a client may leave a full buffer unread."""
MAX_RESERVED_FILES = 1024
"""A quarter of the files that a worker may open, and this number at most, are not used for connections: generations,
pictures, Redis, decoder processes, and connections that are being closed."""
MAX_TRAILERS = 100


def _response(error: RequestError) -> bytes:
    """The last response of a connection: a problem document."""
    response = problem_of(error)
    status = HTTPStatus(response.status_code)
    head = [f"HTTP/1.1 {status.value} {status.phrase}".encode(), b"connection: close"]
    head += (name + b": " + value for name, value in response.raw_headers)
    return b"\r\n".join([*head, b"", response.body])


RESPONSES = {
    HTTPStatus.BAD_REQUEST: _response(MalformedRequest()),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: _response(
        HeadersTooLarge("The headers, or pipelined requests, are too long.")
    ),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: _response(UnsupportedTransferEncoding()),
}
"""The responses to requests that do not reach the application."""


class ConnectionLimits:
    """Creates the protocol of each connection: uvicorn's ``http`` option.

    A connection is waiting while it has no complete request that is being answered: it is idle, or its request or its
    response is slow. If there are too many connections, the oldest waiting one of the address with the most of them is
    closed for a new one. If too much of responses is unread, the connection that has been unread for the longest time
    is closed.

    Args:
        request_s: Maximum time from the first byte of a request to the first byte of its response.
        max_per_address: Maximum number of open connections of one address.
        max_body_bytes: Maximum length of a body.
        max_open: Maximum number of open connections.
        max_unread_bytes: Maximum bytes of all responses that their clients do not read.
    """

    def __init__(
        self, *, request_s: float, max_per_address: int, max_body_bytes: int, max_open: int = sys.maxsize,
        max_unread_bytes: int = sys.maxsize,
    ) -> None:  # fmt: skip
        self.request_s, self.max_per_address, self.max_body_bytes = request_s, max_per_address, max_body_bytes
        self._max_open, self._max_unread_bytes = max_open, max_unread_bytes
        self.open: Counter[str] = Counter()
        self._waiting: dict[str, dict[_LimitedProtocol, None]] = {}
        self._unread: dict[_LimitedProtocol, None] = {}

    def __call__(self, **uvicorn: Any) -> asyncio.Protocol:
        return _LimitedProtocol(self, _Protocol(**uvicorn))

    def admit(self, address: str) -> bool:
        """Count a new connection of ``address``, and make room for it. False if it must be closed."""
        full = self.open.total() >= self._max_open
        self.open[address] += 1
        if self.open[address] > self.max_per_address:
            return False
        if full:
            if not self._waiting:
                return False
            busiest = max(self._waiting, key=lambda address: len(self._waiting[address]))
            next(iter(self._waiting[busiest])).abort()
        return True

    def release(self, address: str) -> None:
        """Count a connection as closed."""
        self.open[address] -= 1
        if not self.open[address]:
            del self.open[address]

    def wait(self, protocol: _LimitedProtocol, waits: bool) -> None:
        """Note whether a connection is waiting."""
        waiting = self._waiting.setdefault(protocol.address, {})
        if waits:
            waiting.setdefault(protocol)
        else:
            waiting.pop(protocol, None)
        if not waiting:
            del self._waiting[protocol.address]

    def unread(self, protocol: _LimitedProtocol, is_unread: bool) -> None:
        """Note whether a connection has unread bytes of a response."""
        if not is_unread:
            self._unread.pop(protocol, None)
            return
        self._unread[protocol] = None
        sizes = {one: one.unread_bytes for one in self._unread}
        while sum(sizes.values()) > self._max_unread_bytes:
            oldest = next(iter(sizes))
            del sizes[oldest], self._unread[oldest]
            oldest.abort()


def max_connections() -> int:
    """The number of connections that the limit of open files of this process allows."""
    if sys.platform == "win32":
        return sys.maxsize
    import resource

    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft - min(soft // 4, MAX_RESERVED_FILES)


class _Trailers(list[tuple[bytes, bytes]]):
    """Discards the trailers of a chunked body, and refuses too many."""

    def __init__(self) -> None:
        self._left = MAX_TRAILERS

    def append(self, trailer: tuple[bytes, bytes]) -> None:
        self._left -= 1
        if self._left < 0:
            raise ValueError("there are too many trailers")  # The parser makes it a 400.


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol without trailers, and with a problem document for what its parser rejects.

    It would append trailers to the headers of a request, so that a client could send headers, such as
    ``X-Forwarded-For``, past a proxy that sets them. Its parser leaves the whitespace after the value of a header,
    which is not part of the value (RFC 9112, 5.1).
    """

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value.rstrip(b" \t"))

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self.headers = _Trailers()

    def send_400_response(self, msg: str) -> None:
        self.transport.write(RESPONSES[HTTPStatus.BAD_REQUEST])
        self.transport.close()


class _LimitedProtocol(asyncio.Protocol):
    """Forwards everything to uvicorn's protocol, and aborts the connection at a timeout."""

    def __init__(self, limits: ConnectionLimits, inner: asyncio.Protocol) -> None:
        self._limits, self._inner = limits, inner
        self.address = ""
        self._in_request = self._closed = self._started = False
        self._discarded = 0
        self._timer: asyncio.TimerHandle | None = None
        self._framing = Framing(limits.max_body_bytes)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport = cast(asyncio.Transport, transport)  # uvloop's transport is not a subclass.
        peer = transport.get_extra_info("peername")
        self.address = counted_address(peer[0] if isinstance(peer, tuple) else None)
        if not self._limits.admit(self.address):
            self._closed = True
            transport.abort()
            return
        self._limits.wait(self, True)
        self._abort_after(FIRST_BYTE_S)
        self._started = True
        self._inner.connection_made(cast(asyncio.Transport, _WatchedTransport(transport, self._answering, self._close)))

    def data_received(self, data: bytes) -> None:
        if self._closed:
            self._discarded += len(data)
            if self._discarded > self._limits.max_body_bytes:
                self._transport.abort()
            return
        if not self._in_request:
            self._in_request = True
            self._abort_after(self._limits.request_s)
        parsed = self._framing.parsed(data)
        if isinstance(parsed, bytes):
            self._limits.wait(self, not self._framing.complete)
            self._inner.data_received(parsed)
        else:
            self._closed = True
            self._transport.write(RESPONSES[parsed])
            self._transport.close()

    def eof_received(self) -> bool | None:
        return None if self._closed else self._inner.eof_received()

    def pause_writing(self) -> None:
        self._abort_after(UNREAD_S)
        self._inner.pause_writing()
        self._limits.unread(self, True)

    def resume_writing(self) -> None:
        self._cancel()
        self._limits.unread(self, False)
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel()
        self._limits.unread(self, False)
        self._limits.wait(self, False)
        self._limits.release(self.address)
        if self._started:
            self._inner.connection_lost(exc)

    @property
    def unread_bytes(self) -> int:
        """Bytes of responses that the client has not read."""
        return self._transport.get_write_buffer_size()

    def abort(self) -> None:
        """Close the connection now."""
        self._limits.wait(self, False)
        self._closed = True
        self._transport.abort()

    def _close(self) -> None:
        """Close the connection after its response, but not before the client has sent its request, for ``LINGER_S``
        and the bytes of the longest body at most: closing a socket with unread bytes resets it, and the client may lose
        the response (RFC 9112, 9.6)."""
        if self._closed or self._framing.complete or self._transport.is_closing():
            self._transport.close()
            return
        self._closed = True  # What still arrives is discarded.
        self._transport.resume_reading()
        self._transport.write_eof()
        self._cancel()
        self._timer = asyncio.get_running_loop().call_later(LINGER_S, self._transport.abort)

    def _answering(self) -> None:
        """Called before the first byte of a response is written."""
        if self._in_request:
            self._in_request = False
            self._cancel()
            self._limits.wait(self, True)

    def _abort_after(self, seconds: float) -> None:
        self._cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._transport.abort)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _WatchedTransport:
    """A transport that calls ``on_write`` before each write, and ``on_close`` instead of closing."""

    def __init__(
        self, transport: asyncio.Transport, on_write: Callable[[], None], on_close: Callable[[], None]
    ) -> None:
        self._transport, self._on_write, self._on_close = transport, on_write, on_close
        self._closing = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        self._on_write()
        self._transport.write(data)

    def close(self) -> None:
        self._closing = True
        self._on_close()

    def is_closing(self) -> bool:
        return self._closing or self._transport.is_closing()
