"""Enforces the deadline of a search, and cancels it when the client disconnects."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import DeadlineExceeded, InvalidRequest, excerpt
from service.http.middleware.scope import header, is_search
from service.http.problems import problem_of
from service.observability.metrics import Metrics

TIMEOUT_HEADER = "X-Request-Timeout-Ms"


class DeadlineMiddleware:
    """Cancels a search whose deadline has passed (504) or whose client has disconnected.

    The deadline includes the time to receive the body, but not the time to send the response.

    Args:
        max_s: The longest time of a search, in seconds; ``X-Request-Timeout-Ms`` can shorten it.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, max_s: float) -> None:
        self._app, self._metrics, self._max_s = app, metrics, max_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_search(scope):
            await self._app(scope, receive, send)
            return
        try:
            allowed_s = seconds_allowed(header(scope, TIMEOUT_HEADER.lower().encode()), self._max_s)
        except InvalidRequest as error:
            await problem_of(error)(scope, receive, send)
            return
        until = asyncio.get_running_loop().time() + allowed_s
        timeout = asyncio.timeout_at(until)
        client = _Client(receive, send, timeout)
        try:
            async with timeout:
                try:
                    await self._app(scope, client.receive, client.send)
                finally:
                    client.close()
        except TimeoutError as error:
            if not timeout.expired():
                raise
            if client.disconnected:
                raise ClientDisconnect from error
            self._metrics.deadline_missed()
            await problem_of(DeadlineExceeded(allowed_s))(scope, receive, send)


class _Client:
    """Wraps ``receive`` and ``send``. After the body is complete, a disconnect makes ``timeout`` expire. After the
    response has started, ``timeout`` no longer applies."""

    def __init__(self, receive: Receive, send: Send, timeout: asyncio.Timeout) -> None:
        self.disconnected = False
        self._receive, self._send, self._timeout = receive, send, timeout
        self._watch: asyncio.Future[Message] | None = None
        self._open = True

    async def receive(self) -> Message:
        if self._watch is not None:
            return await asyncio.shield(self._watch)
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            # The next message can only be a disconnect.
            self._watch = asyncio.ensure_future(self._receive())
            self._watch.add_done_callback(self._on_disconnect)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._open = False
            self._timeout.reschedule(None)
        await self._send(message)

    def close(self) -> None:
        self._open = False
        if self._watch is not None:
            self._watch.cancel()

    def _on_disconnect(self, _: asyncio.Future[Message]) -> None:
        if self._open and not self._timeout.expired():
            self.disconnected = True
            self._timeout.reschedule(asyncio.get_running_loop().time())


def seconds_allowed(value: str | None, max_s: float) -> float:
    """The seconds until the deadline: the header in milliseconds, at most ``max_s``.

    Raises:
        InvalidRequest: The header is not a positive number.
    """
    if value is None:
        return max_s
    try:
        asked = float(value) / 1000
    except ValueError:
        asked = -1.0
    if not 0 < asked < float("inf"):
        raise InvalidRequest(
            f"{TIMEOUT_HEADER} is {excerpt(value)}.",
            hint="Send a number of milliseconds, such as 500, or omit the header.", field=TIMEOUT_HEADER,
        )  # fmt: skip
    return min(asked, max_s)
