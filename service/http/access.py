"""Access to ``/operations`` with the operations key."""

from __future__ import annotations

import hmac

from fastapi import Request

from service.errors import NotAllowed
from service.http.context import CurrentContext


async def require_operations_key(request: Request, context: CurrentContext) -> None:
    """Refuse a request without ``Authorization: Bearer`` and the key of the settings. A FastAPI dependency.

    Raises:
        NotAllowed: The key is missing or wrong, or none is configured.
    """
    key = context.settings.operations_key
    if key is None:
        raise NotAllowed("Operations are switched off.", hint="MODISTE_OPERATIONS_KEY switches them on.")
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    # Header values arrive as Latin-1; compare_digest takes text in ASCII only.
    correct = hmac.compare_digest(given.strip().encode("latin-1"), key.get_secret_value().encode())
    if scheme.lower() != "bearer" or not correct:
        raise NotAllowed("The operations key is missing or wrong.", hint="Send it as: Authorization: Bearer <key>")
