"""Authenticated values: what comes back from Redis is used only if a process with the same secret wrote it."""

from __future__ import annotations

import hashlib
import hmac
import struct
from typing import NamedTuple

DIGEST_BYTES = 16
_EXPIRY = struct.Struct("<d")
OVERHEAD_BYTES = DIGEST_BYTES + _EXPIRY.size


class Opened(NamedTuple):
    """A sealed value after its digest was checked."""

    value: bytes
    expires: float
    """Seconds since 1970."""


def sealing_secret(*parts: str) -> bytes:
    """A secret of 32 bytes derived from ``parts``."""
    digest = hashlib.blake2b(digest_size=32, person=b"modiste-cache")
    for part in parts:
        digest.update(f"{len(part)}:{part}".encode())
    return digest.digest()


def seal(secret: bytes, key: str, value: bytes, expires: float) -> bytes:
    """``value`` with its time of expiry and a keyed digest (BLAKE2b, RFC 7693) of key, expiry and value."""
    stamp = _EXPIRY.pack(expires)
    return _digest(secret, key, stamp, value) + stamp + value


def open_sealed(secret: bytes, key: str, sealed: bytes) -> Opened | None:
    """The value that was sealed under ``key`` with ``secret``; None for anything else."""
    digest, stamp, value = sealed[:DIGEST_BYTES], sealed[DIGEST_BYTES:OVERHEAD_BYTES], sealed[OVERHEAD_BYTES:]
    if len(sealed) < OVERHEAD_BYTES or not hmac.compare_digest(digest, _digest(secret, key, stamp, value)):
        return None
    return Opened(value, _EXPIRY.unpack(stamp)[0])


def _digest(secret: bytes, key: str, stamp: bytes, value: bytes) -> bytes:
    digest = hashlib.blake2b(stamp, key=secret, digest_size=DIGEST_BYTES)
    digest.update(f"{len(key)}:{key}".encode())
    digest.update(value)
    return digest.digest()
