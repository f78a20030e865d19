"""``/operations``: what an operator asks of a running service."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from indexer.publication import Listed, list_generations
from service.http.access import require_operator
from service.http.context import JsonAnswer, context_of
from service.http.openapi import problems
from service.http.wire import GenerationList
from service.search.answers import Reload

router = APIRouter(
    prefix="/operations", tags=["operations"], dependencies=[Depends(require_operator)], responses=problems(403)
)


@router.get("/generations", summary="All generations of the index root", response_model=GenerationList)
async def generations(request: Request) -> Response:
    """Oldest first, with the one that this process serves."""
    context = context_of(request)
    listed = await asyncio.to_thread(list_generations, context.settings.index_root)
    return JsonAnswer(
        GenerationList.model_validate(
            {"serving": context.live.generation_id, "generations": [_summary(one) for one in listed]}
        )
    )


@router.post("/reload", summary="Serve what is published now", response_model=Reload)
async def reload(request: Request) -> Response:
    """Looks at once instead of at the next poll, also at a generation that was refused before. Of several processes
    behind one port, the one that this request reaches; the others look at their next poll."""
    return JsonAnswer(await context_of(request).live.reload())


def _summary(listed: Listed) -> dict[str, Any]:
    manifest = listed.manifest
    known = {} if manifest is None else manifest.model_dump(include={"created", "bundle", "products", "index"})
    return {
        "id": listed.id, "published": listed.serving, "rollback_target": listed.previous,
        "damaged": manifest is None, "recall": manifest and manifest.quality.recall, **known,
    }  # fmt: skip
