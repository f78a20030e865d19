"""Waiting for work that cannot be interrupted."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any


async def until_done(future: asyncio.Future[Any]) -> None:
    """Wait for ``future``, even if the caller is cancelled again meanwhile.

    Used by a cancelled caller that must keep a resource open until a thread has stopped using it.
    """
    while not future.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([future])
    if not future.cancelled():
        future.exception()  # Mark it as retrieved; the caller is cancelled and does not use it.
