"""Parses the body of ``POST /events``."""

from __future__ import annotations

from fastapi import Request
from pydantic import Field, ValidationError

from catalog.frozen_model import FrozenModel
from service.errors import InvalidRequest
from service.http.body.json_body import parse_json
from service.http.body.search_body import content_type_of, unsupported_type
from service.http.body.validation import invalid_request
from service.http.wire import Whole
from service.limits import MAX_K, MAX_OFFSET
from service.observability.metrics import EventType

MAX_EVENTS = 100
MAX_BODY_BYTES = 16 * 2**10


class Event(FrozenModel):
    """One act of a shopper."""

    type: EventType
    position: Whole = Field(
        ge=1, le=MAX_OFFSET + MAX_K, description="The position of the result: `offset` + 1 for the first."
    )


class Events(FrozenModel):
    """Acts of shoppers, each with the position of the result."""

    events: list[Event] = Field(min_length=1, max_length=MAX_EVENTS, fail_fast=True)


async def events_of(request: Request) -> list[Event]:
    """Read and validate the body. A FastAPI dependency.

    Raises:
        InvalidRequest: It is not JSON, too long, or has an invalid field.
        UnsupportedEncoding: It is compressed.
    """
    content_type = content_type_of(request)
    if content_type != "application/json":
        raise unsupported_type(content_type, hint="Send application/json.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise InvalidRequest(
                f"The body has more than {MAX_BODY_BYTES:,} bytes.", hint="Send fewer events at once.", field="body"
            )
    try:
        return Events.model_validate(parse_json(bytes(body))).events
    except ValidationError as error:
        raise invalid_request(error) from error
