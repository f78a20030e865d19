"""What every store must do: a suite of tests for one store, and the helpers that it needs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from indexer.stores.store import Halves, Mask, Rows, Scores, Store, StoreError, Vectors

MakeStore = Callable[[Halves, Path], Store]
"""Builds and opens a store of some vectors in an empty folder."""

LARGE, DIM = 14_000, 16  # Large enough for a graph to be walked rather than scanned.


def unit_vectors(size: int, dim: int, seed: int) -> Halves:
    """Random directions, float16 ``[size, dim]``."""
    vectors = np.random.default_rng(seed).normal(size=(size, dim))
    unit: Halves = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
    return unit


LARGE_VECTORS = unit_vectors(LARGE, DIM, seed=0)


def brute_force(vectors: Halves, queries: Vectors, k: int, allowed: Mask | None = None) -> tuple[Scores, Rows]:
    """The right result, computed with numpy alone."""
    scores = (queries @ vectors.astype(np.float32).T).astype(np.float32)
    if allowed is not None:
        scores[:, ~allowed] = -np.inf
    rows = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(scores, rows, axis=1), rows


class StoreContract:
    """The suite, for the fixtures ``large`` (a store of ``LARGE_VECTORS``) and ``make`` (a store of any vectors)."""

    @pytest.fixture
    def vectors(self) -> Halves:
        return LARGE_VECTORS

    @pytest.fixture
    def queries(self) -> Vectors:
        return unit_vectors(8, DIM, seed=1).astype(np.float32)

    def test_it_finds_what_brute_force_finds(self, large: Store, vectors: Halves, queries: Vectors) -> None:
        scores, rows = large.search(queries, 10)
        true_scores, true_rows = brute_force(vectors, queries, 10)
        assert scores.shape == rows.shape == (8, 10)
        assert scores.dtype == np.float32
        assert rows.dtype == np.int64
        assert np.mean([len(set(a) & set(b)) / 10 for a, b in zip(rows, true_rows, strict=True)]) > 0.97
        np.testing.assert_allclose(scores[:, 0], true_scores[:, 0], atol=1e-5)

    @pytest.mark.parametrize("share", [0.9, 0.5, 0.05, 0.001])
    def test_it_finds_allowed_rows_only(self, large: Store, vectors: Halves, queries: Vectors, share: float) -> None:
        allowed = np.random.default_rng(2).random(LARGE) < share
        scores, rows = large.search(queries, 10, allowed)
        true_scores, true_rows = brute_force(vectors, queries, 10, allowed)
        assert allowed[rows].all()
        assert np.mean([len(set(a) & set(b)) / 10 for a, b in zip(rows, true_rows, strict=True)]) > 0.97
        np.testing.assert_allclose(scores[:, 0], true_scores[:, 0], atol=1e-5)

    def test_results_are_padded_where_fewer_rows_are_allowed(self, large: Store, queries: Vectors) -> None:
        allowed = np.zeros(LARGE, dtype=np.bool_)
        allowed[[3, 77, LARGE - 1]] = True
        scores, rows = large.search(queries, 5, allowed)
        assert all(set(found) == {3, 77, LARGE - 1} for found in rows[:, :3])
        assert (rows[:, 3:] == -1).all()
        assert (scores[:, 3:] == -np.inf).all()
        assert np.isfinite(scores[:, :3]).all()

    def test_a_mask_that_allows_nothing_gives_padding_only(self, large: Store, queries: Vectors) -> None:
        scores, rows = large.search(queries, 3, np.zeros(LARGE, dtype=np.bool_))
        assert (rows == -1).all()
        assert (scores == -np.inf).all()

    def test_k_may_exceed_the_number_of_products(self, make: Callable[[Halves], Store], queries: Vectors) -> None:
        scores, rows = make(unit_vectors(7, DIM, seed=3)).search(queries, 20)
        assert all(sorted(found[:7]) == list(range(7)) for found in rows)
        assert (rows[:, 7:] == -1).all()
        assert (np.diff(scores[:, :7], axis=1) <= 0).all()

    def test_a_long_list_has_no_row_twice(self, large: Store, queries: Vectors) -> None:
        _, rows = large.search(queries[:1], 5000)
        assert len(set(rows[0])) == 5000

    def test_equal_scores_are_in_the_order_of_rows_on_every_page(self, make: Callable[[Halves], Store]) -> None:
        queries = unit_vectors(8, 48, seed=1).astype(np.float32)
        vectors = unit_vectors(6, 48, seed=4)[np.random.default_rng(4).integers(0, 6, 303)]
        store = make(vectors)
        whole = store.search(queries, 303)[1]
        for k in (1, 2, 20, 49, 50, 51, 130):
            np.testing.assert_array_equal(store.search(queries, k)[1], whole[:, :k])
            np.testing.assert_array_equal(store.search(queries[:1], k)[1], whole[:1, :k])
        for rows in whole:
            same = (vectors[rows[1:]] == vectors[rows[:-1]]).all(axis=1)
            assert same.sum() == 297
            assert (np.diff(rows)[same] > 0).all()

    def test_no_query_gives_no_result(self, large: Store) -> None:
        scores, rows = large.search(np.zeros((0, DIM), dtype=np.float32), 4)
        assert scores.shape == rows.shape == (0, 4)

    def test_threads_get_what_one_thread_gets(self, large: Store) -> None:
        queries = unit_vectors(64, DIM, seed=5).astype(np.float32)
        allowed = np.random.default_rng(6).random(LARGE) < 0.3
        alone = [large.search(query[None], 10, allowed)[1] for query in queries]
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(lambda query: large.search(query[None], 10, allowed)[1], queries))
        np.testing.assert_array_equal(alone, together)

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_nan_and_infinity_are_refused(self, large: Store, queries: Vectors, value: float) -> None:
        broken = queries.copy()
        broken[3, 5] = value
        with pytest.raises(StoreError, match="NaN or infinite"):
            large.search(broken, 5)

    def test_vectors_of_another_width_are_refused(self, large: Store) -> None:
        with pytest.raises(StoreError, match="has vectors of 16"):
            large.search(np.zeros((1, DIM + 1), dtype=np.float32), 5)

    def test_a_vector_without_a_batch_axis_is_refused(self, large: Store) -> None:
        with pytest.raises(StoreError, match="has vectors of 16"):
            large.search(np.zeros(DIM, dtype=np.float32), 5)

    @pytest.mark.parametrize("k", [0, -1])
    def test_k_below_one_is_refused(self, large: Store, queries: Vectors, k: int) -> None:
        with pytest.raises(StoreError, match="at least one"):
            large.search(queries, k)

    @pytest.mark.parametrize("mask", [np.ones(LARGE - 1, dtype=np.bool_), np.ones(LARGE, dtype=np.int64)])
    def test_a_mask_of_another_shape_or_type_is_refused(self, large: Store, queries: Vectors, mask: Mask) -> None:
        with pytest.raises(StoreError, match="mask"):
            large.search(queries, 5, mask)
