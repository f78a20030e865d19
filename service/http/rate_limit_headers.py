"""The response headers with the rates of a client, and what is left of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from service.access.limiter import Usage


def rate_limit_headers(usages: Sequence[Usage]) -> list[tuple[bytes, bytes]]:
    """``RateLimit-Policy`` and ``RateLimit`` (draft-ietf-httpapi-ratelimit-headers-10); none if the request was not
    counted."""
    if not usages:
        return []
    policies = [f'"{policy.name}";q={policy.rate.amount};w={policy.rate.window_s}' for policy, *_ in usages]
    left = [f'"{usage.policy.name}";r={usage.remaining};t={max(0, math.ceil(usage.reset_s))}' for usage in usages]
    return [(b"ratelimit-policy", ", ".join(policies).encode()), (b"ratelimit", ", ".join(left).encode())]
