"""Refusal of searches under load, before their bodies are read."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import Overloaded
from service.execution.admission import Admission
from service.http.middleware.deadline import DEADLINE
from service.http.middleware.scope import content_length, is_search
from service.http.problems import problem_of


class AdmissionMiddleware:
    """Asks ``Admission`` about each search when it arrives, and counts the bytes of its body while it is answered."""

    def __init__(self, app: ASGIApp, *, admission: Admission) -> None:
        self._app, self._admission = app, admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_search(scope):
            await self._app(scope, receive, send)
            return
        try:
            left_s = scope[DEADLINE] - asyncio.get_running_loop().time()
            self._admission.check_arrival(content_length(scope), left_s)
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
