"""Limits of a search: the length of its body, its expected wait, and its deadline."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import DeadlineExceeded, Overloaded, RequestError
from service.execution.admission import Admission
from service.http.middleware.deadline import run_until, seconds_allowed
from service.http.middleware.scope import content_length, is_search
from service.http.problems import problem_of
from service.observability.metrics import Metrics
from service.search.uploads import too_large
from service.settings import Settings


class SearchMiddleware:
    """Rejects searches before their body is read, counts the bytes of bodies until they are answered, and ends searches
    at their deadline."""

    def __init__(self, app: ASGIApp, *, admission: Admission, metrics: Metrics, settings: Settings) -> None:
        self._app, self._admission, self._metrics, self._settings = app, admission, metrics, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_search(scope):
            await self._app(scope, receive, send)
            return
        held = 0

        async def receive_counted() -> Message:
            nonlocal held
            message = await receive()
            received = len(message.get("body", b""))
            self._check_length(held + received)
            self._admission.hold(received)
            held += received
            if message["type"] == "http.request" and not message.get("more_body", False):
                # Again, because others may have been admitted meanwhile: refusing is cheaper than parsing the body.
                self._admission.check_arrival(held, allowed_s)
            return message

        try:
            declared, allowed_s = content_length(scope), seconds_allowed(scope, self._settings.deadline_ms / 1000)
            self._check_length(declared or 0)
            self._admission.check_arrival(declared, allowed_s)
            await run_until(allowed_s, self._app, scope, receive_counted, send)
        except RequestError as error:
            if isinstance(error, Overloaded):
                self._metrics.overloaded(error.reason)
            elif isinstance(error, DeadlineExceeded):
                self._metrics.deadline_missed()
            await problem_of(error)(scope, receive, send)
        finally:
            self._admission.release(held)

    def _check_length(self, body_bytes: int) -> None:
        if body_bytes > self._settings.max_body_bytes:  # Only a picture can be this long.
            raise too_large(self._settings.max_image_bytes)
