"""What the routes share: the parts of one running service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from models.bundle import Bundle
from service.cache.levels import Cache
from service.execution.admission import Admission
from service.execution.thread_pool import ThreadPool
from service.observability.metrics import Metrics
from service.search.live_index import LiveIndex
from service.search.pipeline import Search
from service.settings import Settings


@dataclass(frozen=True)
class Context:
    """The parts of one running service."""

    settings: Settings
    bundle: Bundle
    live: LiveIndex
    cache: Cache
    search: Search
    admission: Admission
    decoders: ThreadPool
    readers: ThreadPool
    metrics: Metrics


def context_of(request: Request) -> Context:
    """The parts of the service that received ``request``. Routes ask for them themselves: FastAPI takes longer to solve
    a dependency than the service to find a cached answer."""
    context: Context = request.app.state.context
    return context


class JsonAnswer(Response):
    """A model as JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content.model_dump() if isinstance(content, BaseModel) else content)
