from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.faiss_store import Halves
from indexer.store import Store
from tests.indexer.store_contract import LARGE_VECTORS, STORES, MakeStore, StoreContract


@pytest.fixture(scope="module", params=STORES)
def made_by(request: pytest.FixtureRequest) -> MakeStore:
    return STORES[request.param]


@pytest.fixture(scope="module")
def large(made_by: MakeStore, tmp_path_factory: pytest.TempPathFactory) -> Store:
    return made_by(LARGE_VECTORS, tmp_path_factory.mktemp("large"))


@pytest.fixture
def make(made_by: MakeStore, tmp_path: Path) -> Callable[[Halves], Store]:
    return lambda vectors: made_by(vectors, tmp_path)


class TestEveryStore(StoreContract):
    pass
