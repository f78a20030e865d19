"""Sealed values: only what was written under the same key with the same secret is opened."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from service.cache.sealing import Opened, open_sealed, seal, sealing_secret

SECRET = sealing_secret("a secret")
SEALED = seal(SECRET, "key", b"value", 1e9)


def test_a_sealed_value_is_opened() -> None:
    assert open_sealed(SECRET, "key", SEALED) == Opened(b"value", 1e9)
    assert open_sealed(SECRET, "key", seal(SECRET, "key", b"", 0.0)) == Opened(b"", 0.0)


@pytest.mark.parametrize(
    "change",
    [
        lambda sealed: b"",
        lambda sealed: b"garbage",
        lambda sealed: sealed[:-1],
        lambda sealed: sealed + b"x",
        lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]),
        lambda sealed: bytes([sealed[0] ^ 1]) + sealed[1:],
        lambda sealed: sealed[:16] + b"\xff" * 8 + sealed[24:],
    ],
    ids=["empty", "garbage", "cut", "longer", "another value", "another digest", "another expiry"],
)
def test_a_changed_value_is_not_opened(change: Callable[[bytes], bytes]) -> None:
    assert open_sealed(SECRET, "key", change(SEALED)) is None


def test_a_value_of_another_key_or_secret_is_not_opened() -> None:
    assert open_sealed(SECRET, "another key", SEALED) is None
    assert open_sealed(sealing_secret("another secret"), "key", SEALED) is None
