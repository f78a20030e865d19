"""Keys, and the file with their hashes."""

from __future__ import annotations

import hashlib
import secrets
import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, ValidationError, field_validator

from catalog.errors import ModisteError
from catalog.frozen_model import FrozenModel
from indexer.generations.durable import locked, replace_text
from service.rates import RateText

Scope = Literal["search", "events", "operations"]
"""The permissions of a key."""

KEY_PATTERN = r"modiste_([0-9a-f]{12})_[A-Za-z0-9_-]{43}"
"""The id, which is not secret, and 256 random bits."""
MAX_FILE_BYTES = 4 * 2**20
_HINT = "MODISTE_KEYS must be a file written by `modiste keys create`."


class Key(FrozenModel):
    """The stored data of one key.

    A key is 256 random bits, so it cannot be found from its SHA-256 by trying, and a slow password hash is not needed.
    """

    id: str = Field(pattern=r"^[0-9a-f]{12}$")
    shop: str = Field(pattern=r"^[a-z0-9-]{1,64}$")
    scopes: tuple[Scope, ...] = Field(min_length=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    created: AwareDatetime
    expires: AwareDatetime | None = None
    rate: RateText | None = None
    quota: RateText | None = None

    def has_expired(self, now: datetime) -> bool:
        """Whether the key is expired at ``now``."""
        return self.expires is not None and now >= self.expires


class KeyFile(FrozenModel):
    """The file of keys."""

    format: Literal[1] = 1
    keys: Annotated[tuple[Key, ...], Field(max_length=10_000)] = ()

    @field_validator("keys")
    @classmethod
    def _ids_are_unique(cls, keys: tuple[Key, ...]) -> tuple[Key, ...]:
        if len({key.id for key in keys}) < len(keys):
            raise ValueError("two keys have the same id")
        return keys


def new_key() -> tuple[str, str, str]:
    """A new random key: its id, the key, and its hash."""
    id = secrets.token_hex(6)
    key = f"modiste_{id}_{secrets.token_urlsafe(32)}"
    return id, key, hashlib.sha256(key.encode()).hexdigest()


def read_key_file(path: Path) -> KeyFile:
    """Read a file of keys.

    Raises:
        ModisteError: It is missing or cannot be read.
    """
    try:
        # Reading a pipe or a device could block.
        if not stat.S_ISREG(path.stat().st_mode):
            raise ModisteError(f"{path} is not a file.", hint=_HINT)
        with path.open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ModisteError(f"The key file {path} cannot be read: {error.strerror}.", hint=_HINT) from error
    if len(content) > MAX_FILE_BYTES:
        raise ModisteError(f"The key file {path} has more than {MAX_FILE_BYTES:,} bytes.", hint=_HINT)
    try:
        return KeyFile.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = "".join(f" at {'.'.join(map(str, place))}" for place in [first["loc"]] if place)
        raise ModisteError(f"The key file {path} is damaged{where}: {first['msg']}.", hint=_HINT) from None


def change_key_file(path: Path, change: Callable[[tuple[Key, ...]], tuple[Key, ...]]) -> None:
    """Replace the keys of a file atomically. Concurrent changes wait for each other.

    A new file has mode 0600; an existing one keeps its mode and its owner.

    Raises:
        ModisteError: The file cannot be read.
    """
    path = path.resolve()  # Replace the target of a link, not the link.
    with locked(path.with_name(f".{path.name}.lock"), work="change of keys", wait=True):
        keys = read_key_file(path).keys if path.exists() else ()
        text = KeyFile(keys=change(keys)).model_dump_json(indent=2, exclude_none=True) + "\n"
        replace_text(path, text, private=True)
