"""Types of settings: how their values are written in variables, and their defaults by the memory of the machine."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_network
from typing import Annotated

from pydantic import BeforeValidator, SecretStr

from models.bundle.machine import usable_memory

ORIGIN = re.compile(r"\*|https?://[a-z0-9.-]+(:\d+)?")
MOST_BYTES = 2**50
"""Operating systems refuse limits of memory that exceed 63 bits."""
HOST = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+")


def checked_root_path(path: str) -> str:
    """A path without a slash at its end; empty or with one at its start."""
    if path and (not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", path)):
        raise ValueError("it must begin with a slash and not end with one, such as /modiste")
    return path


def _split(given: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in (given.split(",") if isinstance(given, str) else given))


def each(pattern: re.Pattern[str], what: str) -> BeforeValidator:
    """Entries in lower case that match ``pattern``."""

    def checked(given: str | tuple[str, ...]) -> tuple[str, ...]:
        entries = tuple(entry.lower() for entry in _split(given))
        for entry in entries:
            if not pattern.fullmatch(entry):
                raise ValueError(f"{entry!r} is not {what}")
        return entries

    return BeforeValidator(checked)


def networks(given: str | tuple[str, ...]) -> tuple[str, ...]:
    """Networks in their canonical form. IPv4 networks are added as IPv4-mapped IPv6 networks (RFC 4291, 2.5.5.2)."""
    found = []
    for entry in _split(given):
        try:
            network = ip_network(entry)
        except ValueError:
            raise ValueError(f"{entry!r} is not an address or network such as 10.0.0.1 or 10.0.0.0/8") from None
        found.append(str(network))
        if network.version == 4:
            found.append(f"::ffff:{network.network_address}/{96 + network.prefixlen}")
    return tuple(found)


def _stripped(secret: object) -> object:
    """A secret without the trailing line break of a file."""
    if isinstance(secret, str) and not secret.strip():
        raise ValueError("it is blank")
    return secret.strip() if isinstance(secret, str) else secret


Secret = Annotated[SecretStr, BeforeValidator(_stripped)]


def share(part: int, *, at_least: int = 2**24, at_most: int) -> Callable[[], int]:
    """A default of memory in bytes: ``at_most``, or a part of the memory of a small machine or container."""
    return lambda: min(at_most, max(at_least, usable_memory() // part))
