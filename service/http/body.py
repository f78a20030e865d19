"""The body of ``POST /search``: JSON or a form becomes one checked request."""

from __future__ import annotations

import re
from typing import Any

import orjson
from fastapi import Request
from pydantic import ValidationError

from models.bundle import normalise_text
from service.errors import InvalidRequest
from service.http.form import Part, read_form
from service.http.problems import invalid_request
from service.http.wire import MAX_EXCLUDED, MAX_WORDS, SearchRequest
from service.search.query import Query

LISTS = {"exclude": MAX_EXCLUDED, "prefer": MAX_WORDS, "avoid": MAX_WORDS}
"""Fields that may be repeated, and how often."""
FORM_FIELDS = ("image", "product_id", "box", "text", "k", "offset", "filters", "style", *LISTS)
WHOLE_PICTURE = (0, 0, 1, 1)
WHOLE = re.compile(r"[+-]?\d{1,9}")


async def read_search(request: Request) -> tuple[SearchRequest, bytes | None]:
    """Read and check the body.

    Returns:
        The request, and the bytes of the picture if a form brought one.

    Raises:
        InvalidRequest: It is neither JSON nor a form, or a field is wrong.
    """
    declared = request.headers.get("content-type", "")
    kind = declared.partition(";")[0].strip().lower()
    if kind == "application/json":
        return _checked(_json(await request.body(), "The body")), None
    if kind == "multipart/form-data":
        fields = sum(LISTS.values()) + len(FORM_FIELDS)
        stream = request.stream()
        parts = await read_form(declared, stream, most_files=1, most_fields=fields)
        picture = _picture(parts)
        return _checked(_form_fields(parts)), picture
    raise InvalidRequest(
        f"The body is {kind or 'of no declared type'}, which this service does not read.",
        hint="Send application/json, or multipart/form-data with the picture as a file named image.",
    )


def query_of(request: SearchRequest, upload: bytes | None = None) -> Query:
    """Check that the parts of a request go together.

    Raises:
        InvalidRequest: There is more than one reference, or neither a reference nor a text.
    """
    pictures = [picture for picture in (upload, request.image_base64) if picture is not None]
    if len(pictures) + (request.product_id is not None) > 1:
        raise InvalidRequest("There is more than one reference.", hint="Send a picture or a product_id, not both.")
    text = normalise_text(request.text or "")
    if not pictures and request.product_id is None and not text:
        raise InvalidRequest(
            "There is nothing to search for.",
            hint="Send a picture, a product_id, a text, or a reference and a text; words to prefer come beside it.",
        )
    if request.box is not None and not pictures and request.product_id is None:
        raise InvalidRequest("box has no picture to be a part of.", hint="Send it with a picture or a product_id.")
    filters = request.model_dump(include={"filters"}, exclude_none=True)["filters"] if request.filters else {}
    return Query(
        picture=pictures[0] if pictures else None, product_id=request.product_id, text=text,
        k=request.k, offset=request.offset, filters=filters, exclude=frozenset(request.exclude),
        prefer=tuple(request.prefer), avoid=tuple(request.avoid), style=request.style,
        box=None if request.box == WHOLE_PICTURE else request.box,
    )  # fmt: skip


def _checked(fields: Any) -> SearchRequest:
    if not isinstance(fields, dict):
        raise InvalidRequest("The body is not a JSON object.", hint='Send one such as {"text": "a red dress"}.')
    try:
        return SearchRequest.model_validate(fields)
    except ValidationError as error:
        raise invalid_request(error) from error


def _json(data: bytes | str, what: str) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(f"{what} is not valid JSON: {error}.") from error


def _picture(parts: list[Part]) -> bytes | None:
    picture = next((part for part in parts if part.name == "image"), None)
    if picture is None:
        return None
    if picture.filename is None:
        raise InvalidRequest("image is a field of text.", hint="Send the picture as a file.")
    # A browser sends a file without name and content where none was chosen.
    return picture.content if picture.content or picture.filename else None


def _form_fields(parts: list[Part]) -> dict[str, Any]:
    """The form's fields as JSON would have them."""
    named: dict[str, list[Part]] = {}
    for part in parts:
        named.setdefault(part.name, []).append(part)
    fields: dict[str, Any] = {}
    for name, given in named.items():
        if name not in FORM_FIELDS:
            raise InvalidRequest(
                f"{name[:100]} is not a field of this form.", hint=f"The fields are: {', '.join(FORM_FIELDS)}."
            )
        if len(given) > 1 and name not in LISTS:
            raise InvalidRequest(f"{name} is given {len(given)} times.", hint="Give it once.")
        if name == "image":
            continue
        if any(part.filename is not None for part in given):
            raise InvalidRequest(f"{name} is a file.", hint="Send it as a field of text.")
        value = given[0].text
        if name in LISTS:
            listed = len(given) == 1 and value.lstrip().startswith("[")
            fields[name] = _json(value, name) if listed else [part.text for part in given]
        elif name == "filters":
            fields[name] = _json(value, name)
        elif name == "box":
            fields[name] = _json(value if value.lstrip().startswith("[") else f"[{value}]", name)
        elif name in ("k", "offset"):
            fields[name] = int(value) if WHOLE.fullmatch(value.strip()) else value
        elif name != "product_id" or value:
            fields[name] = value
    return fields
