"""What the vision graph made of a reference, kept: the next modification of the picture pays for no vision pass."""

from __future__ import annotations

import logging
import math
import struct

import numpy as np

from models.bundle import Bundle
from models.bundle.encoder import VisionOutput
from service.cache.memory import Cache, ThrottledWarning, cache_key

logger = logging.getLogger(__name__)

FORMAT = 1
_HEADER = struct.Struct("<4sII")
_MAGIC = b"MoFe"
_UNIT_TOLERANCE = 1e-2


class FeatureCache:
    """One picture's ``VisionOutput`` (B = 1) by the picture's digest, for one bundle.

    Arrays are kept as float32, so that an answer does not depend on whether its reference came from here. Behind a
    header of magic, format and length lie the embedding, then the features unless they are the embedding, then the
    attributes where the bundle has them, all little-endian; their shapes are the bundle's. Whether the bytes are those
    that were put is the cache's to check.

    Args:
        cache: What keeps the bytes.
        bundle: What the features are made by and for.
    """

    def __init__(self, cache: Cache, bundle: Bundle) -> None:
        self._cache, self._prefix = cache, cache_key(kind="features", bundle=bundle.fingerprint)
        outputs = bundle.manifest.graphs["vision"].outputs
        self._shapes = {
            name: tuple(1 if isinstance(axis, str) else axis for axis in outputs[name].shape)
            for name in VisionOutput._fields
            if name in outputs
        }
        self._size = sum(math.prod(shape) for shape in self._shapes.values()) * 4
        self._rubbish = ThrottledWarning(logger)

    async def get(self, key: str) -> VisionOutput | None:
        """What was seen in the picture with the digest ``key``; None where that is not known."""
        value = await self._cache.get(self._key(key))
        if value is None:
            return None
        seen = self._unpacked(value)
        if seen is None:
            self._rubbish.warn("The cache holds something else than features of a picture; they are computed again.")
        return seen

    def put(self, key: str, seen: VisionOutput) -> None:
        """Keep what was seen (one row) in the picture with the digest ``key``. Returns at once."""
        body = b"".join([np.asarray(getattr(seen, name), "<f4").tobytes() for name in self._shapes])
        self._cache.put(self._key(key), _HEADER.pack(_MAGIC, FORMAT, len(body)) + body)

    def _key(self, digest: str) -> str:
        return f"{self._prefix}:{digest}"

    def _unpacked(self, value: bytes) -> VisionOutput | None:
        header = _HEADER.pack(_MAGIC, FORMAT, self._size)
        if len(value) != len(header) + self._size or not value.startswith(header):
            return None
        arrays, at = {}, len(header)
        for name, shape in self._shapes.items():
            count = math.prod(shape)
            array = np.frombuffer(value, "<f4", count, at).astype(np.float32, copy=False).reshape(shape)
            if not np.isfinite(array).all():
                return None
            arrays[name], at = array, at + count * 4
        embedding = arrays["embedding"]
        if abs(float(np.linalg.norm(embedding)) - 1) > _UNIT_TOLERANCE:
            return None
        return VisionOutput(embedding, arrays.get("features", embedding), arrays.get("attributes"))
