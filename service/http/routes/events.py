"""``POST /events``: counts what shoppers did with results. Nothing is stored and no result depends on it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from service.http.access import needs
from service.http.body.events_body import Event, events_of
from service.http.context import CurrentContext
from service.http.openapi import EVENTS_BODY, problems

router = APIRouter(tags=["events"], dependencies=[needs("events")])


@router.post(
    "/events",
    status_code=204,
    summary="Count clicks on results, and what became of them",
    responses=problems(401, 403, 414, 415, 422, 429, 431),
    openapi_extra={"requestBody": EVENTS_BODY},
)
async def events(context: CurrentContext, given: Annotated[list[Event], Depends(events_of)]) -> Response:
    """Counted in the metrics by type and position, which show whether shoppers find what they search for near the top.
    No event is stored or logged, and events do not change results."""
    for event in given:
        context.metrics.event(event.type, event.position)
    return Response(status_code=204)
