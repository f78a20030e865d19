"""Parses and checks the address of a picture."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from catalog.fetch.addresses import matches
from catalog.fetch.errors import refusal, short
from catalog.table import excerpt

DEFAULT_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"[a-z0-9._:-]+")


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Limits of one fetch.

    Attributes:
        hosts: Allowed hosts; ``*.example.com`` matches all subdomains of example.com.
        http: Whether addresses without TLS are allowed.
        default_port: Whether only the default port is allowed.
        max_bytes: Maximum size of a body, as sent and decompressed.
        seconds: For one try, after the name is resolved. The resolver has its own timeout.
        connect_seconds: For one connection.
        redirects: Maximum number of redirects.
        tries: Maximum number of tries, including the first.
    """

    hosts: tuple[str, ...]
    http: bool = False
    default_port: bool = False
    max_bytes: int = 20 * 2**20
    seconds: float = 30.0
    connect_seconds: float = 5.0
    redirects: int = 3
    tries: int = 3


class Target(NamedTuple):
    """A checked address: the host to connect to, and the path to request."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The value of the header ``Host``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def checked(url: str, limits: FetchLimits) -> Target:
    """Parse and check an address.

    Raises:
        FetchError: It is not allowed.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii").lower()
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    except (ValueError, UnicodeError) as error:
        raise refusal(f"{short(url)} is not a valid address.", "an address that is not valid") from error
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS or not host:
        raise refusal(f"{short(url)} is not an https address.", "an address that is not https")
    if not _HOST.fullmatch(host):
        raise refusal(f"{short(url)} is not a valid address.", "an address that is not valid")
    if scheme == "http" and not limits.http:
        raise refusal(
            f"{short(url)} is not encrypted.", "an address that is not https",
            "Use https, or allow http for the catalogue's pictures.",
        )  # fmt: skip
    if parts.username is not None or parts.password is not None:
        raise refusal(f"The address at {excerpt(host)} contains a user name.", "an address with a user name")
    if not any(matches(host, allowed) for allowed in limits.hosts):
        raise refusal(
            f"Pictures may not be fetched from {excerpt(host)}.", f"host {excerpt(host)} is not allowed",
            f"Allow it: --picture-host {excerpt(host)}, or [pictures] hosts in catalog.toml.",
        )  # fmt: skip
    if limits.default_port and port not in (None, DEFAULT_PORTS[scheme]):
        raise refusal(f"{short(url)} specifies a port.", "an address with a port")
    return Target(scheme, host, port or DEFAULT_PORTS[scheme], f"{path}?{query}" if query else path)
