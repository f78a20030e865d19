"""Key files for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from service.access.keys import Key, Scope, change_key_file, new_key


class Given(NamedTuple):
    """A key as its user has it."""

    id: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        """The header that brings it."""
        return {"Authorization": f"Bearer {self.key}"}


def add_key(file: Path, *scopes: Scope, shop: str = "north", **fields: Any) -> Given:
    """Add a new key to ``file``."""
    id, secret, sha256 = new_key()
    created = fields.pop("created", datetime.now(UTC))
    key = Key(id=id, shop=shop, scopes=scopes or ("search",), sha256=sha256, created=created, **fields)
    change_key_file(file, lambda keys: (*keys, key))
    return Given(id, secret)
