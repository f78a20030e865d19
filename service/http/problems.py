"""Errors as problem documents (RFC 9457). ``type`` is stable; ``field`` names the part of the request to change."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from catalog.errors import ModisteError
from indexer.generations.filters import FilterError
from indexer.stores.store import StoreUnavailable
from models.bundle import UnreadableImage
from service import errors
from service.http.body.validation import invalid_request
from service.search.arrangement import InvalidArrangement

PROBLEM_TYPE = "application/problem+json"
PICTURE_FIELD = "picture_field"
"""Key of the ASGI scope: the field of a search that its picture comes from, once the body is parsed."""


class _Kind(NamedTuple):
    slug: str
    title: str
    status: int
    field: str | None = None
    """The part of the request that is wrong, unless the error has another."""


# Subclasses come first. Any other ModisteError is an internal failure.
KINDS: dict[type[ModisteError], _Kind] = {
    errors.UnknownWord: _Kind("unknown-word", "A word is not in the vocabulary", 422, "prefer"),
    errors.NoWords: _Kind("no-words", "Preferred words are not supported", 422, "prefer"),
    errors.InvalidRequest: _Kind("invalid-request", "The request is not valid", 422),
    errors.UnsupportedEncoding: _Kind(
        "unsupported-encoding", "The encoding of the body is not supported", 415, "Content-Encoding"
    ),
    errors.MalformedRequest: _Kind("malformed-request", "The request is not valid HTTP", 400),
    # RFC 9112 recommends 501, but monitoring counts every 5xx as a fault of the service.
    errors.UnsupportedTransferEncoding: _Kind(
        "unsupported-transfer-encoding", "The transfer encoding is not supported", 415
    ),
    errors.TargetTooLong: _Kind("target-too-long", "The address is too long", 414),
    errors.HeadersTooLarge: _Kind("headers-too-large", "The headers are too large", 431),
    errors.ImageTooLarge: _Kind("image-too-large", "The picture is too large", 413, "image"),
    errors.AddressNotAllowed: _Kind("address-refused", "The address is not allowed", 422, "image_url"),
    errors.PictureNotFetched: _Kind("picture-not-fetched", "The picture could not be fetched", 422, "image_url"),
    UnreadableImage: _Kind("unreadable-image", "The picture cannot be read", 422, "image"),
    InvalidArrangement: _Kind("unknown-attribute", "The attribute cannot be grouped or sorted by", 422),
    FilterError: _Kind("unknown-filter", "The filters cannot be applied", 422, "filters"),
    errors.UnknownProduct: _Kind("unknown-product", "There is no such product", 404, "product_id"),
    errors.NotFound: _Kind("not-found", "Not found", 404),
    errors.KeyNeeded: _Kind("key-needed", "A key is needed", 401, "Authorization"),
    errors.NotAllowed: _Kind("not-allowed", "This is not allowed", 403, "Authorization"),
    errors.TooManyRequests: _Kind("too-many-requests", "There are too many requests", 429),
    StoreUnavailable: _Kind("store-unavailable", "The vector store does not respond", 503),
    errors.NotReady: _Kind("not-ready", "The service is not ready", 503),
    errors.Overloaded: _Kind("overloaded", "The service is overloaded", 503),
    errors.DeadlineExceeded: _Kind("deadline-passed", "The deadline has passed", 504),
}


def problem_response(
    type: str, title: str, status: int, detail: str, hint: str = "", *, field: str | None = None,
    headers: Mapping[str, str] | None = None, **extensions: Any,
) -> Response:  # fmt: skip
    """A problem document with the extension members ``hint``, ``field`` and ``extensions``, if given."""
    members = {"hint": hint or None, "field": field, **extensions}
    document = {"type": type, "title": title, "status": status, "detail": detail}
    document |= {name: value for name, value in members.items() if value is not None}
    return Response(orjson.dumps(document), status, headers, PROBLEM_TYPE)


def problem_of(error: ModisteError, *, picture_field: str | None = None, **extensions: Any) -> Response:
    """The problem document of an error.

    Args:
        picture_field: The field that the picture of the request comes from, if it is known.
    """
    kind = next((kind for type, kind in KINDS.items() if isinstance(error, type)), None)
    if kind is None:
        return internal_problem()
    headers = {}
    if (retry_after_s := getattr(error, "retry_after_s", None)) is not None:
        headers["Retry-After"] = str(retry_after_s)
    if kind.status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
        headers["Accept-Encoding"] = "identity"
    if kind.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="modiste"'  # RFC 6750, section 3.
    about_picture = isinstance(error, (errors.ImageTooLarge, UnreadableImage))
    field = getattr(error, "field", None) or (about_picture and picture_field) or kind.field
    return problem_response(
        f"/problems/{kind.slug}",
        kind.title,
        kind.status,
        error.message,
        error.hint,
        field=field,
        headers=headers,
        **extensions,
    )


def internal_problem() -> Response:
    """The problem document of an internal failure, without details."""
    return problem_response(
        "/problems/internal", "Internal error", 500, "The service failed to answer this request.",
        "Try again. If the error persists, report the X-Request-ID of this response to the operator.",
    )  # fmt: skip


async def _on_modiste_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ModisteError)
    if isinstance(error, errors.Overloaded):
        request.app.state.context.metrics.overloaded(error.reason)
    response = problem_of(error, picture_field=request.scope.get(PICTURE_FIELD))
    if response.status_code == 500:
        raise error  # RequestMiddleware logs it.
    return response


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem_of(invalid_request(error))


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return problem_of(errors.NotFound("There is no such path.", hint="See /docs for all paths."))
    detail, headers = error.detail, dict(error.headers or {})
    if allowed := headers.get("Allow"):
        if allowed == "GET":
            allowed = headers["Allow"] = "GET, HEAD"  # The middleware answers HEAD.
        detail = f"This path supports {allowed}."
    title = HTTPStatus(error.status_code).phrase
    return problem_response("about:blank", title, error.status_code, detail, headers=headers)


def install(app: FastAPI) -> None:
    """Convert expected errors of ``app`` to problem documents. ``RequestMiddleware`` handles all other exceptions."""
    app.add_exception_handler(ModisteError, _on_modiste_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
