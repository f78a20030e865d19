"""The cache: memory of this process in front of a Redis that processes and replicas share.

A cache may lose anything at any time and never raises. Nothing is ever invalidated: a key covers everything that its
value depends on, including the generation.
"""

from __future__ import annotations

from service.cache.memory import MemoryCache
from service.cache.redis import RedisCache


class Cache:
    """Bytes by key for a limited time.

    Args:
        memory: The first level.
        redis: The second level; None leaves each process with its own memory.
    """

    def __init__(self, memory: MemoryCache, redis: RedisCache | None = None) -> None:
        self._memory, self._redis = memory, redis

    async def state(self) -> str:
        """``memory``, ``redis``, or ``redis (away)`` if Redis does not answer now."""
        if self._redis is None:
            return "memory"
        return "redis" if await self._redis.reachable() else "redis (away)"

    async def get(self, key: str) -> bytes | None:
        """The value under ``key``. A value from Redis is kept in memory for the rest of its time."""
        value = self._memory.get(key)
        if value is None and self._redis is not None and (found := await self._redis.get(key)) is not None:
            value, left_s = found
            self._memory.put(key, value, left_s)
        return value

    def put(self, key: str, value: bytes) -> None:
        """Keep ``value``. Returns at once; Redis is written to in the background."""
        self._memory.put(key, value)
        if self._redis is not None:
            self._redis.put(key, value)
