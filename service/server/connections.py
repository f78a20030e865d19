"""Limits of connections around uvicorn's protocol: timeouts, connections per address, bytes of a request, ``Host``.

uvicorn closes a connection that is idle between two requests. It has no timeout for a first request, for the rest of a
slow request, and for a client that does not read its response. With httptools it also buffers headers without limit;
h11 would limit them (``h11_max_incomplete_event_size``), but takes 60 µs instead of 2 for a request.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, cast

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from service.server.framing import Framing

FIRST_BYTE_S = 10.0
"""Timeout of the first byte of the first request."""
UNREAD_S = 30.0
"""How long a client may leave a full buffer unread."""
REFUSAL = "HTTP/1.1 {0.value} {0.phrase}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
"""The response to a request that is refused before it is parsed."""


class ConnectionLimits:
    """Creates the protocol of each connection: uvicorn's ``http`` option.

    Args:
        request_s: Maximum time from the first byte of a request to the first byte of its response.
        max_per_address: Maximum number of open connections of one address.
        max_body_bytes: Maximum length of a body.
    """

    def __init__(self, *, request_s: float, max_per_address: int, max_body_bytes: int) -> None:
        self.request_s, self.max_per_address, self.max_body_bytes = request_s, max_per_address, max_body_bytes
        self.open: Counter[str] = Counter()

    def __call__(self, **uvicorn: Any) -> asyncio.Protocol:
        return _LimitedProtocol(self, AutoHTTPProtocol(**uvicorn))


class _LimitedProtocol(asyncio.Protocol):
    """Forwards everything to uvicorn's protocol, and aborts the connection at a timeout."""

    def __init__(self, limits: ConnectionLimits, inner: asyncio.Protocol) -> None:
        self._limits, self._inner = limits, inner
        self._address = ""
        self._in_request = self._refused = self._started = False
        self._timer: asyncio.TimerHandle | None = None
        self._framing = Framing(limits.max_body_bytes)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport = cast(asyncio.Transport, transport)  # uvloop's transport is not a subclass.
        peer = transport.get_extra_info("peername")
        self._address = peer[0] if isinstance(peer, tuple) else ""
        self._limits.open[self._address] += 1
        if self._limits.open[self._address] > self._limits.max_per_address:
            self._refused = True
            transport.abort()
            return
        self._abort_after(FIRST_BYTE_S)
        self._started = True
        self._inner.connection_made(_WatchedTransport(transport, self._answering))

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if not self._in_request:
            self._in_request = True
            self._abort_after(self._limits.request_s)
        status = self._framing.refusal(data)
        if status is None:
            self._inner.data_received(data)
        else:
            self._refused = True
            self._transport.write(REFUSAL.format(status).encode())
            self._transport.close()

    def eof_received(self) -> bool | None:
        return None if self._refused else self._inner.eof_received()

    def pause_writing(self) -> None:
        self._abort_after(UNREAD_S)
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._cancel()
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel()
        self._limits.open[self._address] -= 1
        if not self._limits.open[self._address]:
            del self._limits.open[self._address]
        if self._started:
            self._inner.connection_lost(exc)

    def _answering(self) -> None:
        """Called before the first byte of a response is written."""
        if self._in_request:
            self._in_request = False
            self._cancel()

    def _abort_after(self, seconds: float) -> None:
        self._cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._transport.abort)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _WatchedTransport(asyncio.Transport):
    """A transport that calls ``on_write`` before each write."""

    def __init__(self, transport: asyncio.Transport, on_write: Any) -> None:
        self._transport, self._on_write = transport, on_write

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._on_write()
        self._transport.write(data)

    def close(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)
