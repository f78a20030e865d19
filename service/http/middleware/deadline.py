"""Cancels a search at its deadline, or when its client disconnects."""

from __future__ import annotations

import asyncio
import re

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import DeadlineExceeded, InvalidRequest, excerpt
from service.http.middleware.scope import header

TIMEOUT_HEADER = "X-Request-Timeout-Ms"
_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?")


async def run_until(allowed_s: float, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run a search for ``allowed_s`` at most, which includes the time to receive the body, but not the time to send the
    response.

    Raises:
        DeadlineExceeded: The deadline has passed, and the search was cancelled.
        ClientDisconnect: The client has disconnected, and the search was cancelled.
    """
    timeout = asyncio.timeout(allowed_s)
    client = _Client(receive, send, timeout)
    try:
        async with timeout:
            try:
                await app(scope, client.receive, client.send)
            finally:
                client.close()
    except TimeoutError as error:
        if not timeout.expired():
            raise
        if client.disconnected:
            raise ClientDisconnect from error
        raise DeadlineExceeded(allowed_s) from error


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


def seconds_allowed(scope: Scope, max_s: float) -> float:
    """The seconds until the deadline of a request: its header in milliseconds, at most ``max_s``.

    Raises:
        InvalidRequest: The header is not a positive number.
    """
    value = header(scope, TIMEOUT_HEADER.lower().encode())
    if value is None:
        return max_s
    asked = float(value) / 1000 if _NUMBER.fullmatch(value) else 0.0  # `float` also reads 1_000 and other alphabets.
    if not 0 < asked < float("inf"):
        raise InvalidRequest(
            f"{TIMEOUT_HEADER} is {excerpt(value)}.",
            hint="Send a number of milliseconds, such as 500, or omit the header.", field=TIMEOUT_HEADER,
        )  # fmt: skip
    return min(asked, max_s)
