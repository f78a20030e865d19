"""Caches results that are computed from the masks of filters."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from cachetools import LRUCache

from indexer.stores.store import Mask

T = TypeVar("T")

MAX_CACHED = 16
"""Number of masks whose results are cached."""


class MaskCache(Generic[T]):
    """A function of masks with cached results. Only results for read-only masks are cached, because other masks may
    change. Thread-safe.

    Args:
        compute: The function.
    """

    def __init__(self, compute: Callable[[Mask], T]) -> None:
        self._compute = compute
        self._cached: LRUCache[int, tuple[Mask, T]] = LRUCache(MAX_CACHED)
        self._lock = threading.Lock()

    def __call__(self, mask: Mask) -> T:
        with self._lock:
            cached = self._cached.get(id(mask))
        if cached is not None and cached[0] is mask:
            return cached[1]
        result = self._compute(mask)
        if not mask.flags.writeable:
            with self._lock:
                self._cached[id(mask)] = mask, result
        return result
