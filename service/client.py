"""A minimal HTTP client for a running service."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from catalog.errors import ModisteError

TIMEOUT_S = 60


def call(url: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON response to a GET, or to a POST of ``body``.

    Raises:
        ModisteError: The response is a problem document.
    """
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"Content-Type": "application/json"})
    # The service runs on this machine, so proxies of the environment are not used.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=TIMEOUT_S) as response:
            answer: dict[str, Any] = json.load(response)
    except urllib.error.HTTPError as error:
        problem = json.load(error)
        raise ModisteError(f"{path} was refused: {problem['detail']}", hint=problem.get("hint", "")) from error
    return answer
