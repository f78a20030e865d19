"""Cache keys."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

FORMAT = 5
"""Raised whenever a value under an old key could be misread, so that replicas of two versions can share one Redis."""


def cache_key(kind: str, **parts: Any) -> str:
    """The key of a value of ``kind`` that depends on ``parts`` (JSON values): equal for equal parts in any order, and
    different for any other kind, format or part."""
    digest = hashlib.sha256(orjson.dumps([kind, parts], option=orjson.OPT_SORT_KEYS)).hexdigest()
    return f"modiste:{FORMAT}:{digest}"
