"""The keys that a running service accepts. The key file is read again when it changes."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from catalog.errors import ModisteError
from service.access.keys import KEY_PATTERN, Key, read_key_file
from service.errors import KeyNeeded

logger = logging.getLogger(__name__)

_KEY = re.compile(KEY_PATTERN)
_NO_HASH = bytes(32)
"""Compared with if the id is unknown, so that an unknown id takes as long as a wrong secret."""


class KeyRing:
    """The keys of a file, read again when it changes. Used from one event loop.

    If a changed file cannot be read, the keys that were read last stay valid.

    Raises:
        ModisteError: The file cannot be read at the start.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version = _version(path)
        self._keys = _by_id(read_key_file(path).keys)
        self._following: asyncio.Task[None] | None = None

    def find(self, given: str | None, now: datetime | None = None) -> Key:
        """The key that was given.

        Raises:
            KeyNeeded: There is none, or it is unknown, revoked or expired.
        """
        if given is None:
            raise KeyNeeded("This request needs a key.", hint="Send it as: Authorization: Bearer <key>")
        parsed = _KEY.fullmatch(given)
        key = self._keys.get(parsed[1]) if parsed else None
        # Ids are not secret, so a dictionary lookup is safe. Hashes are compared in constant time.
        known = bytes.fromhex(key.sha256) if key else _NO_HASH
        matches = hmac.compare_digest(hashlib.sha256(given.encode()).digest(), known)
        if key is None or not matches:
            raise KeyNeeded("The key is unknown or was revoked.", hint="Ask the operator of this service for a key.")
        if key.has_expired(now or datetime.now(UTC)):
            raise KeyNeeded(
                f"The key expired on {key.expires:%Y-%m-%d}.", hint="Ask the operator of this service for a new key."
            )
        return key

    def follow(self, poll_s: float) -> None:
        """Check the file every ``poll_s`` seconds until ``stop``."""
        self._following = asyncio.create_task(self._follow(poll_s))

    async def stop(self) -> None:
        """Stop following the file."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])

    async def _follow(self, poll_s: float) -> None:
        while True:
            await asyncio.sleep(poll_s)
            try:
                await self._look()
            except Exception:  # Such as a failure to start a thread. A revoked key must not stay valid.
                logger.exception("The key file could not be followed; trying again.")

    async def _look(self) -> None:
        version = await asyncio.to_thread(_version, self._path)  # The file may be on a network file system.
        if version == self._version:
            return
        try:
            self._keys = _by_id((await asyncio.to_thread(read_key_file, self._path)).keys)
        except ModisteError as error:
            logger.error("%s The keys that were read last stay valid.", error.message)
        else:
            logger.info("Read %d keys from %s.", len(self._keys), self._path)
        self._version = version


def _version(path: Path) -> tuple[int, int, int] | None:
    """Changes whenever the file is written, replaced or made readable. A copy may keep ``st_mtime``, but not
    ``st_ctime``."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_ctime_ns


def _by_id(keys: Sequence[Key]) -> dict[str, Key]:
    return {key.id: key for key in keys}
