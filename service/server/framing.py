"""Limits the bytes that the HTTP parser buffers, by following where requests begin and end.

It also checks the version, ``Host`` and the transfer encoding. It removes ``Upgrade`` and, from HTTP/1.0, ``Expect``,
which the service ignores (RFC 9110, sections 7.8 and 10.1.1). After ``Upgrade``, httptools would drop the body and all
later requests of the connection. Java's HttpClient asks for an upgrade to HTTP/2 by default.
"""

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
_HOST = re.compile(rb"\nhost:[ \t]*([^\r\n]*)", re.IGNORECASE)
_AUTHORITY = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=%:\[\]-]*")
"""The characters of a host and a port (RFC 3986, 3.2), without the user."""
_ENCODED = re.compile(rb"\r\ntransfer-encoding:[ \t]*([^\r\n]*)", re.IGNORECASE)
_UPGRADE = re.compile(rb"\r\nupgrade:[^\r\n]*", re.IGNORECASE)
_EXPECT = re.compile(rb"\r\nexpect:[^\r\n]*", re.IGNORECASE)
_BARE_LF = re.compile(rb"(?<!\r)\n")
_OLD = re.compile(rb"[\r\n]*[^\r\n]* HTTP/1\.0\r?\n")
_BEGUN = re.compile(rb"[\r\n]*(?:[A-Z]|$)")


class Framing:
    """Follows the requests of one connection.

    Only lengths and ``Host`` headers are read here; the HTTP parser validates the rest. A chunked body
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

    @property
    def complete(self) -> bool:
        """Whether all bytes of the last request have arrived. The end of a chunked body is not known."""
        return not self._head and not self._body_left and self._chunked_left is None

    def parsed(self, data: bytes) -> bytes | HTTPStatus:
        """The bytes that may be parsed after ``data`` has arrived, or the status that refuses them.

        A head is held back until it is complete.
        """
        at, heads = 0, 0
        passed: list[bytes] = []
        while at < len(data):
            if self._chunked_left is not None:
                self._chunked_left -= len(data) - at
                # Requests after the body are not answered, but parsed. Each contains the end of a head.
                if self._chunked_left < 0 or heads + data.count(_END, at) > MAX_PIPELINED:
                    return TOO_LARGE
                passed.append(data[at:])
                break
            if self._body_left:
                body = data[at : at + self._body_left]
                self._body_left -= len(body)
                at += len(body)
                passed.append(body)
                continue
            before = len(self._head)
            self._head += data[at : at + MAX_HEAD_BYTES + len(_END)]
            end = self._head.find(_END, max(0, before - len(_END) + 1))
            if end > MAX_HEAD_BYTES or (end < 0 and len(self._head) > MAX_HEAD_BYTES):
                return TOO_LARGE
            if end < 0:
                if _BARE_LF.search(self._head, before) or not _BEGUN.match(self._head):
                    return HTTPStatus.BAD_REQUEST
                break
            head = bytes(self._head[: end + len(_END)])
            self._head.clear()
            at += len(head) - before
            heads += 1
            if heads > MAX_PIPELINED:
                return TOO_LARGE
            if _wrong_version_or_host(head):
                return HTTPStatus.BAD_REQUEST
            if encoded := _ENCODED.search(head):
                if encoded[1].strip().lower() != b"chunked":  # The parser would accept "gzip, chunked".
                    return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
                self._chunked_left = self._max_chunked
            elif length := _LENGTH.search(head):
                self._body_left = int(length[1])
            head = _UPGRADE.sub(b"", head)
            # A client of HTTP/1.0 would take 100 for the response.
            passed.append(_EXPECT.sub(b"", head) if _OLD.match(head) else head)
        return b"".join(passed)


def _wrong_version_or_host(head: bytes) -> bool:
    """Whether the request is not HTTP/1.0 or 1.1 (the parser accepts 0.9), or there is no ``Host``, which only HTTP/1.0
    allows, or more than one, or one with other characters (RFC 9112, section 3.2)."""
    line = head.lstrip(b"\r\n").partition(b"\n")[0].rstrip(b"\r")
    hosts: list[bytes] = _HOST.findall(head)
    if not line:  # Empty lines before a request.
        return False
    if len(hosts) > 1 or not all(_AUTHORITY.fullmatch(host.rstrip(b" \t")) for host in hosts):
        return True
    return not line.endswith((b" HTTP/1.0", b" HTTP/1.1") if hosts else b" HTTP/1.0")
