"""The request id, the log line and the metrics of every request."""

from __future__ import annotations

import logging
import random
import re
import time

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.execution.admission import Admission
from service.http.middleware.scope import KEY_ID, header, route_path
from service.http.problems import internal_problem
from service.observability.logs import PROBE_PATHS, request_id
from service.observability.metrics import COLUMNS, Metrics, StageTime

logger = logging.getLogger(__name__)

VALID_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
CLIENT_CLOSED_REQUEST = 499
"""nginx's status for a client that disconnected; it is counted and logged, never sent."""


class RequestLogMiddleware:
    """Gives each request an id, counts, times and logs it, and turns unexpected exceptions into a 500.

    A client's ``X-Request-ID`` is kept if it is 1 to 64 letters, digits, dots, dashes and underscores.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, admission: Admission) -> None:
        self._app, self._metrics, self._admission = app, metrics, admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = header(scope, b"x-request-id")
        id = given if given and VALID_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"
        token = request_id.set(id)
        start = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [
                    *message["headers"],
                    (b"x-request-id", id.encode()), (b"server-timing", _server_timing(scope, start).encode()),
                ]  # fmt: skip
                if self._admission.draining or header(scope, b"transfer-encoding") is not None:
                    headers.append((b"connection", b"close"))
                message["headers"] = headers
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except ClientDisconnect:
            status = CLIENT_CLOSED_REQUEST
        except Exception:
            logger.exception("%s %s failed.", scope["method"], scope["path"])
            if status:
                raise
            await internal_problem()(scope, receive, send_with_headers)
        finally:
            self._record(scope, status, time.perf_counter() - start)
            request_id.reset(token)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or "unmatched"  # A label needs few values.
        self._metrics.request(route, scope["method"], status, seconds)
        level = logging.DEBUG if route_path(scope) in PROBE_PATHS else logging.INFO
        fields = {
            "method": scope["method"], "path": scope["path"], "status": status, "ms": round(seconds * 1000, 1),
        }  # fmt: skip
        if id := scope.get("state", {}).get(KEY_ID):
            fields["key"] = id
        logger.log(level, "%(method)s %(path)s %(status)d in %(ms).1f ms", fields, extra={"fields": fields})


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
