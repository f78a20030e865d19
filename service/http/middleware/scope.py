"""Reads values of an ASGI scope without creating a request."""

from __future__ import annotations

import re

from starlette.types import Scope

SEARCH_PATH = "/search"
_NO_WEIGHT = re.compile(r"q=0(\.0*)?")
"""The parameter of an entry that the client does not accept."""

# Keys of the request's state, a dictionary that all copies of its scope share:
USAGES = "usages"
"""The usage of the rates that the request counts against."""
SHOP = "shop"
"""The shop of the request's key."""
KEY_ID = "key"


def header(scope: Scope, name: bytes) -> str | None:
    """The first header with this lower-case name; None if there is none."""
    for given, value in scope["headers"]:
        if given == name:
            return str(value, "latin-1")
    return None


def accepted(value: str) -> set[str]:
    """The entries of an ``Accept`` header in lower case, without those of weight 0 (RFC 9110, 12.4.2)."""
    entries = ([part.strip() for part in entry.split(";")] for entry in value.lower().split(","))
    return {name for name, *parameters in entries if not any(map(_NO_WEIGHT.fullmatch, parameters))}


def content_length(scope: Scope) -> int | None:
    """The declared length of the body; None if it is not declared."""
    declared = header(scope, b"content-length")
    return int(declared[:20]) if declared is not None and declared.isdecimal() else None


def route_path(scope: Scope) -> str:
    """The path without the root path."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


def is_search(scope: Scope) -> bool:
    """Whether the request is a search."""
    return scope["type"] == "http" and scope["method"] == "POST" and route_path(scope) == SEARCH_PATH
