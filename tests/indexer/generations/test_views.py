"""Products with several pictures, in a store of all pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.generations.tables.views import ViewStore
from indexer.stores.faiss_store import FaissStore
from tests.indexer.stores.store_contract import unit_vectors


@pytest.mark.parametrize("kind", ["exact-fp16", "ivf-fp16", "hnsw32-fp16"])
@pytest.mark.parametrize("share", [1.0, 0.9])
def test_pages_of_products_with_the_same_picture_do_not_overlap(tmp_path: Path, kind: str, share: float) -> None:
    """Many products have a picture that says that there is none, as the main picture or a further one."""
    random = np.random.default_rng(0)
    pictures = unit_vectors(3, 16, seed=1)
    vectors = pictures[random.choice(3, 12_000, p=[0.05, 0.9, 0.05])]
    owners = np.concatenate([np.arange(8000), random.integers(0, 8000, 4000)])
    store = ViewStore(FaissStore.build(vectors, tmp_path, kind=kind), owners, 8000)
    allowed = None if share == 1 else random.random(8000) < share
    query = pictures[1:2].astype(np.float32)
    whole = store.search(query, 8000, allowed)[1][0]
    found = 8000 if allowed is None else int(allowed.sum())
    assert len(set(whole[:found])) == found
    for k in (1, 20, 500, 3000, 5000, 7000):
        np.testing.assert_array_equal(store.search(query, k, allowed)[1][0], whole[:k])
