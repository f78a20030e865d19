"""``/operations``, for the operator of the service."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter

from indexer.generations.publication import Listed, list_generations
from service.http.access import needs
from service.http.context import CurrentContext
from service.http.openapi import problems
from service.http.wire import GenerationList, GenerationSummary
from service.search.answers import Reload

router = APIRouter(
    prefix="/operations", tags=["operations"], dependencies=[needs("operations")], responses=problems(401, 403, 429)
)


@router.get("/generations", summary="All generations of the index root")
async def generations(context: CurrentContext) -> GenerationList:
    """Oldest first, with the one that this process serves."""
    listed = await asyncio.to_thread(list_generations, context.settings.index_root)
    return GenerationList(serving=context.live.generation_id, generations=[_summary(one) for one in listed])


@router.post("/reload", summary="Serve the published generation now")
async def reload(context: CurrentContext) -> Reload:
    """Checks for a new generation at once instead of at the next poll, including one that was refused before. With
    several processes, only the one that receives this request does so; the others check at their next poll."""
    return await context.live.reload()


def _summary(listed: Listed) -> GenerationSummary:
    manifest = listed.manifest
    summary = GenerationSummary(
        id=listed.id, published=listed.serving, rollback_target=listed.previous, damaged=manifest is None
    )
    if manifest is None:
        return summary
    known = manifest.model_dump(include={"created", "bundle", "products", "index"})
    return summary.model_copy(update={**known, "recall": manifest.quality.recall})
