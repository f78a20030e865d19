"""The form of client addresses under which requests are counted."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

UNKNOWN = "unknown"


def counted_address(host: str | None) -> str:
    """The key under which the requests of a client are counted.

    This is its IPv4 address, or the /64 network of its IPv6 address, because one customer has at least 2 ** 64 of
    these. All peers without an IP address, such as Unix sockets, count as one client.
    """
    try:
        address = ip_address((host or "").partition("%")[0])
    except ValueError:
        return UNKNOWN
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ip_network((address, 64), strict=False))
    return str(address)
