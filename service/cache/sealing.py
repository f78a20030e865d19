"""Authenticated values: a value from Redis is used only if it was written with the same secret."""

from __future__ import annotations

import hashlib
import hmac
import struct
from typing import NamedTuple

DIGEST_BYTES = 16
_EXPIRY = struct.Struct("<d")
OVERHEAD_BYTES = DIGEST_BYTES + _EXPIRY.size


class Opened(NamedTuple):
    """A sealed value with a valid digest."""

    value: bytes
    expires: float
    """Seconds since 1970."""


def sealing_secret(text: str) -> bytes:
    """A secret of 32 bytes, derived from ``text`` of any length."""
    return hashlib.blake2b(text.encode(), digest_size=32, person=b"modiste-cache").digest()


def seal(secret: bytes, key: str, value: bytes, expires: float) -> bytes:
    """``value`` with its time of expiry and a keyed digest (BLAKE2b, RFC 7693) of key, expiry and value."""
    stamp = _EXPIRY.pack(expires)
    return _digest(secret, key, stamp, value) + stamp + value


def open_sealed(secret: bytes, key: str, sealed: bytes) -> Opened | None:
    """The value that was sealed under ``key`` with ``secret``; None if the digest is wrong."""
    digest, stamp, value = sealed[:DIGEST_BYTES], sealed[DIGEST_BYTES:OVERHEAD_BYTES], sealed[OVERHEAD_BYTES:]
    if len(sealed) < OVERHEAD_BYTES or not hmac.compare_digest(digest, _digest(secret, key, stamp, value)):
        return None
    return Opened(value, _EXPIRY.unpack(stamp)[0])


def _digest(secret: bytes, key: str, stamp: bytes, value: bytes) -> bytes:
    digest = hashlib.blake2b(stamp, key=secret, digest_size=DIGEST_BYTES)
    digest.update(f"{len(key)}:{key}".encode())
    digest.update(value)
    return digest.digest()
