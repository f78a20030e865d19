"""The components of a running service, as FastAPI dependencies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from indexer.generations.generation import Generation
from models.bundle import Bundle
from service.access.key_ring import KeyRing
from service.access.limiter import Limiter
from service.cache.cache import Cache
from service.cache.connection import RedisConnection
from service.execution.admission import Admission
from service.execution.process_pool import ProcessPool
from service.execution.threads import Threads
from service.http.body.picture_address import PictureAddresses
from service.observability.metrics import Metrics
from service.observability.snapshots import Snapshots
from service.search.live_index import LiveIndex
from service.search.pipeline import Search
from service.settings import Settings


@dataclass(frozen=True)
class Context:
    """The components of a running service."""

    settings: Settings
    bundle: Bundle
    live: LiveIndex
    redis: RedisConnection | None
    cache: Cache
    keys: KeyRing | None
    limiter: Limiter
    search: Search
    admission: Admission
    decoders: ProcessPool
    readers: Threads
    addresses: PictureAddresses
    metrics: Metrics
    snapshots: Snapshots


async def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


CurrentContext = Annotated[Context, Depends(_context)]


async def _generation(context: CurrentContext) -> AsyncIterator[Generation]:
    with context.live.use() as generation:
        yield generation


CurrentGeneration = Annotated[Generation, Depends(_generation)]
"""The current generation; it stays open until the response is made."""
