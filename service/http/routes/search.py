"""``POST /search``."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from models.errors import ModisteError
from service.http.body import query_of, read_search
from service.http.context import JsonAnswer, context_of
from service.http.openapi import SEARCH_BODY, problems
from service.http.problems import on_modiste_error
from service.search.answers import SearchAnswer

PATH = "/search"

router = APIRouter(tags=["search"])


@router.post(
    PATH,
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
    answer = await context.search.answer(query_of(body, picture))
    request.scope["stage_times"] = answer.stage_times  # Headers tell of them.
    return JsonAnswer(answer.content)


async def straight(scope: Scope, receive: Receive, send: Send) -> None:
    """``search`` as an ASGI application. It reads the request and makes the response itself, and nothing is left for
    FastAPI to route, to solve and to validate; finding that out would take as long as finding a cached answer. Of its
    exceptions only our own are told to the client; all others are failures inside."""
    scope["route"] = router.routes[0]  # Metrics and traces ask for it.
    request = Request(scope, receive)
    try:
        response = await search(request)
    except ModisteError as error:
        response = await on_modiste_error(request, error)
    await response(scope, receive, send)
