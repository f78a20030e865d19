"""``/health`` for probes and ``/metrics`` for Prometheus."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from service.errors import NotReady
from service.http.access import BEARER, authorise_counted
from service.http.context import CurrentContext
from service.http.openapi import problems
from service.http.problems import problem_of
from service.http.wire import Readiness

router = APIRouter(tags=["health"])


async def _metrics_access(
    request: Request, context: CurrentContext, given: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
) -> None:
    if context.keys is not None:
        await authorise_counted(request, context, "operations", given)


@router.get("/health/live", summary="The process answers")
async def live() -> dict[str, str]:
    """Independent of the index: a full queue or a missing generation is no reason to restart."""
    return {"status": "live"}


@router.get("/health/ready", summary="Searches are answered", response_model=Readiness, responses=problems(503))
async def ready(context: CurrentContext) -> Any:
    """503 with the reasons until a generation serves, and again when the service is about to stop. A newer generation
    that was refused is in ``refused``."""
    refused = context.live.refused
    if context.admission.draining:
        stopping = NotReady("The service is about to stop.", hint="Send requests to another replica.")
        return problem_of(stopping, reasons=["The service is about to stop."])
    try:
        with context.live.use() as generation:
            return Readiness(
                generation=generation.id, bundle=context.bundle.name, products=generation.size,
                cache=await context.cache.state(), refused=refused,
            )  # fmt: skip
    except NotReady as error:
        reason = refused.reason if refused else "Nothing has been published yet: modiste index build"
        return problem_of(error, reasons=[reason], refused=refused and refused.model_dump())


@router.get(
    "/metrics", summary="Prometheus metrics", response_class=Response, dependencies=[Depends(_metrics_access)],
    responses=problems(401, 403, 429),
)  # fmt: skip
async def metrics(context: CurrentContext) -> Response:
    """Requests, stages with their queues and batches, load, caches and generation. Where there are keys, for those of
    operations."""
    return Response(await asyncio.to_thread(context.snapshots.exposition), media_type=CONTENT_TYPE_LATEST)
