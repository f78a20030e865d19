"""``POST /search``."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from service.http.access import needs, shop_of
from service.http.body.search_body import search_query
from service.http.context import CurrentContext
from service.http.middleware.scope import SEARCH_PATH
from service.http.openapi import SEARCH_BODY, SEARCH_PARAMETERS, problems
from service.http.routes.products import linked
from service.search.answers import SearchAnswer
from service.search.query import Query

router = APIRouter(tags=["search"], dependencies=[needs("search")])


@router.post(
    SEARCH_PATH,
    summary="Find products by a reference, a modification, or both",
    responses=problems(401, 403, 404, 413, 414, 415, 422, 429, 431, 503, 504),
    openapi_extra={"requestBody": SEARCH_BODY, "parameters": SEARCH_PARAMETERS},
)
async def search(
    request: Request, context: CurrentContext, query: Annotated[Query, Depends(search_query)]
) -> SearchAnswer:
    """Composed search: a picture or a product is the reference, and the text is the modification. A reference alone
    finds similar products, a text alone finds products that match it."""
    answer = await context.search.answer(replace(query, shop=shop_of(request)))
    request.scope["stage_times"] = answer.stage_times  # For the header Server-Timing.
    return answer.content.model_copy(update={"results": linked(answer.content.results, request)})
