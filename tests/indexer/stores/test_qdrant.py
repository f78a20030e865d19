"""Qdrant: filters by payload, one collection for each generation, and an alias for the published one.

The client's local mode stands in for a server; ``MODISTE_QDRANT_URL`` runs the same tests against one.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qdrant_client import QdrantClient

from catalog.errors import ModisteError
from indexer import build
from indexer.build import build_generation
from indexer.generations.generation import Generation
from indexer.generations.manifest import GenerationError, generation_folder
from indexer.generations.publication import prune, rollback
from indexer.stores.qdrant import QdrantSettings, QdrantStore, _client
from indexer.stores.store import StoreError, StoreUnavailable
from indexer.update import update_generation
from models.bundle import Bundle
from tests.indexer.conftest import QUIET
from tests.indexer.shop import write_shop
from tests.indexer.stores.store_contract import brute_force

IN_QDRANT = dataclasses.replace(QUIET, store="qdrant")
FILTERS: list[dict[str, Any]] = [
    {"colour": "red"},
    {"colour": ["red", "BLUE"], "price": {"min": 12, "max": 22.5}},
    {"price": 14.5},
    {"price": [11, 14.5, 999]},
    {"new": True, "sizes": ["M"]},
    {"new": [True, False], "sizes": "L"},
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, toy: Bundle) -> Path:
    """An index root with one generation of 60 products in Qdrant. Tests leave it as it is."""
    folder = tmp_path_factory.mktemp("qdrant")
    build_generation(write_shop(folder / "shop", range(60)), toy, folder / "index", IN_QDRANT)
    return folder / "index"


@pytest.fixture
def client() -> QdrantClient:
    return _client(QdrantSettings())


def collection_of(root: Path, id: str) -> str:
    name = json.loads((generation_folder(root, id) / "index.qdrant").read_text())["collection"]
    assert isinstance(name, str)
    return name


def collections(client: QdrantClient) -> set[str]:
    return {one.name for one in client.get_collections().collections}


def published(client: QdrantClient) -> str:
    """What the alias names."""
    (name,) = (one.collection_name for one in client.get_aliases().aliases if one.alias_name == "modiste")
    return str(name)


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_qdrant_filters_by_payload_as_masks_do(
    root: Path, filters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = Generation.open(root)
    allowed, conditions = generation.mask(filters), generation.conditions(filters)
    assert allowed is not None
    assert 0 < allowed.sum() < 60
    assert conditions
    queries, all_rows = generation.vectors(range(5)), generation.vectors(range(60)).astype(np.float16)
    k = min(7, int(allowed.sum()))
    by_mask = generation.store.search(queries, k, allowed)[1]

    def unused(*_: object) -> None:
        raise AssertionError("the mask was used")

    monkeypatch.setattr(QdrantStore, "_search", unused)
    scores, rows = generation.store.search(queries, k, allowed, conditions)
    np.testing.assert_array_equal(rows, by_mask)
    np.testing.assert_allclose(scores, brute_force(all_rows, queries, k, allowed)[0], atol=1e-5)


def test_a_payload_that_differs_from_the_mask_does_not_show_forbidden_rows(root: Path) -> None:
    generation = Generation.open(root)
    red, blue = generation.mask({"colour": "red"}), generation.conditions({"colour": "blue"})
    assert red is not None
    _, rows = generation.store.search(generation.vectors([0]), 5, red, blue)
    assert red[rows].all()


def test_further_pictures_are_filtered_by_their_product(root: Path) -> None:
    table = Generation.open(root)._table
    columns = table.filter_columns([3, 3, 0])
    for name, values in columns.items():
        whole = values.to_pylist()
        assert len(whole) == 63, name
        assert whole[60:] == [whole[3], whole[3], whole[0]]


def test_publication_and_rollback_swap_the_alias(tmp_path: Path, toy: Bundle, client: QdrantClient) -> None:
    shop, root = write_shop(tmp_path / "shop"), tmp_path / "index"
    first = build_generation(shop, toy, root, IN_QDRANT)
    assert published(client) == collection_of(root, first)
    write_shop(tmp_path / "shop", range(21))
    second = build_generation(shop, toy, root, IN_QDRANT)
    assert published(client) == collection_of(root, second)
    assert rollback(root) == first
    assert published(client) == collection_of(root, first)


def test_a_deleted_generation_loses_its_collection(tmp_path: Path, toy: Bundle, client: QdrantClient) -> None:
    shop, root = write_shop(tmp_path / "shop"), tmp_path / "index"
    first = collection_of(root, build_generation(shop, toy, root, IN_QDRANT))
    write_shop(tmp_path / "shop", range(21))
    second = collection_of(root, build_generation(shop, toy, root, IN_QDRANT))
    assert {first, second} <= collections(client)
    prune(root, 1, keep_previous=False)
    assert first not in collections(client)
    assert second in collections(client)


def test_a_collection_that_another_generation_shares_is_kept(tmp_path: Path, toy: Bundle, client: QdrantClient) -> None:
    root = tmp_path / "index"
    id = build_generation(write_shop(tmp_path / "shop"), toy, root, IN_QDRANT)
    sharing = root / ".removed-20200101-000000-abcd"
    sharing.mkdir()
    (sharing / "index.qdrant").hardlink_to(generation_folder(root, id) / "index.qdrant")
    prune(root, 1)
    assert not sharing.exists()
    assert collection_of(root, id) in collections(client)


def test_an_update_shares_the_collection_and_filters_by_masks(
    tmp_path: Path, toy: Bundle, client: QdrantClient
) -> None:
    root = tmp_path / "index"
    collection = collection_of(root, build_generation(write_shop(tmp_path / "shop"), toy, root, IN_QDRANT))
    (tmp_path / "prices.csv").write_text("id,price\np3,999\n")
    id = update_generation(tmp_path / "prices.csv", root).id
    assert collection_of(root, id) == published(client) == collection
    prune(root, 0, keep_previous=False)
    generation = Generation.open(root)
    dear = {"price": {"min": 900}}
    assert not generation.conditions(dear), "the payload has the old price"
    rows = generation.store.search(generation.vectors([0]), 2, generation.mask(dear))[1]
    assert rows.tolist() == [[generation.row_of("p3"), -1]]


def test_a_refused_build_leaves_no_collection(
    tmp_path: Path, toy: Bundle, client: QdrantClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise ModisteError("The reference of a query is gone.")

    before = collections(client)
    monkeypatch.setattr(build, "measure_recall", failing)
    with pytest.raises(ModisteError, match="reference of a query"):
        build_generation(write_shop(tmp_path / "shop"), toy, tmp_path / "index", IN_QDRANT)
    assert collections(client) == before


def test_the_collection_of_a_killed_build_is_deleted_by_the_next(
    tmp_path: Path, toy: Bundle, client: QdrantClient
) -> None:
    building = tmp_path / "index" / build.BUILDING_NAME
    building.mkdir(parents=True)
    killed = QdrantStore.build(np.eye(4, dtype=np.float16), building)
    left = json.loads((building / "index.qdrant").read_text())["collection"]
    assert killed.size == 4
    assert left in collections(client)
    build_generation(write_shop(tmp_path / "shop"), toy, tmp_path / "index", QUIET)
    assert left not in collections(client)


def test_a_generation_without_its_collection_is_refused(tmp_path: Path, toy: Bundle, client: QdrantClient) -> None:
    root = tmp_path / "index"
    id = build_generation(write_shop(tmp_path / "shop"), toy, root, IN_QDRANT)
    client.delete(collection_of(root, id), [3])
    with pytest.raises(GenerationError, match="has 19 of 20 vectors"):
        Generation.open(root, id)
    client.delete_collection(collection_of(root, id))
    with pytest.raises(GenerationError, match="is gone"):
        Generation.open(root, id)


def test_a_server_that_does_not_answer_is_no_damage(root: Path, toy: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODISTE_QDRANT_URL", "http://127.0.0.1:1")
    with pytest.raises(StoreUnavailable, match="does not respond"):
        Generation.open(root)
    with pytest.raises(StoreUnavailable):
        build_generation(root.parent / "shop", toy, root, IN_QDRANT)


def test_a_build_without_an_address_names_the_setting(shop: Path, toy: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODISTE_QDRANT_URL")
    with pytest.raises(StoreError, match="needs the address") as raised:
        build_generation(shop, toy, shop.parent / "index", IN_QDRANT)
    assert "MODISTE_QDRANT_URL" in raised.value.hint
