"""Refusal of searches under load, before their bodies are read."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import InvalidRequest, Overloaded
from service.execution.admission import Admission
from service.http.middleware.deadline import TIMEOUT_HEADER, seconds_allowed
from service.http.middleware.scope import content_length, header, is_search
from service.http.problems import problem_of


class AdmissionMiddleware:
    """Asks ``Admission`` about each search when it arrives, and counts the bytes of its body while it is answered.

    It stands outside of logging, because a refusal has to cost less than the search would: refusals are counted, not
    logged.

    Args:
        max_s: The longest that a search may take, in seconds.
    """

    def __init__(self, app: ASGIApp, *, admission: Admission, max_s: float) -> None:
        self._app, self._admission, self._max_s = app, admission, max_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_search(scope):
            await self._app(scope, receive, send)
            return
        try:
            self._admission.check_arrival(content_length(scope), self._allowed_s(scope))
        except Overloaded as error:
            await problem_of(error)(scope, receive, send)
            return
        held = 0

        async def receive_counted() -> Message:
            nonlocal held
            message = await receive()
            received = len(message.get("body", b""))
            self._admission.hold(received)
            held += received
            return message

        try:
            await self._app(scope, receive_counted, send)
        finally:
            self._admission.release(held)

    def _allowed_s(self, scope: Scope) -> float:
        try:
            return seconds_allowed(header(scope, TIMEOUT_HEADER.lower().encode()), self._max_s)
        except InvalidRequest:  # ``DeadlineMiddleware`` refuses it.
            return self._max_s
