"""The form of all cache keys."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

FORMAT = 5
"""Increased whenever the format of values changes, so that replicas of two versions can share one Redis."""


def cache_key(kind: str, **parts: Any) -> str:
    """The key of a value of ``kind`` that depends on ``parts`` (JSON values). It does not depend on their order."""
    digest = hashlib.sha256(orjson.dumps([kind, parts], option=orjson.OPT_SORT_KEYS)).hexdigest()
    return f"modiste:{FORMAT}:{digest}"
