"""The headers that tell a client what is left of its rates."""

from __future__ import annotations

import math

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.access.limiter import Usage
from service.http.middleware.scope import USAGES


class RateLimitHeadersMiddleware:
    """Adds ``RateLimit-Policy`` and ``RateLimit`` (draft-ietf-httpapi-ratelimit-headers-10) to answers of requests that
    were counted, also to refusals."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def send_with_headers(message: Message) -> None:
            usages: list[Usage] = state.get(USAGES, [])
            if message["type"] == "http.response.start" and usages:
                policies = [f'"{policy.name}";q={policy.rate.amount};w={policy.rate.window_s}' for policy, *_ in usages]
                left = [
                    f'"{usage.policy.name}";r={usage.remaining};t={max(0, math.ceil(usage.reset_s))}'
                    for usage in usages
                ]
                message["headers"] = [
                    *message["headers"],
                    (b"ratelimit-policy", ", ".join(policies).encode()), (b"ratelimit", ", ".join(left).encode()),
                ]  # fmt: skip
            await send(message)

        await self._app(scope, receive, send_with_headers)
