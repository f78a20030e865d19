"""What surrounds every request: its id, its time, its log line, its security headers, and the bound of its body."""

from __future__ import annotations

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.pictures import too_large
from service.problems import internal_problem, problem_of
from service.telemetry import Telemetry, request_id

logger = logging.getLogger(__name__)

SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
CLIENT_LEFT = 499  # As nginx counts clients that leave before they sent everything; nobody receives it.
QUIET = ("/health/live", "/health/ready", "/metrics")

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# The interactive documentation that FastAPI brings loads Swagger UI and starts it by an inline script.
DOCS_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' https://cdn.jsdelivr.net; "
    "style-src 'unsafe-inline' https://cdn.jsdelivr.net; img-src data: https://fastapi.tiangolo.com; "
    "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}


class Observation:
    """Gives each request an id, measures, counts and logs it, and answers failures that nothing else caught."""

    def __init__(self, app: ASGIApp, *, telemetry: Telemetry) -> None:
        self._app, self._telemetry = app, telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        id = given if SAFE_ID.fullmatch(given) else uuid.uuid4().hex
        token = request_id.set(id)
        start = time.perf_counter()
        status = 0

        async def send_observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = id
                headers["Server-Timing"] = _server_timing(scope, start)
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
        self._telemetry.request(_route(scope), scope["method"], status, seconds)
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
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = DOCS_POLICY if scope["path"] == "/docs" else CONTENT_POLICY
                headers.update(HEADERS)
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
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > self._max_bytes:
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


def _route(scope: Scope) -> str:
    """The route's pattern: a label with few values, whatever addresses are asked for."""
    return getattr(scope.get("route"), "path", None) or "unmatched"


def _server_timing(scope: Scope, start: float) -> str:
    timings = getattr(Request(scope).state, "timings", None)
    stages = {} if timings is None else timings.model_dump(exclude={"total"})
    stages = {stage: spent for stage, spent in stages.items() if spent}
    stages["total"] = (time.perf_counter() - start) * 1000
    return ", ".join(f"{stage};dur={spent:.1f}" for stage, spent in stages.items())
