"""The one client that fetches pictures from addresses which others wrote: a table, or a shopper.

An address may point anywhere, so each request is bounded and checked: https (http only if allowed), hosts of a list,
public addresses only, the connection made to the address that was checked, few redirects with the same checks, no proxy
from the environment, a limit of bytes and of time, and a body that begins like a picture. (OWASP, *Server-Side Request
Forgery Prevention*.)
"""

from __future__ import annotations

import ipaddress
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

import urllib3

from catalog.addresses import is_public, matches, resolve
from catalog.errors import ModisteError

Resolver = Callable[[str, int], Sequence[str]]

CHUNK = 64 * 1024
REDIRECTS = frozenset({301, 302, 303, 307, 308})
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\x00", b"MM\x00*")

_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heim", b"hevc", b"mif1", b"msf1")


class FetchError(ModisteError):
    """An address that is not fetched, or did not answer with a picture.

    ``kind`` is equal for all addresses with this fault; ``passing`` tells a fault that another try may not have.
    """

    def __init__(self, message: str, *, kind: str, hint: str = "", passing: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.kind = kind
        self.passing = passing


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Bounds of one fetch.

    Attributes:
        hosts: Hosts that may be asked; ``*.example.com`` stands for all below example.com.
        http: Whether addresses without TLS are allowed.
        most_bytes: Of a body, as sent and unpacked.
        seconds: For one try, from resolving the name to the last byte.
        connect_seconds: For one connection.
        redirects: How many are followed.
        tries: How often a fault that may pass is tried again, the first time included.
    """

    hosts: tuple[str, ...]
    http: bool = False
    most_bytes: int = 20 * 2**20
    seconds: float = 30.0
    connect_seconds: float = 5.0
    redirects: int = 3
    tries: int = 3


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer. ``content`` is None if it has not changed since ``etag`` or ``modified`` were received."""

    content: bytes | None
    etag: str
    modified: str


def looks_like_picture(start: bytes) -> bool:
    """Whether bytes begin like a picture file: at least 16 of them."""
    return (
        start.startswith(_PICTURES)
        or (start[:4] == b"RIFF" and start[8:12] == b"WEBP")
        or (
            start[4:8] == b"ftyp"
            and start[8:12] in (b"avif", b"avis", b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim")
        )
    )


class PictureClient:
    """Fetches pictures. Safe to use from several threads at once.

    Args:
        limits: Which hosts, how much, how long.
        resolver: Gives the addresses of a host name.
        allowed: Whether an address may be connected to; ``is_public`` except in tests with a local server.
        context: TLS settings; None takes the system's certificates.
        sleep: Waits between tries.
    """

    def __init__(
        self,
        limits: FetchLimits,
        *,
        resolver: Resolver = resolve,
        allowed: Callable[[str], bool] = is_public,
        context: ssl.SSLContext | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.limits = limits
        self._resolver = resolver
        self._allowed = allowed
        self._context = context or ssl.create_default_context()
        self._sleep = sleep

    def fetch(self, url: str, *, etag: str = "", modified: str = "") -> Fetched:
        """Fetch a picture; what may pass is tried again.

        Args:
            url: http or https.
            etag: Of the last answer; with it, an unchanged picture is not sent again. Likewise ``modified``.

        Raises:
            FetchError: The address is not allowed, does not answer in time, or its answer is no picture.
        """
        for number in range(1, self.limits.tries + 1):
            try:
                return self._try(url, etag, modified)
            except FetchError as error:
                if not error.passing or number == self.limits.tries:
                    raise
                self._sleep(min(0.5 * 2**number, 10.0))
        raise AssertionError("the last try returns or raises")

    def _try(self, url: str, etag: str, modified: str) -> Fetched:
        deadline = time.monotonic() + self.limits.seconds
        for _ in range(self.limits.redirects + 1):
            response, pool = self._open(url, etag, modified, deadline)
            try:
                if response.status in REDIRECTS:
                    target = response.headers.get("Location")
                    if not target:
                        raise FetchError(f"{_short(url)} redirects to nowhere.", kind="a redirect without a target")
                    url = urljoin(url, target)
                    continue
                return self._answer(response, url, deadline)
            finally:
                response.release_conn()
                response.close()
                pool.close()
        raise FetchError(
            f"{_short(url)} is redirected more than {self.limits.redirects} times.", kind="too many redirects"
        )

    def _open(
        self, url: str, etag: str, modified: str, deadline: float
    ) -> tuple[urllib3.BaseHTTPResponse, urllib3.HTTPConnectionPool]:
        """Check an address, connect to it, and read the head of the answer."""
        scheme, host, port, path = self._checked(url)
        address = self._address(host, port, url)
        timeout = urllib3.Timeout(connect=self.limits.connect_seconds, read=max(0.1, deadline - time.monotonic()))
        pool: urllib3.HTTPConnectionPool
        if scheme == "https":
            pool = urllib3.HTTPSConnectionPool(
                address, port, timeout=timeout, retries=False, maxsize=1, ssl_context=self._context,
                server_hostname=host, assert_hostname=host,
            )  # fmt: skip
        else:
            pool = urllib3.HTTPConnectionPool(address, port, timeout=timeout, retries=False, maxsize=1)
        default = 443 if scheme == "https" else 80
        headers = {
            "Host": _bracketed(host) if port == default else f"{_bracketed(host)}:{port}",
            "User-Agent": "Modiste (picture fetcher)",
            "Accept": "image/*",
            "Accept-Encoding": "identity",
        }
        if etag:
            headers["If-None-Match"] = etag
        if modified:
            headers["If-Modified-Since"] = modified
        try:
            response = pool.request(
                "GET", path, headers=headers, redirect=False, preload_content=False, decode_content=False
            )
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            pool.close()
            broken = isinstance(error, urllib3.exceptions.SSLError)
            raise FetchError(
                f"{_short(url)} cannot be reached ({type(error).__name__}).",
                kind="a certificate that is not valid" if broken else "no answer", passing=not broken,
            ) from error  # fmt: skip
        return response, pool

    def _checked(self, url: str) -> tuple[str, str, int, str]:
        """Scheme, host, port and path of an address that may be fetched."""
        try:
            parts = urlsplit(url)
            port = parts.port
            host = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii").lower()
        except (ValueError, UnicodeError) as error:
            raise FetchError(f"{_short(url)} is not a valid address.", kind="an address that is not valid") from error
        scheme = parts.scheme.lower()
        if scheme not in ("https", "http") or not host:
            raise FetchError(f"{_short(url)} is not an https address.", kind="an address that is not https")
        if scheme == "http" and not self.limits.http:
            raise FetchError(
                f"{_short(url)} is not encrypted.", kind="an address that is not https",
                hint="Use https, or allow http for the catalogue's pictures.",
            )  # fmt: skip
        if parts.username is not None or parts.password is not None:
            raise FetchError(f"The address at {host} holds a user name.", kind="an address with a user name")
        if not any(matches(host, allowed) for allowed in self.limits.hosts):
            raise FetchError(
                f"Pictures may not be fetched from {host}.", kind=f"host {host} is not allowed",
                hint=f"Allow it: --picture-host {host}, or [pictures] hosts in catalog.toml.",
            )  # fmt: skip
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        if parts.query:
            path += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
        return scheme, host, port or (443 if scheme == "https" else 80), path

    def _address(self, host: str, port: int, url: str) -> str:
        """The address to connect to. Every address of the host is checked, so that no later answer can be another."""
        try:
            addresses = [str(ipaddress.ip_address(host))]
        except ValueError:
            try:
                addresses = list(self._resolver(host, port))
            except (OSError, UnicodeError) as error:
                raise FetchError(f"There is no host {host}.", kind="no such host", passing=True) from error
        if not addresses or not all(self._allowed(address) for address in addresses):
            raise FetchError(f"{_short(url)} is not on the public internet.", kind="an address that is not public")
        return addresses[0]

    def _answer(self, response: urllib3.BaseHTTPResponse, url: str, deadline: float) -> Fetched:
        etag, modified = response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")
        if response.status == 304:
            return Fetched(None, etag, modified)
        if response.status != 200:
            raise FetchError(
                f"{_short(url)} answers with status {response.status}.", kind=f"status {response.status}",
                passing=response.status in RETRIED,
            )  # fmt: skip
        length = response.headers.get("Content-Length", "")
        if length.isdigit() and int(length) > self.limits.most_bytes:
            raise self._too_large(url)
        if response.headers.get("Content-Encoding", "identity").lower() not in ("identity", ""):
            raise FetchError(f"{_short(url)} answers with a packed picture.", kind="a packed answer")
        content = bytearray()
        try:
            while True:
                if time.monotonic() > deadline:
                    raise FetchError(f"{_short(url)} answers too slowly.", kind="too slow", passing=True)
                chunk = response.read1(CHUNK) if hasattr(response, "read1") else response.read(CHUNK)
                if not chunk:
                    break
                content += chunk
                if len(content) > self.limits.most_bytes:
                    raise self._too_large(url)
                if len(content) >= 16 and not looks_like_picture(bytes(content[:16])):
                    raise self._no_picture(url)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise FetchError(f"{_short(url)} breaks off.", kind="an answer that breaks off", passing=True) from error
        if length.isdigit() and len(content) < int(length):
            raise FetchError(f"{_short(url)} breaks off.", kind="an answer that breaks off", passing=True)
        if not looks_like_picture(bytes(content[:16])):
            raise self._no_picture(url)
        return Fetched(bytes(content), etag, modified)

    def _too_large(self, url: str) -> FetchError:
        return FetchError(
            f"{_short(url)} is larger than {self.limits.most_bytes // 2**20} MiB.", kind="a picture that is too large"
        )

    def _no_picture(self, url: str) -> FetchError:
        return FetchError(f"{_short(url)} does not answer with a picture.", kind="an answer that is no picture")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _short(url: str) -> str:
    """An address for a message: without query and fragment, which may hold secrets, and cut."""
    plain = url.split("?", 1)[0].split("#", 1)[0]
    return plain if len(plain) <= 120 else f"{plain[:120]}…"
