"""A store that is one file and one line is served like any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.build import BuildOptions, build_generation
from indexer.stores.registry import STORES
from models.bundle import Bundle
from tests.service.conftest import Serve, Served, Shop


def test_a_generation_in_a_new_store_is_served(
    shop: Shop, served: Served, bundle: Bundle, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(STORES, "matrix", "tests.indexer.brute_force_store.BruteForceStore")
    build_generation(shop.catalog, bundle, tmp_path, BuildOptions(device="cpu", threads=1, store="matrix"))
    query = {"product_id": "5", "text": "in red", "prefer": ["blue"], "filters": {"new": True}, "k": 10}
    with serve(shop._replace(index_root=tmp_path)) as in_new_store:
        ours = in_new_store.search(**query)
    right = served.search(**query)
    assert [one["id"] for one in ours["results"]] == [one["id"] for one in right["results"]]
    assert ours["total"] == right["total"]
