"""What surrounds every request: its id, its time, its log line, its security headers, and the bounds of its body and of
its time."""

from __future__ import annotations

import asyncio
import logging
import random
import re
import time
from typing import Literal

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import DeadlineExceeded, RequestError
from service.execution.admission import TIMEOUT_HEADER, Admission, deadline, seconds_allowed
from service.http.problems import internal_problem, problem_of
from service.observability.logs import QUIET, request_id
from service.observability.metrics import COLUMNS, Metrics, StageTime
from service.search.uploads import too_large

logger = logging.getLogger(__name__)

SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
CLIENT_LEFT = 499  # As nginx counts clients that leave before they sent everything; nobody receives it.


CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY = Headers(
    {
        "Content-Security-Policy": CONTENT_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    }
).raw
"""Of every answer; nothing else sets these."""


class Observation:
    """Gives each request an id, measures, counts and logs it, and answers failures that nothing else caught."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, admission: Admission) -> None:
        self._app, self._metrics, self._admission = app, metrics, admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = _header(scope, b"x-request-id")
        id = given if given and SAFE_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"
        token = request_id.set(id)
        start = time.perf_counter()
        status = 0

        async def send_observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [
                    *message["headers"],
                    (b"x-request-id", id.encode()), (b"server-timing", _server_timing(scope, start).encode()),
                ]  # fmt: skip
                if self._admission.draining:
                    headers.append((b"connection", b"close"))
                message["headers"] = headers
            await send(message)

        try:
            await self._app(scope, receive, send_observed)
        except ClientDisconnect:
            status = CLIENT_LEFT
        except Exception:
            logger.exception("%s %s failed.", scope["method"], scope["path"])
            if status:
                raise
            await internal_problem()(scope, receive, send_observed)
        finally:
            self._record(scope, status, time.perf_counter() - start)
            request_id.reset(token)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        self._metrics.request(_route(scope), scope["method"], status, seconds)
        level = logging.DEBUG if scope["path"] in QUIET else logging.INFO
        fields = {
            "method": scope["method"], "path": scope["path"], "status": status, "ms": round(seconds * 1000, 1),
        }  # fmt: skip
        logger.log(level, "%(method)s %(path)s %(status)d in %(ms).1f ms", fields, extra={"fields": fields})


class SecurityHeaders:
    """Says what a browser may do with an answer: load this service's own files, and nothing inline."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *SECURITY]
            await send(message)

        await self._app(scope, receive, send_secured)


class BodyLimit:
    """Refuses a body of too many bytes: by its declared length, and while reading it."""

    def __init__(self, app: ASGIApp, *, max_bytes: int, max_image_bytes: int) -> None:
        self._app, self._max_bytes, self._max_image_bytes = app, max_bytes, max_image_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = _declared_bytes(scope)
        if declared is not None and declared > self._max_bytes:
            await problem_of(too_large(self._max_image_bytes))(scope, receive, send)
            return
        read = 0

        async def receive_bounded() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._max_bytes:
                raise too_large(self._max_image_bytes)
            return message

        await self._app(scope, receive_bounded, send)


class Attendance:
    """Lets searches in or refuses them before their bodies are read, gives them a deadline, and drops those whose
    client has gone or whose time is over.

    Args:
        most_s: Seconds that a search may take at most, sending its body included.
    """

    def __init__(self, app: ASGIApp, *, admission: Admission, metrics: Metrics, most_s: float) -> None:
        self._app, self._admission, self._metrics, self._most_s = app, admission, metrics, most_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/search" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        try:
            allowed_s = seconds_allowed(_header(scope, TIMEOUT_HEADER), self._most_s)
            self._admission.check_arrival(_declared_bytes(scope))
        except RequestError as problem:
            await problem_of(problem)(scope, receive, send)
            return
        await self._attend(scope, receive, send, allowed_s)

    async def _attend(self, scope: Scope, receive: Receive, send: Send, allowed_s: float) -> None:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None
        others = task.cancelling()
        watch: asyncio.Task[Message] | None = None
        held, answering = 0, False
        dropped: Literal["gone", "late"] | None = None

        def drop(why: Literal["gone", "late"]) -> None:
            nonlocal dropped
            if dropped is None and not task.done():
                dropped = why
                task.cancel()

        def left(_: asyncio.Task[Message]) -> None:
            if not answering:
                drop("gone")

        async def receive_attended() -> Message:
            nonlocal watch, held
            if watch is not None:
                return await asyncio.shield(watch)
            message = await receive()
            arrived = len(message.get("body", b""))
            self._admission.hold(arrived)
            held += arrived
            if message["type"] == "http.request" and not message.get("more_body"):
                # The next message can only be that the client has gone.
                watch = loop.create_task(receive())  # type: ignore[arg-type]
                watch.add_done_callback(left)
            return message

        async def send_attended(message: Message) -> None:
            nonlocal answering
            answering = True
            await send(message)

        until = loop.time() + allowed_s
        before = deadline.set(until)
        alarm = loop.call_at(until, drop, "late")
        try:
            await self._app(scope, receive_attended, send_attended)
        except asyncio.CancelledError:
            # Somebody else may want the task to end, too.
            if dropped is None or task.uncancel() > others:
                raise
            if dropped == "gone":
                raise ClientDisconnect from None
            if answering:
                raise TimeoutError from None
            self._metrics.deadline_missed()
            await problem_of(DeadlineExceeded(allowed_s))(scope, receive, send_attended)
        finally:
            answering = True
            alarm.cancel()
            if watch is not None:
                watch.cancel()
            self._admission.let_go(held)
            deadline.reset(before)


def _header(scope: Scope, name: bytes) -> str | None:
    """The first header of that name, in lower case; None where there is none."""
    for given, value in scope["headers"]:
        if given == name:
            return str(value, "latin-1")
    return None


def _declared_bytes(scope: Scope) -> int | None:
    """The length of the body, where it is told."""
    declared = _header(scope, b"content-length")
    return int(declared.lstrip("0")[:20] or "0") if declared is not None and declared.isdecimal() else None


def _route(scope: Scope) -> str:
    """The route's pattern: a label with few values, whatever addresses are asked for."""
    return getattr(scope.get("route"), "path", None) or "unmatched"


def _server_timing(scope: Scope, start: float) -> str:
    """``vision;dur=1.8, vision-queue;dur=0.2, ..., total;dur=4.1``: milliseconds of work and of waiting by stage."""
    stage_times: dict[str, StageTime] = scope.get("stage_times", {})
    parts = []
    for stage, stage_time in stage_times.items():
        parts.append(f"{stage};dur={stage_time.work * 1000:.2f}")
        if stage != COLUMNS:
            parts.append(f"{stage}-queue;dur={stage_time.queue * 1000:.2f}")
    parts.append(f"total;dur={(time.perf_counter() - start) * 1000:.2f}")
    return ", ".join(parts)
