"""The contract of stores, over every store that is registered, and over the variants of each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from indexer.stores.conditions import NO_COLUMNS
from indexer.stores.faiss_store import FaissGpuStore, FaissStore, faiss, index_of, on_gpu
from indexer.stores.registry import STORES, store_class
from indexer.stores.store import Halves, Store
from tests.indexer.stores.brute_force_store import BruteForceStore
from tests.indexer.stores.store_contract import LARGE_VECTORS, MakeStore, StoreContract


def registered(name: str) -> MakeStore:
    """The store as a build makes it and a service opens it."""

    def make(vectors: Halves, folder: Path) -> Store:
        built = store_class(name).build(vectors, folder, device="cpu", threads=1, columns=NO_COLUMNS)
        return store_class(name).open(vectors, folder, kind=built.kind, device="cpu", threads=1)

    return make


def faiss_of_kind(kind: str, least: int = 0) -> MakeStore:
    """The embedded store with an index that is not its default for few vectors, and can be trained with ``least``."""

    def make(vectors: Halves, folder: Path) -> Store:
        store = FaissStore.build(vectors, folder, kind=kind if len(vectors) >= least else "exact-fp16")
        return FaissStore.open(vectors, folder, kind=store.kind)

    return make


def faiss_gpu_logic(vectors: Halves, folder: Path) -> Store:
    """The code for a GPU over an index on the CPU, which takes no masks either."""
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors.astype(np.float32))
    return FaissGpuStore(index, index_of(vectors, "exact-fp16"), "exact-fp16")


def faiss_gpu(vectors: Halves, folder: Path) -> Store:
    if not on_gpu("auto"):
        pytest.skip("this FAISS finds no GPU")
    built = FaissStore.build(vectors, folder, device="cuda")
    return FaissStore.open(vectors, folder, kind=built.kind, device="cuda")


VARIANTS: dict[str, MakeStore] = {
    **{name: registered(name) for name in STORES},
    "faiss: graph": faiss_of_kind("hnsw32-fp16"),
    "faiss: inverted file": faiss_of_kind("ivf-fp16"),
    "faiss: product quantization": faiss_of_kind("IVF64,PQ16x4fs", least=64),
    "faiss: graph with lossy codes": faiss_of_kind("HNSW16,SQ8"),
    "faiss: GPU code on a CPU": faiss_gpu_logic,
    "faiss: GPU": faiss_gpu,
    "brute force": lambda vectors, folder: BruteForceStore.build(vectors, folder),
}


@pytest.fixture(scope="module", params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> MakeStore:
    return VARIANTS[request.param]


@pytest.fixture(scope="module")
def large(variant: MakeStore, tmp_path_factory: pytest.TempPathFactory) -> Store:
    return variant(LARGE_VECTORS, tmp_path_factory.mktemp("large"))


@pytest.fixture
def make(variant: MakeStore, tmp_path: Path) -> Callable[[Halves], Store]:
    return lambda vectors: variant(vectors, tmp_path)


class TestEveryStore(StoreContract):
    pass
