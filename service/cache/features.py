"""The cache of vision outputs, so that another text for the same picture needs no vision pass."""

from __future__ import annotations

import math

import numpy as np

from models.bundle import Bundle
from models.bundle.encoder import VisionOutput
from service.cache.cache import Cache, cache_key

UNIT_TOLERANCE = 1e-2


class FeatureCache:
    """The vision graph's output for a picture (one row), by the key of the picture, for one bundle.

    A value is the concatenation of the outputs as little-endian float32: the embedding, the features if they differ
    from the embedding, and the attributes if the bundle has them. All are stored, so that an answer does not depend on
    whether its reference was cached.

    Args:
        cache: Stores the bytes.
        bundle: The bundle with the vision graph.
    """

    def __init__(self, cache: Cache, bundle: Bundle) -> None:
        self._cache, self._bundle = cache, bundle.fingerprint
        outputs = bundle.manifest.graphs["vision"].outputs
        self._shapes = {
            name: tuple(1 if isinstance(axis, str) else axis for axis in outputs[name].shape)
            for name in VisionOutput._fields
            if name in outputs
        }

    async def get(self, picture: str) -> VisionOutput | None:
        """The output for the picture with this key; None if it is not cached, or not valid."""
        value = await self._cache.get(self._key(picture))
        return None if value is None else self._unpack(value)

    def put(self, picture: str, output: VisionOutput) -> None:
        """Store an output of one row. Returns at once."""
        arrays = [np.asarray(getattr(output, name), "<f4").tobytes() for name in self._shapes]
        self._cache.put(self._key(picture), b"".join(arrays))

    def _key(self, picture: str) -> str:
        return cache_key("features", bundle=self._bundle, picture=picture)

    def _unpack(self, value: bytes) -> VisionOutput | None:
        if len(value) != 4 * sum(math.prod(shape) for shape in self._shapes.values()):
            return None
        numbers, at = np.frombuffer(value, "<f4").astype(np.float32, copy=False), 0
        if not np.isfinite(numbers).all():
            return None
        arrays = {}
        for name, shape in self._shapes.items():
            arrays[name] = numbers[at : at + math.prod(shape)].reshape(shape)
            at += math.prod(shape)
        embedding = arrays["embedding"]
        if abs(float(np.linalg.norm(embedding)) - 1) > UNIT_TOLERANCE:
            return None
        return VisionOutput(embedding, arrays.get("features", embedding), arrays.get("attributes"))
