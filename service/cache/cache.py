"""The cache: the memory of this process in front of a Redis that processes and replicas share.

A cache may lose any value at any time and never raises. Values are never invalidated: a key includes everything that
its value depends on, such as the generation.
"""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from service.cache.memory import MemoryCache
from service.cache.redis import RedisCache

FORMAT = 5
"""Increased whenever the format of values changes, so that replicas of two versions can share one Redis."""


def cache_key(kind: str, **parts: Any) -> str:
    """The key of a value of ``kind`` that depends on ``parts`` (JSON values). It does not depend on their order."""
    digest = hashlib.sha256(orjson.dumps([kind, parts], option=orjson.OPT_SORT_KEYS)).hexdigest()
    return f"modiste:{FORMAT}:{digest}"


class Cache:
    """Bytes by key for a limited time.

    Args:
        memory: The first level.
        redis: The second level; None uses only the memory of each process.
    """

    def __init__(self, memory: MemoryCache, redis: RedisCache | None = None) -> None:
        self._memory, self._redis = memory, redis

    async def state(self) -> str:
        """``memory``, ``redis``, or ``redis (away)`` if Redis does not respond now."""
        if self._redis is None:
            return "memory"
        return "redis" if await self._redis.reachable() else "redis (away)"

    async def get(self, key: str) -> bytes | None:
        """The value under ``key``. A value from Redis is stored in memory until it expires."""
        value = self._memory.get(key)
        if value is None and self._redis is not None and (found := await self._redis.get(key)) is not None:
            value, left_s = found
            self._memory.put(key, value, left_s)
        return value

    def put(self, key: str, value: bytes) -> None:
        """Store ``value``. Returns at once; the write to Redis runs in the background."""
        self._memory.put(key, value)
        if self._redis is not None:
            self._redis.put(key, value)
