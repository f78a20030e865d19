"""Waiting for what cannot be broken off."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any


async def until_done(future: asyncio.Future[Any]) -> None:
    """Wait for ``future``, however often the caller is cancelled meanwhile: for who was cancelled already, and must not
    let go of what is still used."""
    while not future.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([future])
