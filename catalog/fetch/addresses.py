"""Checks of host names and IP addresses before a connection is made."""

from __future__ import annotations

import ipaddress
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_ISATAP = 0x5EFE
"""The third of four words of an address, without its bit for unique identifiers (RFC 5214, section 6.1)."""
_BLOCKED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4",
        "168.63.129.16/32", "2001::/32", "fec0::/10", "100::/64", "2001:db8::/32", "3fff::/20",
    )
)  # fmt: skip
"""Networks that ``ipaddress`` considers global: shared addresses of providers (CGNAT), benchmarks, Azure's metadata
service, Teredo, site-local, documentation."""


def resolve(host: str, port: int) -> list[str]:
    """All IP addresses of a host name, as the system resolves it."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an address is on the public internet: not private, local, reserved or multicast, nor an IPv6 address
    that embeds such an IPv4 address (mapped, compatible, 6to4, NAT64, ISATAP)."""
    try:
        parsed: Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if inner is None and any(parsed in network for network in _NAT64):
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        embeds = int(parsed) >> 32 == 0 or int(parsed) >> 32 & 0xFDFFFFFF == _ISATAP
        if inner is None and embeds:  # ::a.b.c.d, or ISATAP's ...:5efe:a.b.c.d
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    if any(parsed in network for network in _BLOCKED if network.version == parsed.version):
        return False
    return parsed.is_global and not (
        parsed.is_private or parsed.is_loopback or parsed.is_link_local or parsed.is_multicast or parsed.is_reserved
        or parsed.is_unspecified
    )  # fmt: skip


def matches(host: str, allowed: str) -> bool:
    """Whether a host matches ``allowed``; ``*.example.com`` matches all subdomains of example.com."""
    allowed = allowed.lower().rstrip(".")
    return host.endswith(allowed[1:]) and host != allowed[2:] if allowed.startswith("*.") else host == allowed
