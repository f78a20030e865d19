"""``POST /search``."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from service.body import read_search
from service.context import context_of
from service.openapi import SEARCH_BODY, problems
from service.query import Query
from service.schemas import SearchAnswer


class _Direct(APIRoute):
    """A route that FastAPI documents and does not run. The endpoint reads the request and makes the response itself;
    finding out that nothing is left to solve and to validate would take as long as finding a cached answer."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return self.endpoint


router = APIRouter(tags=["search"], route_class=_Direct)


@router.post(
    "/search",
    summary="Find products by a reference, a modification, or both",
    response_model=SearchAnswer,
    responses=problems(404, 413, 422, 503, 504),
    openapi_extra={"requestBody": SEARCH_BODY},
)
async def search(request: Request) -> Response:
    """A picture or a product is the reference, the text is the modification: *composed* search. A reference alone
    finds what looks alike, a text alone finds what it describes."""
    context = context_of(request)
    body, picture = await read_search(request)
    answer = await context.search.answer(Query.of(body, picture))
    request.state.passages = answer.passages
    return Response(answer.body, media_type="application/json")
