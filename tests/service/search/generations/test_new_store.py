"""Stores other than the default are served like it."""

from __future__ import annotations

from pathlib import Path

import pytest
from qdrant_client import QdrantClient
from qdrant_client.http.exceptions import ResponseHandlingException

from indexer.build import BuildOptions, build_generation
from indexer.stores.registry import STORES
from models.bundle import Bundle
from tests.service.conftest import Serve, Served, Shop


@pytest.mark.parametrize("store", ["matrix", "qdrant"])
def test_a_generation_in_another_store_is_served(
    shop: Shop, served: Served, bundle: Bundle, serve: Serve, tmp_path: Path, store: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setitem(STORES, "matrix", "tests.indexer.stores.brute_force_store.BruteForceStore")
    monkeypatch.setenv("MODISTE_QDRANT_URL", ":memory:")
    build_generation(shop.catalog, bundle, tmp_path, BuildOptions(device="cpu", threads=1, store=store))
    query = {"product_id": "5", "text": "in red", "prefer": ["blue"], "filters": {"new": True}, "k": 10}
    with serve(shop._replace(index_root=tmp_path)) as in_new_store:
        ours = in_new_store.search(**query)
    right = served.search(**query)
    assert [one["id"] for one in ours["results"]] == [one["id"] for one in right["results"]]
    assert ours["total"] == right["total"]


def test_a_store_that_does_not_answer_is_503(
    shop: Shop, bundle: Bundle, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise ResponseHandlingException(ConnectionError("refused"))

    monkeypatch.setenv("MODISTE_QDRANT_URL", ":memory:")
    build_generation(shop.catalog, bundle, tmp_path, BuildOptions(device="cpu", threads=1, store="qdrant"))
    with serve(shop._replace(index_root=tmp_path)) as served:
        assert served.client.post("/search", json={"text": "in red", "k": 3}).status_code == 200
        with monkeypatch.context() as patch:
            patch.setattr(QdrantClient, "query_batch_points", away)
            refused = served.client.post("/search", json={"text": "in green", "k": 3})
        assert refused.status_code == 503
        assert refused.json()["type"] == "/problems/store-unavailable"
        assert int(refused.headers["Retry-After"]) > 0
        assert served.client.post("/search", json={"text": "in green", "k": 3}).status_code == 200
