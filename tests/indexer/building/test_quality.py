from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from catalog import Catalog, Kind, Product, read_catalog
from indexer.building.encode import Encoded, encode_products
from indexer.building.quality import composed_queries, measure_recall
from indexer.generations.manifest import Quality
from indexer.stores.store import Halves, Mask, Rows, Scores, Store, Vectors
from models.bundle import Bundle
from tests.indexer.shop import picture, write_shop
from tests.indexer.stores.brute_force_store import BruteForceStore
from tests.toy_bundle import write_toy_bundle


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return read_catalog(write_shop(tmp_path_factory.mktemp("shop"), range(80)))


@pytest.fixture(scope="module")
def encoded(catalog: Catalog, toy: Bundle) -> Encoded:
    return encode_products(catalog, toy)


def measured(
    store: Store, vectors: Halves, products: Sequence[Product], columns: Mapping[str, Kind], bundle: Bundle
) -> Quality:
    queries = composed_queries(vectors, products, columns, bundle)
    return measure_recall(store, vectors, queries, len(products))


def test_an_exact_index_is_measured_like_any_other(catalog: Catalog, encoded: Encoded, toy: Bundle) -> None:
    store = BruteForceStore(encoded.vectors)
    quality = measured(store, encoded.vectors, catalog, catalog.columns, toy)
    assert (quality.recall, quality.k, quality.queries) == (1.0, 10, 80)


def test_an_index_with_wrong_results_has_a_low_recall(catalog: Catalog, encoded: Encoded, toy: Bundle) -> None:
    store = BruteForceStore(np.ascontiguousarray(encoded.vectors[::-1]))
    assert measured(store, encoded.vectors, catalog, catalog.columns, toy).recall < 0.6


def test_an_index_that_finds_half_has_half_the_recall(catalog: Catalog, encoded: Encoded, toy: Bundle) -> None:
    half = encoded.vectors.copy()
    half[::2] = -half[::2]
    recall = measured(BruteForceStore(half), encoded.vectors, catalog, catalog.columns, toy).recall
    assert 0.3 < recall < 0.7


def test_the_same_catalogue_gives_the_same_figure(catalog: Catalog, encoded: Encoded, toy: Bundle) -> None:
    store = BruteForceStore(np.ascontiguousarray(encoded.vectors[::-1]))
    figures = {measured(store, encoded.vectors, catalog, catalog.columns, toy).recall for _ in range(3)}
    assert len(figures) == 1


def test_fewer_products_than_ten_can_be_measured(toy: Bundle) -> None:
    products = [Product(str(number), "", {}, picture("Red", number)) for number in range(3)]
    vectors = encode_products(products, toy).vectors
    quality = measured(BruteForceStore(vectors), vectors, products, {}, toy)
    assert (quality.recall, quality.k, quality.queries) == (1.0, 3, 3)


def test_a_bundle_with_local_features_reads_the_pictures_again(
    catalog: Catalog, encoded: Encoded, tmp_path: Path
) -> None:
    folder = write_toy_bundle(tmp_path / "local")
    manifest = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps({**manifest, "reference": "local"}))
    store = BruteForceStore(encoded.vectors)
    bundle = Bundle(folder, device="cpu", threads=1)
    assert measured(store, encoded.vectors, catalog, catalog.columns, bundle).recall == 1.0


def test_the_lowest_effort_with_the_target_recall_is_chosen(catalog: Catalog, encoded: Encoded, toy: Bundle) -> None:
    class Lazy(BruteForceStore):
        efforts = (1, 2, 4, 8)

        def _search(self, queries: Vectors, k: int, allowed: Mask | None, available: int) -> tuple[Scores, Rows]:
            read = np.arange(self.size) < self.size * self.effort / 4
            return super()._search(queries, k, read, available)

    quality = measured(store := Lazy(encoded.vectors), encoded.vectors, catalog, catalog.columns, toy)
    assert (quality.effort, store.effort, quality.recall) == (4, 4, 1.0)
