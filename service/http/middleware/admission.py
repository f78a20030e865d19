"""Refuses searches under load, and bodies that are too long, before they are read."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import ImageTooLarge, InvalidRequest, Overloaded
from service.execution.admission import Admission
from service.http.middleware.deadline import TIMEOUT_HEADER, seconds_allowed
from service.http.middleware.scope import content_length, header, is_search
from service.http.problems import problem_of
from service.observability.metrics import Metrics
from service.search.uploads import too_large
from service.settings import Settings


class AdmissionMiddleware:
    """Applies ``Admission`` to each search when it arrives, and counts the bytes of its body until it is answered."""

    def __init__(self, app: ASGIApp, *, admission: Admission, metrics: Metrics, settings: Settings) -> None:
        self._app, self._admission, self._metrics = app, admission, metrics
        self._max_s, self._settings = settings.deadline_ms / 1000, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_search(scope):
            await self._app(scope, receive, send)
            return
        declared = content_length(scope)
        try:
            self._check_length(declared or 0)
            self._admission.check_arrival(declared, self._allowed_s(scope))
        except Overloaded as error:
            self._metrics.refused(error.reason)
            await problem_of(error)(scope, receive, send)
            return
        except ImageTooLarge as error:
            await problem_of(error)(scope, receive, send)
            return
        held = 0

        async def receive_counted() -> Message:
            nonlocal held
            message = await receive()
            received = len(message.get("body", b""))
            self._check_length(held + received)
            self._admission.hold(received)
            held += received
            return message

        try:
            await self._app(scope, receive_counted, send)
        finally:
            self._admission.release(held)

    def _check_length(self, body_bytes: int) -> None:
        if body_bytes > self._settings.max_body_bytes:  # Only a picture can be this long.
            raise too_large(self._settings.max_image_bytes)

    def _allowed_s(self, scope: Scope) -> float:
        try:
            return seconds_allowed(header(scope, TIMEOUT_HEADER.lower().encode()), self._max_s)
        except InvalidRequest:  # ``DeadlineMiddleware`` refuses the request.
            return self._max_s
