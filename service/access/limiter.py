"""Counts requests against rates: in Redis for all processes and replicas, or in the memory of each process."""

from __future__ import annotations

import hashlib
import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cachetools import TLRUCache
from redis.exceptions import ResponseError

from service.cache.connection import RedisConnection
from service.errors import excerpt
from service.observability.throttled_warning import ThrottledWarning
from service.rates import Rate

logger = logging.getLogger(__name__)

MAX_WINDOWS = 50_000
"""Windows in the memory of a process, about 20 MB. Beyond it, the least recently used window is dropped."""

_COUNT = """
local free, counts, left = 1, {}, {}
for i, key in ipairs(KEYS) do
  local amount, value = tonumber(ARGV[2 * i - 1]), redis.call('GET', key)
  if value and not (string.find(value, '^[1-9]%d*$') and tonumber(value) <= amount
      and redis.call('PTTL', key) <= tonumber(ARGV[2 * i])) then
    redis.call('DEL', key)
    value = nil
  end
  counts[i] = tonumber(value or 0)
  if counts[i] >= amount then free = 0 end
end
for i, key in ipairs(KEYS) do
  if free == 1 then counts[i] = redis.call('INCR', key) end
  left[i] = redis.call('PTTL', key)
  if left[i] < 0 then
    left[i] = tonumber(ARGV[2 * i])
    redis.call('PEXPIRE', key, left[i])
  end
end
return {free, counts, left}
"""
"""Keys: counters. Arguments: amount and milliseconds of each. Counts a request in all counters, or in none if one of
them is full. A counter that this script cannot have written is deleted. Returns whether the request was counted, the
counts, and the milliseconds until each window ends."""


class Policy(NamedTuple):
    """One rate that a request counts against."""

    name: str
    """``address``, ``address-quota``, ``rate`` or ``quota``."""
    client: str
    """The address or the id of the key whose requests are counted."""
    rate: Rate


class Usage(NamedTuple):
    """The rest of a policy after a request."""

    policy: Policy
    remaining: int
    reset_s: float
    """Seconds until the window ends."""


class Counted(NamedTuple):
    """Whether a request is allowed, and what is left of each of its policies. A rate-limited request is not counted."""

    allowed: bool
    usages: list[Usage]

    @property
    def retry_after_s(self) -> int:
        """Whole seconds after which all policies allow a request."""
        return max(1, math.ceil(max(usage.reset_s for usage in self.usages if not usage.remaining)))


class _Reading(NamedTuple):
    """The result of counting in memory or in Redis."""

    allowed: bool
    counts: Sequence[int]
    left_s: Sequence[float]


class Limiter:
    """Counts requests in fixed windows, each of which begins with its first request. Used from one event loop.

    A request takes one round trip to Redis, whatever the number of its policies. If Redis does not respond in time,
    the process counts in its own memory, so limits then apply to each process separately.

    Args:
        redis: Shared by processes and replicas; None counts in the memory of each process.
        secret: Key of the digests that replace addresses and ids in Redis. At most 64 bytes.
        clock: Monotonic seconds.
    """

    def __init__(
        self, redis: RedisConnection | None, *, secret: bytes = b"", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._redis, self._secret = redis, secret
        self._memory = _MemoryWindows(clock)
        self._script = redis.client.register_script(_COUNT) if redis else None
        self._failing = ThrottledWarning(logger)

    async def count(self, policies: Sequence[Policy]) -> Counted:
        """Count one request against all ``policies``, or against none if one of them is used up."""
        if not policies:
            return Counted(True, [])
        keys = [self._key(policy) for policy in policies]
        reading = None
        if self._redis is not None:
            reading = await self._redis.read(lambda: self._count_in_redis(keys, policies))
        allowed, counts, left_s = reading or self._memory.count(keys, policies)
        usages = [
            Usage(policy, max(0, policy.rate.amount - count), left)
            for policy, count, left in zip(policies, counts, left_s, strict=True)
        ]
        return Counted(allowed, usages)

    def _key(self, policy: Policy) -> str:
        name = f"{policy.name}:{policy.rate}:{policy.client}"
        return f"modiste:limit:{hashlib.blake2b(name.encode(), key=self._secret, digest_size=16).hexdigest()}"

    async def _count_in_redis(self, keys: list[str], policies: Sequence[Policy]) -> _Reading | None:
        assert self._script is not None
        arguments = [number for policy in policies for number in (policy.rate.amount, policy.rate.window_s * 1000)]
        try:
            free, counts, left_ms = await self._script(keys, arguments)
        except ResponseError as error:  # Redis is full or read-only, or a key has another type.
            self._failing.warn(
                "Redis refuses to count requests, so each process counts separately: %s", excerpt(str(error))
            )
            return None
        reading = _Reading(bool(free), counts, [left / 1000 for left in left_ms])
        _check_reading(reading, policies)
        return reading


def _check_reading(reading: _Reading, policies: Sequence[Policy]) -> None:
    """Raise ValueError if the script cannot have returned this, as a server of another kind may."""
    used_up = False
    for policy, count, left_s in zip(policies, reading.counts, reading.left_s, strict=True):
        if not (0 <= count <= policy.rate.amount and 0 <= left_s <= policy.rate.window_s):
            raise ValueError(f"{count} requests of {policy.rate} in {left_s:g} s")
        used_up |= count == policy.rate.amount
    if not (reading.allowed or used_up):
        raise ValueError("a request was refused although no rate is used up")


@dataclass
class _Window:
    count: int
    ends: float


class _MemoryWindows:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._windows: TLRUCache[str, _Window] = TLRUCache(
            MAX_WINDOWS, ttu=lambda key, window, now: window.ends, timer=clock
        )

    def count(self, keys: Sequence[str], policies: Sequence[Policy]) -> _Reading:
        now = self._clock()
        windows = [
            self._windows.get(key) or _Window(0, now + policy.rate.window_s)
            for key, policy in zip(keys, policies, strict=True)
        ]
        allowed = all(window.count < policy.rate.amount for window, policy in zip(windows, policies, strict=True))
        if allowed:
            for key, window in zip(keys, windows, strict=True):
                window.count += 1
                if window.count == 1:
                    self._windows[key] = window
        # Floating-point rounding must not lengthen a window.
        left_s = [
            min(window.ends - now, policy.rate.window_s) for window, policy in zip(windows, policies, strict=True)
        ]
        return _Reading(allowed, [window.count for window in windows], left_s)
