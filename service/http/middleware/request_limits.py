"""Bounds on the size of a request: its target, its headers and its body."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.errors import ModisteError
from service.errors import HeadersTooLarge, TargetTooLong
from service.http.middleware.scope import content_length
from service.http.problems import problem_of
from service.search.uploads import too_large

MAX_TARGET_BYTES = 8 * 2**10
MAX_HEADERS = 100
MAX_HEADER_BYTES = 32 * 2**10
"""Of all names and values together."""


class RequestLimitsMiddleware:
    """Refuses a request whose target, headers or declared body are too long, and a body that grows too long while it
    is received.

    Args:
        max_body_bytes: The longest body.
        max_image_bytes: The largest picture; the error message states it, because no other field makes a body long.
    """

    def __init__(self, app: ASGIApp, *, max_body_bytes: int, max_image_bytes: int) -> None:
        self._app, self._max_body_bytes, self._max_image_bytes = app, max_body_bytes, max_image_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._check(scope)
        except ModisteError as error:
            await problem_of(error)(scope, receive, send)
            return
        received = 0

        async def receive_bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_body_bytes:
                raise too_large(self._max_image_bytes)
            return message

        await self._app(scope, receive_bounded, send)

    def _check(self, scope: Scope) -> None:
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_TARGET_BYTES:
            raise TargetTooLong(f"The address has more than {MAX_TARGET_BYTES:,} bytes.")
        headers = scope["headers"]
        if len(headers) > MAX_HEADERS or sum(len(name) + len(value) for name, value in headers) > MAX_HEADER_BYTES:
            raise HeadersTooLarge(
                f"The request has more than {MAX_HEADERS} headers, or more than {MAX_HEADER_BYTES:,} bytes of them."
            )
        declared = content_length(scope)
        if declared is not None and declared > self._max_body_bytes:
            raise too_large(self._max_image_bytes)
