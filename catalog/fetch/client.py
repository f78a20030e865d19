"""Fetches a picture."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from urllib.parse import urljoin

import h11

from catalog.fetch.addresses import is_public, resolve
from catalog.fetch.errors import FetchError, HostUnreachable, NoPicture, TooManyBytes, Unanswered, refusal, short
from catalog.fetch.exchange import Exchange, left
from catalog.fetch.hosts import UnreachableHosts
from catalog.fetch.target import FetchLimits, Target, checked

Resolver = Callable[[str, int], Sequence[str]]

REDIRECTS = frozenset({301, 302, 303, 307, 308})
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
SNIFFED = 16
"""Number of bytes needed to recognise a picture."""
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\x00", b"MM\x00*")
_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heim", b"hevc", b"mif1", b"msf1")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A response. ``content`` is None if it has not changed since ``etag`` or ``modified`` was received."""

    content: bytes | None
    etag: str
    modified: str


def looks_like_picture(start: bytes) -> bool:
    """Whether bytes begin like a picture file: at least 16 of them."""
    return (
        start.startswith(_PICTURES)
        or (start[:4] == b"RIFF" and start[8:12] == b"WEBP")
        or (start[4:8] == b"ftyp" and start[8:12] in _BRANDS)
    )


class PictureClient:
    """Fetches pictures. Safe to use from several threads at once.

    Args:
        limits: The allowed hosts, and the limits of bytes and time.
        resolver: Returns the addresses of a host name.
        allowed: Whether an address may be connected to; ``is_public`` except in tests with a local server.
        context: TLS settings; None uses the system's certificates.
        sleep: Waits between tries.
        hosts: Remembers hosts that cannot be reached; None tries them anew for each picture, as a service must.
    """

    def __init__(
        self,
        limits: FetchLimits,
        *,
        resolver: Resolver = resolve,
        allowed: Callable[[str], bool] = is_public,
        context: ssl.SSLContext | None = None,
        sleep: Callable[[float], None] = time.sleep,
        hosts: UnreachableHosts | None = None,
    ) -> None:
        self.limits = limits
        self._resolver = resolver
        self._allowed = allowed
        self._context = context or ssl.create_default_context()
        self._sleep = sleep
        self._hosts = hosts

    def fetch(self, url: str, *, etag: str = "", modified: str = "") -> Fetched:
        """Fetch a picture. Temporary faults are retried.

        Args:
            url: http or https.
            etag: Of the last response; with it, an unchanged picture is not sent again. Likewise ``modified``.

        Raises:
            HostUnreachable: Its host was given up.
            FetchError: The address is not allowed, does not respond in time, or does not send a picture.
        """
        for number in range(1, self.limits.tries + 1):
            try:
                return self._try(url, etag, modified)
            except HostUnreachable:
                raise
            except FetchError as error:
                if not error.passing or number == self.limits.tries:
                    raise
                self._wait(number)
        raise AssertionError("the last try returns or raises")

    def _wait(self, number: int) -> None:
        """Wait after a try that failed: the longer, the more there were."""
        self._sleep(min(0.5 * 2**number, 10.0))

    def _try(self, url: str, etag: str, modified: str) -> Fetched:
        until: float | None = None
        for _ in range(self.limits.redirects + 1):
            target = checked(url, self.limits)
            if self._hosts is not None:
                self._hosts.check(target.authority)
            addresses = self._addresses(target, url)
            until = until or time.monotonic() + self.limits.seconds
            answered = True
            try:
                answer = self._answer(target, addresses, until, url, etag, modified)
            except Unanswered:
                answered = False
                raise
            finally:
                if self._hosts is not None:
                    self._hosts.note(target.authority, answered=answered)
            if isinstance(answer, Fetched):
                return answer
            url = answer
        raise FetchError(
            f"{short(url)} is redirected more than {self.limits.redirects} times.", kind="too many redirects"
        )

    def _addresses(self, target: Target, url: str) -> list[str]:
        """The addresses of a host. All of them are checked, and the name is not resolved again."""
        try:
            addresses = [str(ipaddress.ip_address(target.host))]
        except ValueError:
            ask = partial(self._resolve, target)
            addresses = ask() if self._hosts is None else self._hosts.resolve(target.host, ask)
        if not addresses or not all(self._allowed(address) for address in addresses):
            raise refusal(f"{short(url)} is not on the public internet.", "an address that is not public")
        return addresses

    def _resolve(self, target: Target) -> list[str]:
        """Ask the resolver, again if it could not answer; that a name does not exist is final.

        Raises:
            HostUnreachable: There is no address.
        """
        for number in range(1, self.limits.tries + 1):
            try:
                return list(self._resolver(target.host, target.port))
            except (OSError, UnicodeError) as error:
                temporary = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
                if not temporary:
                    raise HostUnreachable(f"The host {target.host} does not exist.", kind="no such host") from error
                if number == self.limits.tries:
                    raise HostUnreachable(
                        f"The name of the host {target.host} cannot be resolved; the name server does not answer.",
                        kind="a host name that cannot be resolved",
                    ) from error
            self._wait(number)
        raise AssertionError("the last try returns or raises")

    def _answer(
        self, target: Target, addresses: list[str], until: float, url: str, etag: str, modified: str
    ) -> Fetched | str:
        """The response, or the address to which it redirects.

        Raises:
            Unanswered: There is no complete response.
        """
        try:
            with self._connected(target, addresses, until, url) as connection:
                return self._ask(Exchange(connection, until), target, url, etag, modified)
        except TimeoutError as error:
            raise Unanswered(f"{short(url)} did not respond in time.", kind="too slow") from error
        except (OSError, h11.RemoteProtocolError) as error:
            raise Unanswered(f"{short(url)} did not send a valid response.", kind="an invalid response") from error

    @contextmanager
    def _connected(self, target: Target, addresses: list[str], until: float, url: str) -> Iterator[socket.socket]:
        """A connection to the first address that accepts one, encrypted for https."""
        failure: OSError | None = None
        for address in addresses:
            try:
                plain = socket.create_connection(
                    (address, target.port), timeout=min(self.limits.connect_seconds, left(until))
                )
                break
            except OSError as error:
                failure = error
        else:
            raise Unanswered(f"{short(url)} cannot be reached.", kind="no answer") from failure
        with plain:
            if target.scheme == "http":
                yield plain
                return
            plain.settimeout(left(until))  # For the whole handshake.
            try:
                encrypted = self._context.wrap_socket(plain, server_hostname=target.host)
            except ssl.SSLCertVerificationError as error:
                raise FetchError(
                    f"The certificate of {short(url)} is not valid ({error.verify_message}).",
                    kind="a certificate that is not valid",
                ) from error
            with encrypted:
                yield encrypted

    def _ask(self, exchange: Exchange, target: Target, url: str, etag: str, modified: str) -> Fetched | str:
        """The response, or the address to which it redirects."""
        headers = {
            "Host": target.authority,
            "User-Agent": "Modiste (picture fetcher)",
            "Accept": "image/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        if etag:
            headers["If-None-Match"] = etag
        if modified:
            headers["If-Modified-Since"] = modified
        encoded = [(name.encode(), value.encode("latin-1", "ignore")) for name, value in headers.items()]
        exchange.send(h11.Request(method="GET", target=target.path, headers=encoded))
        answer = exchange.head()
        given = {name.decode("ascii"): value.decode("latin-1") for name, value in answer.headers}
        if answer.status_code in REDIRECTS:
            try:
                return urljoin(url, given["location"])
            except (KeyError, ValueError) as error:
                raise FetchError(
                    f"{short(url)} sent a redirect without a target.", kind="a redirect without a target"
                ) from error
        if answer.status_code == 304 and (etag or modified):
            return Fetched(None, given.get("etag", ""), given.get("last-modified", ""))
        if answer.status_code != 200:
            raise FetchError(
                f"{short(url)} responded with status {answer.status_code}.", kind=f"status {answer.status_code}",
                passing=answer.status_code in RETRIED,
            )  # fmt: skip
        if given.get("content-encoding", "identity").lower() not in ("identity", ""):
            raise FetchError(f"{short(url)} sent a compressed response.", kind="a compressed response")
        content = self._picture(exchange, int(given.get("content-length", 0)), url)
        return Fetched(content, given.get("etag", ""), given.get("last-modified", ""))

    def _picture(self, exchange: Exchange, declared: int, url: str) -> bytes:
        content = bytearray()
        for data in exchange.body() if declared <= self.limits.max_bytes else ():
            content += data
            if len(content) > self.limits.max_bytes:
                break
            if len(content) >= SNIFFED and not looks_like_picture(bytes(content[:SNIFFED])):
                break
        if max(declared, len(content)) > self.limits.max_bytes:
            raise TooManyBytes(
                f"{short(url)} is larger than {self.limits.max_bytes // 2**20} MiB.",
                kind="a picture that is too large",
            )
        if not looks_like_picture(bytes(content[:SNIFFED])):
            raise NoPicture(f"{short(url)} did not send a picture.", kind="a response that is not a picture")
        return bytes(content)
