"""Who may operate the service: whoever has the operations key."""

from __future__ import annotations

import hmac

from fastapi import Request

from service.errors import NotAllowed
from service.http.context import context_of


async def require_operator(request: Request) -> None:
    """Refuse a request without ``Authorization: Bearer`` and the key of the settings.

    Raises:
        NotAllowed: The key is missing or wrong, or the service has none configured.
    """
    key = context_of(request).settings.operations_key
    if key is None:
        raise NotAllowed("Operations are switched off.", hint="MODISTE_OPERATIONS_KEY switches them on.")
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    # Header values arrive as latin-1; compared as bytes, because compare_digest takes no text beyond ASCII.
    right = hmac.compare_digest(given.strip().encode("latin-1"), key.get_secret_value().encode())
    if scheme.lower() != "bearer" or not right:
        raise NotAllowed("The operations key is missing or wrong.", hint="Send it as: Authorization: Bearer <key>")
