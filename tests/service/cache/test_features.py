"""The cache of reference features: what was put comes back bit for bit, and rubbish never does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from models.bundle import SHIPPED_BUNDLE, Bundle
from models.bundle.encoder import VisionOutput
from service.cache.features import FeatureCache
from service.cache.memory import MemoryCache, cache_key
from tests.service.conftest import cloth
from tests.toy_bundle import write_toy_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return Bundle(write_toy_bundle(tmp_path_factory.mktemp("features") / "bundle"), device="cpu", threads=1)


@pytest.fixture
def memory() -> MemoryCache:
    return MemoryCache(2**20, ttl_s=60)


def look(bundle: Bundle, colour: str = "red") -> VisionOutput:
    return bundle.vision(bundle.manifest.images.pixels(cloth(colour, "blue"))[None])


def get(cache: FeatureCache, key: str) -> VisionOutput | None:
    return asyncio.run(cache.get(key))


def key_of(memory: MemoryCache) -> str:
    (key,) = memory._values
    return key


def test_what_was_seen_in_a_picture_comes_back_exactly(bundle: Bundle, memory: MemoryCache) -> None:
    cache, seen = FeatureCache(memory, bundle), look(bundle)
    cache.put("digest", seen)
    found = get(cache, "digest")
    assert found is not None
    assert found.embedding.dtype == np.float32
    np.testing.assert_array_equal(found.embedding, seen.embedding)
    np.testing.assert_array_equal(found.features, seen.features)
    assert found.attributes is None


def test_a_query_composed_from_the_cache_is_the_same_to_the_last_bit(memory: MemoryCache) -> None:
    bundle = Bundle(SHIPPED_BUNDLE, device="cpu", threads=1)
    cache, seen = FeatureCache(memory, bundle), look(bundle)
    cache.put("digest", seen)
    found = get(cache, "digest")
    assert found is not None
    ids, _ = bundle.tokenizer.encode(["in navy"])
    np.testing.assert_array_equal(bundle.query(found.features, ids), bundle.query(seen.features, ids))


def test_a_picture_that_was_not_seen_is_not_there(bundle: Bundle, memory: MemoryCache) -> None:
    FeatureCache(memory, bundle).put("one", look(bundle))
    assert get(FeatureCache(memory, bundle), "other") is None


def test_another_bundle_never_gets_this_ones_features(bundle: Bundle, memory: MemoryCache, tmp_path: Path) -> None:
    FeatureCache(memory, bundle).put("digest", look(bundle))
    other = Bundle(write_toy_bundle(tmp_path / "other", seed=1), device="cpu", threads=1)
    assert get(FeatureCache(memory, other), "digest") is None


def test_features_that_are_the_embedding_are_stored_once(bundle: Bundle, memory: MemoryCache) -> None:
    FeatureCache(memory, bundle).put("digest", look(bundle))
    assert memory.bytes < bundle.dim * 4 + 100 + len(key_of(memory))


def test_local_features_and_attributes_keep_their_shapes(bundle: Bundle, memory: MemoryCache) -> None:
    tokens = np.random.default_rng(0).normal(size=(1, 5, 7)).astype(np.float32)
    attributes = np.array([[0.25, 0.5, 1.0]], dtype=np.float32)
    seen = VisionOutput(look(bundle).embedding, tokens, attributes)
    cache = FeatureCache(memory, _with_outputs(bundle, features=(5, 7), attributes=(3,)))
    cache.put("digest", seen)
    found = get(cache, "digest")
    assert found is not None
    assert found.attributes is not None
    np.testing.assert_array_equal(found.features, tokens)
    np.testing.assert_array_equal(found.attributes, attributes)


def _with_outputs(bundle: Bundle, **shapes: tuple[int, ...]) -> Bundle:
    """The bundle, as if its vision graph gave more than an embedding."""
    changed = object.__new__(Bundle)
    changed.__dict__.update(bundle.__dict__)
    vision = bundle.manifest.graphs["vision"]
    embedding = vision.outputs["embedding"]
    outputs = {name: embedding.model_copy(update={"shape": ("batch", *shape)}) for name, shape in shapes.items()}
    vision = vision.model_copy(update={"outputs": {**outputs, "embedding": embedding}})
    changed.manifest = bundle.manifest.model_copy(update={"graphs": {**bundle.manifest.graphs, "vision": vision}})
    return changed


@pytest.mark.parametrize(
    "rubbish",
    ["nothing", "truncated", "too long", "another version", "not a number", "not a unit vector", "an answer"],
)
def test_rubbish_is_a_miss_and_told_once(
    bundle: Bundle, memory: MemoryCache, rubbish: str, caplog: pytest.LogCaptureFixture
) -> None:
    cache = FeatureCache(memory, bundle)
    cache.put("digest", look(bundle))
    key = key_of(memory)
    value = asyncio.run(memory.get(key))
    assert value is not None
    body = len(value) - bundle.dim * 4
    spoilt = {
        "nothing": b"",
        "truncated": value[:-1],
        "too long": value + b"\0",
        "another version": value[:4] + b"\x63" + value[5:],
        "not a number": value[:body] + np.full(bundle.dim, np.nan, "<f4").tobytes(),
        "not a unit vector": value[:body] + np.ones(bundle.dim, "<f4").tobytes(),
        "an answer": b'{"mode": "text", "results": []}',
    }[rubbish]
    for _ in range(3):
        memory.put(key, spoilt)
        assert get(cache, "digest") is None
    assert len(caplog.records) == 1
    assert "something else than features" in caplog.text


def test_features_and_answers_never_share_a_key(bundle: Bundle, memory: MemoryCache) -> None:
    FeatureCache(memory, bundle).put("digest", look(bundle))
    assert key_of(memory) != cache_key(bundle=bundle.fingerprint, picture="digest")
