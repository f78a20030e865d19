"""Everything that can go wrong over HTTP, as problem documents (RFC 9457) with types that never change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from indexer.filters import FilterError
from models.bundle import UnreadableImage
from models.errors import ModisteError
from service.errors import (
    DeadlineExceeded,
    ImageTooLarge,
    InvalidRequest,
    NotAllowed,
    NotFound,
    NotReady,
    NoWords,
    Overloaded,
    RequestError,
    UnknownProduct,
    UnknownWord,
)  # fmt: skip

PROBLEM_TYPE = "application/problem+json"


class _Kind(NamedTuple):
    slug: str
    title: str
    status: int


# Any other ModisteError is a failure inside, which the client cannot mend.
_KINDS: dict[type[ModisteError], _Kind] = {
    UnknownWord: _Kind("unknown-word", "There is a word that pictures cannot be searched by", 422),
    NoWords: _Kind("no-words", "This service does not search by preferred words", 422),
    InvalidRequest: _Kind("invalid-request", "The request is not valid", 422),
    ImageTooLarge: _Kind("image-too-large", "The image is too large", 413),
    UnreadableImage: _Kind("unreadable-image", "The image cannot be read", 422),
    FilterError: _Kind("unknown-filter", "The filters cannot be applied", 422),
    UnknownProduct: _Kind("unknown-product", "There is no such product", 404),
    NotFound: _Kind("not-found", "There is nothing here", 404),
    NotAllowed: _Kind("not-allowed", "This is not allowed", 403),
    NotReady: _Kind("not-ready", "The service is not ready", 503),
    Overloaded: _Kind("overloaded", "The service is overloaded", 503),
    DeadlineExceeded: _Kind("deadline-passed", "The answer took too long", 504),
}


def problem_response(
    slug: str, title: str, status: int, detail: str, hint: str = "",
    headers: Mapping[str, str] | None = None, **more: Any,
) -> Response:  # fmt: skip
    """A problem document; ``more`` are extension members."""
    body = {"type": f"/problems/{slug}", "title": title, "status": status, "detail": detail}
    if hint:
        body["hint"] = hint
    return Response(orjson.dumps({**body, **more}), status, headers, PROBLEM_TYPE)


def problem_of(error: ModisteError, **more: Any) -> Response:
    """The document of an error that a request ran into."""
    kind = next((kind for error_type, kind in _KINDS.items() if isinstance(error, error_type)), None)
    if kind is not None:
        retry_after_s = error.retry_after_s if isinstance(error, RequestError) else None
        headers = None if retry_after_s is None else {"Retry-After": str(retry_after_s)}
        return problem_response(kind.slug, kind.title, kind.status, error.message, error.hint, headers, **more)
    return internal_problem()


def internal_problem() -> Response:
    """What a client learns of a failure inside: nothing but that it was not their fault."""
    return problem_response(
        "internal", "Something went wrong inside", 500, "The service failed to answer this request.",
        "Try again; if it stays, give the operator the X-Request-ID of this answer.",
    )  # fmt: skip


def invalid_request(error: ValidationError | RequestValidationError) -> InvalidRequest:
    """One sentence for the first thing that is wrong, naming the field."""
    first = error.errors()[0]
    location = [part for part in first["loc"] if part not in ("body", "query", "path", "header")]
    field, *inside = location or ["body"]
    if field == "filters" and inside:
        return _filter_problem(inside, first)
    name = f"{field}[{inside[0]}]" if inside and isinstance(inside[0], int) else str(field)
    sentence, hint = _sentence(first)
    return InvalidRequest(f"{name} {sentence}.", hint=hint)


def _filter_problem(inside: Sequence[Any], first: Any) -> InvalidRequest:
    if inside[0] == "[key]":
        return InvalidRequest("filters has a name that is not text.")
    return InvalidRequest(
        f"filters.{inside[0]} is no filter.",
        hint='Give a value such as "Red", a list of values, or a range of numbers such as {"min": 10, "max": 50}.',
    )


def _sentence(error: Any) -> tuple[str, str]:
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return "is missing", ""
        case "extra_forbidden":
            return "is not a field of this request", "Leave it out, or check its spelling (see /docs)."
        case "int_type" | "int_parsing" | "int_from_float" | "int_parsing_size":
            return "must be a whole number", ""
        case "greater_than_equal":
            return f"must be {context['ge']} or more", ""
        case "less_than_equal":
            return f"must be {context['le']} or less", ""
        case "string_type":
            return "must be text", ""
        case "string_too_long":
            return f"must have at most {context['max_length']:,} characters", "Shorten it."
        case "string_too_short":
            return "must not be empty", ""
        case "too_long":
            return f"must have at most {context['max_length']:,} entries", "Shorten it."
        case "list_type":
            return "must be a list", ""
        case "dict_type" | "model_type":
            return "must be an object", ""
        case _:
            message = str(error["msg"])
            return f"is not valid: {message[0].lower()}{message[1:]}", ""


async def on_modiste_error(request: Request, error: Exception) -> Response:
    """The document of what a request ran into; what is no fault of its own is raised on, to be logged."""
    assert isinstance(error, ModisteError)
    response = problem_of(error)
    if response.status_code == 500:
        raise error
    return response


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem_of(invalid_request(error))


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return problem_of(NotFound("There is nothing at this address.", hint="See /docs for what there is."))
    if error.status_code == 400:
        return problem_of(InvalidRequest(f"The body cannot be read: {error.detail}"))
    title = HTTPStatus(error.status_code).phrase
    body = {"type": "about:blank", "title": title, "status": error.status_code, "detail": error.detail}
    return Response(orjson.dumps(body), error.status_code, error.headers, PROBLEM_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of ``app`` with a problem document; what is left over, the middleware does."""
    app.add_exception_handler(ModisteError, on_modiste_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
