"""``/health`` for probes and ``/metrics`` for Prometheus."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Depends, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from service.errors import NotReady
from service.http.access import GivenKey, authorise
from service.http.context import CurrentContext
from service.http.openapi import problems
from service.http.problems import problem_of
from service.http.wire import Readiness

router = APIRouter(tags=["health"])


async def _metrics_access(request: Request, context: CurrentContext, given: GivenKey) -> None:
    if context.keys is not None:
        await authorise(request, context, "operations", given)


@router.get("/health/live", summary="Liveness")
async def live() -> dict[str, str]:
    """The process responds. Does not depend on the index, because a restart would not help a missing generation."""
    return {"status": "live"}


@router.get("/health/ready", summary="Readiness", response_model=Readiness, responses=problems(503))
async def ready(context: CurrentContext) -> Any:
    """503 with the reasons until a generation is served, and during shutdown. ``refused`` is a published generation
    that cannot be served."""
    refused = context.live.refused
    if context.admission.draining:
        stopping = NotReady("The service is shutting down.", hint="Send requests to another replica.")
        return problem_of(stopping, reasons=["The service is shutting down."])
    try:
        with context.live.use() as generation:
            return Readiness(
                generation=generation.id, bundle=context.bundle.name, products=generation.size,
                cache=await context.cache.state(), refused=refused,
            )  # fmt: skip
    except NotReady as error:
        reason = refused.reason if refused else "No generation has been published yet. Run: modiste index build"
        return problem_of(error, reasons=[reason], refused=refused and refused.model_dump())


@router.get(
    "/metrics", summary="Prometheus metrics", response_class=Response, dependencies=[Depends(_metrics_access)],
    responses=problems(401, 403, 429),
)  # fmt: skip
async def metrics(context: CurrentContext) -> Response:
    """Requests, stages with their queues and batches, load, caches and generation. With a key file, needs a key for
    operations."""
    return Response(await asyncio.to_thread(context.snapshots.exposition), media_type=CONTENT_TYPE_LATEST)
