"""``POST /search``."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.body import read_search
from service.context import ContextOf
from service.openapi import SEARCH_BODY, problems
from service.query import Query
from service.schemas import SearchAnswer

router = APIRouter(tags=["search"])


@router.post(
    "/search",
    summary="Find products by a reference, a modification, or both",
    response_model=SearchAnswer,
    responses=problems(404, 413, 422, 503, 504),
    openapi_extra={"requestBody": SEARCH_BODY},
)
async def search(request: Request, context: ContextOf) -> Response:
    """A picture or a product is the reference, the text is the modification: *composed* search. A reference alone
    finds what looks alike, a text alone finds what it describes."""
    body, picture = await read_search(request, context.settings.max_body_bytes)
    answer = await context.search.answer(Query.of(body, picture))
    request.state.passages = answer.passages
    return Response(answer.body, media_type="application/json")
