"""Parses the body of ``POST /search``, JSON or a form, into a ``Query``."""

from __future__ import annotations

import difflib
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Any

from fastapi import Request
from pydantic import ValidationError

from models.bundle import normalise_text
from service.errors import MAX_EXCERPT, InvalidRequest, UnsupportedEncoding, excerpt
from service.execution.threads import Threads
from service.http.body.form import Form, read_form
from service.http.body.json_body import parse_json
from service.http.body.validation import invalid_request
from service.http.context import CurrentContext
from service.http.problems import PICTURE_FIELD
from service.http.wire import MAX_CONVERSATION, SearchRequest
from service.limits import BUILT_IN, RequestLimits
from service.search.pipeline import INLINE_BYTES
from service.search.query import Query

IMAGE = "image"
LISTS = frozenset({"exclude", "prefer", "avoid", "history", "ignore"})
"""Fields that a form may repeat."""
JSON_FIELDS = frozenset({"filters", "box"})
NUMBERS = frozenset({"k", "offset"})
FIELDS = frozenset(SearchRequest.model_fields)
FORM_FIELDS = FIELDS - {"image_base64"}
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")
WHOLE_PICTURE = (0, 0, 1, 1)


async def search_query(request: Request, context: CurrentContext) -> AsyncIterator[Query]:
    """Read and validate the body, and fetch the picture at ``image_url``. A FastAPI dependency.

    Raises:
        RequestError: The picture cannot be fetched.
        InvalidRequest: It is neither JSON nor a form, a field is invalid, or the fields cannot be combined.
        UnsupportedEncoding: It is compressed.
    """
    limits = context.settings.request_limits
    asked, upload = await _read(request, context.readers, limits)
    query = query_of(asked, upload, limits)
    request.scope[PICTURE_FIELD] = _picture_field(asked)
    if asked.image_url is None:
        yield query
        return
    async with context.addresses.picture(asked.image_url) as picture:
        yield replace(query, picture=picture)


def _picture_field(asked: SearchRequest) -> str:
    """The field that the reference comes from, for errors about its picture."""
    fields = ("image_base64", "image_url", "product_id")
    return next((field for field in fields if getattr(asked, field) is not None), IMAGE)


async def _read(request: Request, readers: Threads, limits: RequestLimits) -> tuple[SearchRequest, bytes | None]:
    """The fields of the body, and its file. Parsing megabytes would delay all other requests, so a thread does it."""
    content_type = content_type_of(request)
    if content_type == "application/json":
        body = await request.body()
        parse = partial(_from_json, body, limits.depth)
        return parse() if len(body) <= INLINE_BYTES else await readers.run(parse), None
    if content_type == "multipart/form-data":
        form = await read_form(request, limits.parts)
        return _validated(_form_fields(form, limits.depth)), form.files.get(IMAGE)
    raise unsupported_type(
        content_type, hint="Send application/json, or multipart/form-data with the picture as a file named image."
    )


def content_type_of(request: Request) -> str:
    """The media type of the body, in lower case.

    Raises:
        UnsupportedEncoding: The body is compressed.
    """
    encoding = request.headers.get("content-encoding", "")
    if {coding.strip() for coding in encoding.lower().split(",")} - {"", "identity"}:
        raise UnsupportedEncoding(
            f"The body is compressed ({excerpt(encoding)}).", hint="Send it uncompressed, without Content-Encoding."
        )
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def unsupported_type(content_type: str, *, hint: str) -> InvalidRequest:
    """The error for a body of another type."""
    return InvalidRequest(
        f"The body is {excerpt(content_type)[1:-1] or 'of no declared type'}, which is not supported.", hint=hint,
        field="Content-Type",
    )  # fmt: skip


def query_of(request: SearchRequest, upload: bytes | None = None, limits: RequestLimits = BUILT_IN) -> Query:
    """The query of a valid request, without the picture at ``image_url``.

    Args:
        upload: The file of a form.
        limits: Those of the service; the request is within the built-in ones.

    Raises:
        InvalidRequest: There is more than one reference, or neither a reference nor a text, or a limit is exceeded.
    """
    picture = upload if upload is not None else request.image_base64
    given = (upload, request.image_base64, request.image_url, request.product_id)
    references = sum(reference is not None for reference in given)
    if references > 1:
        raise InvalidRequest(
            "There is more than one reference.", hint="Send one picture or one product_id.", field="product_id"
        )
    _check_limits(request, limits)
    text, history = normalise_text(request.text or ""), tuple(filter(None, map(normalise_text, request.history)))
    _check_length(text, history, limits.text)
    if not references and not text:
        raise InvalidRequest(
            "There is nothing to search for.",
            hint="Send a picture, a product_id, a text, or a reference and a text.",
            field="text",
        )
    if request.box is not None and not references:
        raise InvalidRequest("box needs a picture.", hint="Send it with a picture or a product_id.", field="box")
    return Query(
        picture=picture, product_id=request.product_id, text=text,
        k=request.k, offset=request.offset, filters=request.filter_values(), exclude=frozenset(request.exclude),
        prefer=tuple(request.prefer), avoid=tuple(request.avoid), style=request.style,
        box=None if request.box == WHOLE_PICTURE else request.box, group_by=request.group_by, sort=request.sort or "",
        history=history, ignore=tuple(request.ignore),
    )  # fmt: skip


def _check_limits(request: SearchRequest, limits: RequestLimits) -> None:
    """Check what a service may limit further than ``SearchRequest``."""
    for name, most in (("k", limits.k), ("offset", limits.offset)):
        if getattr(request, name) > most:
            raise InvalidRequest(f"{name} must be {most} or less.", field=name)
    if len(request.filters) > limits.filters:
        raise InvalidRequest(f"filters must have at most {limits.filters} entries.", field="filters")
    for place, turn in enumerate(request.history):
        if len(turn) > limits.text:
            raise InvalidRequest(
                f"history[{place}] must have at most {limits.text:,} characters.", field=f"history[{place}]"
            )


def _check_length(text: str, history: tuple[str, ...], most: int) -> None:
    """Normalising a text makes it up to 18 times as long, and every text of a conversation is parsed."""
    if len(text) > most:
        raise InvalidRequest(f"text must have at most {most:,} characters (in Unicode's form NFKC).", field="text")
    if len(text) + sum(map(len, history)) > MAX_CONVERSATION:
        raise InvalidRequest(
            f"text and history have more than {MAX_CONVERSATION:,} characters.", hint="Leave out the oldest turns.",
            field="history",
        )  # fmt: skip


def _from_json(data: bytes, max_depth: int) -> SearchRequest:
    return _validated(_json_fields(data, max_depth))


def _json_fields(data: bytes, max_depth: int) -> dict[str, Any]:
    fields = parse_json(data, max_depth=max_depth)
    if not isinstance(fields, dict):
        raise InvalidRequest(
            "The body is not a JSON object.", hint='Send one such as {"text": "a red dress"}.', field="body"
        )
    return _without_nulls(_checked_names(fields, FIELDS))


def _without_nulls(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields without those that are null, and likewise for filters."""
    given = {name: value for name, value in fields.items() if value is not None}
    if isinstance(given.get("filters"), dict):
        given["filters"] = {name: value for name, value in given["filters"].items() if value is not None}
    return given


def _form_fields(form: Form, max_depth: int) -> dict[str, Any]:
    """The form's fields in the types of JSON, without empty ones."""
    _checked_names({**form.fields, **form.files}, FORM_FIELDS | {IMAGE})
    for name in form.files:
        if name != IMAGE:
            raise InvalidRequest(f"{name} is a file.", hint="Send it as a field of text.", field=name)
    if any(form.fields.get(IMAGE, ())):
        raise InvalidRequest("image is a field of text.", hint="Send the picture as a file.", field=IMAGE)
    fields: dict[str, Any] = {}
    for name, values in form.fields.items():
        if len(values) > 1 and name not in LISTS:
            raise InvalidRequest(f"{name} is given {len(values)} times.", hint="Give it once.", field=name)
        given = [value for value in values if value.strip()]
        if given and name != IMAGE:
            fields[name] = _form_value(name, given, max_depth)
    return _without_nulls(fields)


def _form_value(name: str, values: list[str], max_depth: int) -> Any:
    value = values[0].strip()
    if name in LISTS:
        return parse_json(value.encode(), name, max_depth - 1) if len(values) == 1 and value.startswith("[") else values
    if name == "box" and not value.startswith("["):
        value = f"[{value}]"
    if name in JSON_FIELDS:
        return parse_json(value.encode(), name, max_depth - 1)
    if name in NUMBERS:
        return int(value) if WHOLE_NUMBER.fullmatch(value) else value
    return values[0]


def _checked_names(fields: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    for name in fields:
        if name not in known:
            if name == IMAGE:
                raise InvalidRequest(
                    "image is not a field of a JSON body.",
                    hint="Send the picture as a file of a form (multipart/form-data), or its address as image_url.",
                    field=IMAGE,
                )
            close = difflib.get_close_matches(name[:MAX_EXCERPT], known, 1)
            raise InvalidRequest(
                f"{excerpt(name)[1:-1]} is not a field of this request.",
                hint=f"Did you mean {close[0]}?" if close else f"The fields are: {', '.join(sorted(known))}.",
                field=name[:MAX_EXCERPT] or "body",
            )
    return fields


def _validated(fields: dict[str, Any]) -> SearchRequest:
    try:
        return SearchRequest.model_validate(fields)
    except ValidationError as error:
        raise invalid_request(error) from error
