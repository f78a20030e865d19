"""Limits the bytes that the HTTP parser buffers, and checks ``Host``, by following where requests begin and end."""

from __future__ import annotations

import re
from http import HTTPStatus

MAX_HEAD_BYTES = 64 * 2**10
"""Request line and headers before they are complete. ``RequestMiddleware`` limits complete headers to 32 KiB."""
MAX_PIPELINED = 32
"""Requests that may arrive in one read of the socket. Each is parsed, and delays other connections."""
TOO_LARGE = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})", re.IGNORECASE)
_HOST = re.compile(rb"\nhost:", re.IGNORECASE)
_VERSION_1_1 = re.compile(rb"\s*[^\n]* HTTP/1\.1\r?\n")
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)


class Framing:
    """Follows the requests of one connection.

    Only lengths and the number of ``Host`` headers are read here; the HTTP parser validates the rest. A chunked body
    may contain trailers and chunk extensions. It is limited as a whole, and the connection is closed after it
    (``RequestMiddleware``).

    Args:
        max_body_bytes: Maximum length of a body. A chunked one may take a quarter more.
    """

    def __init__(self, max_body_bytes: int) -> None:
        self._head = bytearray()
        self._body_left = 0
        self._chunked_left: int | None = None
        self._max_chunked = max_body_bytes + max_body_bytes // 4 + MAX_HEAD_BYTES

    def refusal(self, data: bytes) -> HTTPStatus | None:
        """The status that refuses these further bytes; None if they may be parsed."""
        at, heads = 0, 0
        while at < len(data):
            if self._chunked_left is not None:
                self._chunked_left -= len(data) - at
                # Requests after the body are not answered, but parsed. Each contains the end of a head.
                within = self._chunked_left >= 0 and heads + data.count(_END, at) <= MAX_PIPELINED
                return None if within else TOO_LARGE
            if self._body_left:
                taken = min(self._body_left, len(data) - at)
                self._body_left -= taken
                at += taken
                continue
            if self._head:  # Received before.
                before = len(self._head)
                self._head += data[at : at + MAX_HEAD_BYTES]
                end = self._head.find(_END, max(0, before - len(_END) + 1))
                if end < 0 or end > MAX_HEAD_BYTES:
                    return None if len(self._head) <= MAX_HEAD_BYTES else TOO_LARGE
                head = bytes(self._head[: end + len(_END)])
                self._head.clear()
                at += len(head) - before
            else:
                end = data.find(_END, at, at + MAX_HEAD_BYTES + len(_END))
                if end < 0:
                    self._head += data[at:]
                    return None if len(self._head) <= MAX_HEAD_BYTES else TOO_LARGE
                head = data[at : end + len(_END)]
                at += len(head)
            heads += 1
            if heads > MAX_PIPELINED:
                return TOO_LARGE
            if _wrong_host(head):
                return HTTPStatus.BAD_REQUEST
            if _CHUNKED.search(head):
                self._chunked_left = self._max_chunked
            elif length := _LENGTH.search(head):
                self._body_left = int(length[1])
        return None


def _wrong_host(head: bytes) -> bool:
    """Whether there is no ``Host``, which only HTTP/1.0 allows, or more than one (RFC 9112, section 3.2)."""
    hosts = len(_HOST.findall(head))
    return hosts > 1 or (not hosts and _VERSION_1_1.match(head) is not None)
