"""Request ids, size limits, response headers, the access log and metrics, for every request."""

from __future__ import annotations

import logging
import math
import random
import re
import time
from collections.abc import Sequence
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from catalog.errors import ModisteError
from service.access.limiter import Usage
from service.errors import HeadersTooLarge, Overloaded, TargetTooLong
from service.execution.admission import Admission
from service.http.middleware.scope import KEY_ID, SEARCH_PATH, USAGES, accepted, header, is_search, route_path
from service.http.problems import internal_problem, problem_of
from service.http.security_headers import SECURITY_HEADERS
from service.observability.logs import PROBE_PATHS, request_id
from service.observability.metrics import COLUMNS, Metrics, StageTime

Headers = list[tuple[bytes, bytes]]

logger = logging.getLogger(__name__)

VALID_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
CLIENT_CLOSED_REQUEST = 499
"""nginx's status for a client that disconnected. It is only counted and logged."""
GZIP = frozenset({"gzip", "x-gzip"})
MAX_TARGET_BYTES = 8 * 2**10
MAX_HEADERS = 100
MAX_HEADER_BYTES = 32 * 2**10
"""Maximum bytes of all names and values together."""


class RequestMiddleware:
    """The outermost middleware of the service itself.

    A client's ``X-Request-ID`` is kept if it is 1 to 64 letters, digits, dots, dashes and underscores. A request whose
    target or headers are too long is rejected. HEAD is handled like GET, because FastAPI does not add HEAD to GET
    routes; uvicorn omits the body. An unexpected exception is logged and becomes a 500, or a 503 if memory
    has run out. 503s are logged at debug level, because under overload a rejected search must cost less than an
    answered one.

    Args:
        root_path: The path at which a reverse proxy mounts the service. It is prepended to the path if the proxy has
            stripped it.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, admission: Admission, root_path: str) -> None:
        self._app, self._metrics, self._admission, self._root_path = app, metrics, admission, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = header(scope, b"x-request-id")
        id = given if given and VALID_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"
        token = request_id.set(id)
        start = time.perf_counter()
        scope.setdefault("state", {})
        routed = self._routed(scope)
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._headers(message["headers"], routed, id, start)
            await send(message)

        too_large = _too_large(scope)
        app: ASGIApp = self._app if too_large is None else problem_of(too_large)
        if self._root_path and scope["path"] == self._root_path:
            query = scope["query_string"].decode("latin-1")
            app = RedirectResponse(f"{self._root_path}/{query and f'?{query}'}")  # The page's links are relative.
        try:
            await app(routed, receive, send_with_headers)
        except ClientDisconnect:
            status = CLIENT_CLOSED_REQUEST
        except Exception as error:
            logger.exception("%s %s failed.", scope["method"], scope["path"])
            if status:
                raise
            problem = problem_of(Overloaded()) if isinstance(error, MemoryError) else internal_problem()
            await problem(routed, receive, send_with_headers)
        finally:
            self._record(scope, routed, status, time.perf_counter() - start)
            request_id.reset(token)

    def _headers(self, own: Headers, scope: Scope, id: str, start: float) -> Headers:
        """The headers of a response: those of its route, and defaults for the others."""
        timing = _server_timing(scope, start).encode()
        names = {name for name, _ in own}
        headers = [
            *own, *(header for header in SECURITY_HEADERS if header[0] not in names),
            *_rate_limit_headers(scope["state"].get(USAGES, ())),
            (b"x-request-id", id.encode()), (b"server-timing", timing),
        ]  # fmt: skip
        if self._admission.draining or header(scope, b"transfer-encoding") is not None:
            headers.append((b"connection", b"close"))
        return headers

    def _routed(self, scope: Scope) -> Scope:
        """``scope`` with HEAD as GET, with the root path, and without the headers that are ignored."""
        changes: dict[str, Any] = {"method": "GET"} if scope["method"] == "HEAD" else {}
        root, path = self._root_path, scope["path"]
        if root:
            below = path == root or path.startswith(f"{root}/")
            changes |= {"root_path": root, "path": path if below else root + path}
        headers = [given for given in scope["headers"] if not _ignored(*given)]
        if len(headers) < len(scope["headers"]):
            changes["headers"] = headers
        return {**scope, **changes} if changes else scope

    def _record(self, scope: Scope, routed: Scope, status: int, seconds: float) -> None:
        # Labels must have few values. A search may be rejected before it reaches its route.
        matched = SEARCH_PATH if is_search(routed) else getattr(routed.get("route"), "path", None)
        self._metrics.request(matched or "unmatched", scope["method"], status, seconds)
        quiet = status == 503 or route_path(routed) in PROBE_PATHS
        fields = {
            "method": scope["method"], "path": scope["path"], "status": status, "ms": round(seconds * 1000, 1),
        }  # fmt: skip
        if key := scope["state"].get(KEY_ID):
            fields["key"] = key
        logger.log(
            logging.DEBUG if quiet else logging.INFO,
            "%(method)s %(path)s %(status)d in %(ms).1f ms", fields, extra={"fields": fields},
        )  # fmt: skip


def _ignored(name: bytes, value: bytes) -> bool:
    """``Range``, which any server may ignore (RFC 9110, 14.2): the page's files are small, and Starlette's errors about
    ranges are not problem documents. ``Accept-Encoding`` without gzip: Starlette would also find it in ``gzip;q=0``."""
    return name == b"range" or (name == b"accept-encoding" and not GZIP & accepted(str(value, "latin-1")))


def _too_large(scope: Scope) -> ModisteError | None:
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_TARGET_BYTES:
        return TargetTooLong(f"The address has more than {MAX_TARGET_BYTES:,} bytes.")
    headers = scope["headers"]
    if len(headers) > MAX_HEADERS or sum(len(name) + len(value) for name, value in headers) > MAX_HEADER_BYTES:
        return HeadersTooLarge(
            f"The request has more than {MAX_HEADERS} headers, or more than {MAX_HEADER_BYTES:,} bytes of them."
        )
    return None


def _rate_limit_headers(usages: Sequence[Usage]) -> Headers:
    """``RateLimit-Policy`` and ``RateLimit`` (draft-ietf-httpapi-ratelimit-headers-10); none if the request was not
    counted."""
    if not usages:
        return []
    policies = [f'"{policy.name}";q={policy.rate.amount};w={policy.rate.window_s}' for policy, *_ in usages]
    left = [f'"{usage.policy.name}";r={usage.remaining};t={max(0, math.ceil(usage.reset_s))}' for usage in usages]
    return [(b"ratelimit-policy", ", ".join(policies).encode()), (b"ratelimit", ", ".join(left).encode())]


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
