"""The cache of vision outputs: what was put comes back bit for bit, and nothing invalid ever does."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.bundle import SHIPPED_BUNDLE, Bundle
from models.bundle.encoder import VisionOutput
from service.cache.cache import Cache
from service.cache.features import FeatureCache
from service.cache.memory import MemoryCache
from tests.service.conftest import cloth
from tests.toy_bundle import write_toy_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return Bundle(write_toy_bundle(tmp_path_factory.mktemp("features") / "bundle"), device="cpu", threads=1)


@pytest.fixture
def memory() -> MemoryCache:
    return MemoryCache(2**20, ttl_s=60)


@pytest.fixture
def cache(memory: MemoryCache) -> Cache:
    return Cache(memory)


def see(bundle: Bundle, colour: str = "red") -> VisionOutput:
    images = bundle.manifest.images
    return bundle.vision(images.pixels(cloth(colour, "blue"))[None])


def get(features: FeatureCache, picture: str) -> VisionOutput | None:
    return asyncio.run(features.get(picture))


def test_the_output_for_a_picture_comes_back_exactly(bundle: Bundle, cache: Cache) -> None:
    features, seen = FeatureCache(cache, bundle), see(bundle)
    features.put("digest", seen)
    found = get(features, "digest")
    assert found is not None
    assert found.embedding.dtype == np.float32
    np.testing.assert_array_equal(found.embedding, seen.embedding)
    np.testing.assert_array_equal(found.features, seen.features)
    assert found.attributes is None


def test_a_query_composed_of_cached_features_is_the_same_to_the_last_bit(cache: Cache) -> None:
    bundle = Bundle(SHIPPED_BUNDLE, device="cpu", threads=1)
    features, seen = FeatureCache(cache, bundle), see(bundle)
    features.put("digest", seen)
    found = get(features, "digest")
    assert found is not None
    ids, _ = bundle.tokenizer.encode(["in navy"])
    np.testing.assert_array_equal(bundle.query(found.features, ids), bundle.query(seen.features, ids))


def test_another_picture_is_a_miss(bundle: Bundle, cache: Cache) -> None:
    FeatureCache(cache, bundle).put("one", see(bundle))
    assert get(FeatureCache(cache, bundle), "other") is None


def test_another_bundle_is_a_miss(bundle: Bundle, cache: Cache, tmp_path: Path) -> None:
    FeatureCache(cache, bundle).put("digest", see(bundle))
    other = Bundle(write_toy_bundle(tmp_path / "other", seed=1), device="cpu", threads=1)
    assert get(FeatureCache(cache, other), "digest") is None


def test_features_that_equal_the_embedding_are_stored_once(bundle: Bundle, memory: MemoryCache) -> None:
    FeatureCache(Cache(memory), bundle).put("digest", see(bundle))
    assert memory.size < bundle.dim * 4 + 100


def test_local_features_and_attributes_keep_their_shapes(bundle: Bundle, cache: Cache) -> None:
    tokens = np.random.default_rng(0).normal(size=(1, 5, 7)).astype(np.float32)
    attributes = np.array([[0.25, 0.5, 1.0]], dtype=np.float32)
    seen = see(bundle)._replace(features=tokens, attributes=attributes)
    features = FeatureCache(cache, _with_outputs(bundle, features=(5, 7), attributes=(3,)))
    features.put("digest", seen)
    found = get(features, "digest")
    assert found is not None
    assert found.attributes is not None
    np.testing.assert_array_equal(found.features, tokens)
    np.testing.assert_array_equal(found.attributes, attributes)


def _with_outputs(bundle: Bundle, **shapes: tuple[int, ...]) -> Bundle:
    """The bundle, as if its vision graph had more outputs than the embedding."""
    changed = object.__new__(Bundle)
    changed.__dict__.update(bundle.__dict__)
    vision = bundle.manifest.graphs["vision"]
    embedding = vision.outputs["embedding"]
    outputs = {name: embedding.model_copy(update={"shape": ("batch", *shape)}) for name, shape in shapes.items()}
    vision = vision.model_copy(update={"outputs": {**outputs, "embedding": embedding}})
    changed.manifest = bundle.manifest.model_copy(update={"graphs": {**bundle.manifest.graphs, "vision": vision}})
    return changed


class Returning:
    """A cache that returns the same value for every key."""

    def __init__(self, value: bytes) -> None:
        self.value = value

    async def get(self, key: str) -> bytes:
        return self.value


@pytest.mark.parametrize("invalid", ["nothing", "cut", "longer", "NaN", "not a unit vector", "an answer"])
def test_an_invalid_value_is_a_miss(bundle: Bundle, invalid: str) -> None:
    seen = see(bundle)
    valid = np.asarray(seen.embedding, "<f4").tobytes()
    values = {
        "nothing": b"",
        "cut": valid[:-1],
        "longer": valid + b"\0",
        "NaN": np.full(len(valid) // 4, np.nan, "<f4").tobytes(),
        "not a unit vector": np.ones(len(valid) // 4, "<f4").tobytes(),
        "an answer": b'{"rows": [], "scores": []}',
    }
    caches: list[Any] = [Returning(valid), Returning(values[invalid])]
    right, wrong = (get(FeatureCache(cache, bundle), "digest") for cache in caches)
    assert right is not None
    assert wrong is None
