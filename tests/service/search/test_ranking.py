"""What is found with words is what scoring every product would find."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.attributes import AttributeColumns, quantised, write_attributes
from indexer.faiss_store import FaissStore, Kind
from indexer.profiles import Profiles
from indexer.store import Mask, Vectors
from models.bundle.expected_words import Weights, agreement
from models.bundle.style_search import Floats, filtered_scores
from service.search.expected import Expectation
from service.search.nearest import Neighbours
from service.search.ranking import FittingLookup, find_fitting

SIZE, DIM = 3000, 24


def unit(vectors: np.ndarray) -> Vectors:
    made: Vectors = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)
    return made


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    chance = np.random.default_rng(0)
    return unit(chance.normal(size=(SIZE, DIM)) + 0.5)


@pytest.fixture(scope="module")
def store(vectors: Vectors) -> FaissStore:
    return FaissStore.build(vectors.astype(np.float16), "exact-fp16")


def found(store: FaissStore, query: Vectors, satisfied: Floats, wanted: int, allowed: Mask | None = None) -> Neighbours:
    return find_fitting([FittingLookup(store, query, satisfied, None, wanted, allowed)])[0]


def by_scoring_all(
    vectors: Vectors, query: Vectors, satisfied: Floats, wanted: int, allowed: Mask | None = None
) -> Neighbours:
    scores = filtered_scores(vectors.astype(np.float16).astype(np.float32) @ query[0], satisfied)
    if allowed is not None:
        scores = np.where(allowed, scores, -np.inf)
    order = np.lexsort((np.arange(len(scores)), -scores))[:wanted]
    order = order[np.isfinite(scores[order])]
    return Neighbours(scores[order], order)


def odds(seed: int, rare: float) -> Floats:
    """Probabilities of which the share ``rare`` is high."""
    chance = np.random.default_rng(seed)
    return np.where(chance.random(SIZE) < rare, chance.random(SIZE), chance.random(SIZE) * 0.02).astype(np.float32)


@pytest.mark.parametrize("rare", [0.0, 0.002, 0.1, 1.0])
@pytest.mark.parametrize("wanted", [1, 20, 500, SIZE])
def test_the_best_of_all_products_are_found(store: FaissStore, vectors: Vectors, rare: float, wanted: int) -> None:
    for seed in range(5):
        query, satisfied = vectors[seed : seed + 1], odds(seed, rare)
        ours, right = found(store, query, satisfied, wanted), by_scoring_all(vectors, query, satisfied, wanted)
        np.testing.assert_allclose(ours.scores, right.scores, atol=1e-5)
        assert len(set(ours.rows.tolist())) == wanted


def test_queries_that_point_away_from_everything_still_find_the_best(store: FaissStore, vectors: Vectors) -> None:
    query, satisfied = unit(-np.ones((1, DIM))), odds(1, 0.1)
    assert (vectors @ query[0]).mean() < 0
    ours, right = found(store, query, satisfied, 400), by_scoring_all(vectors, query, satisfied, 400)
    np.testing.assert_allclose(ours.scores, right.scores, atol=1e-5)


def test_only_allowed_products_are_found(store: FaissStore, vectors: Vectors) -> None:
    allowed = np.random.default_rng(3).random(SIZE) < 0.05
    query, satisfied = vectors[:1], odds(2, 0.1)
    ours, right = found(store, query, satisfied, 20, allowed), by_scoring_all(vectors, query, satisfied, 20, allowed)
    assert allowed[ours.rows].all()
    np.testing.assert_allclose(ours.scores, right.scores, atol=1e-5)


def test_where_fewer_are_allowed_than_wanted_all_of_them_are_found(store: FaissStore, vectors: Vectors) -> None:
    allowed = np.zeros(SIZE, dtype=np.bool_)
    allowed[[5, 70, 900]] = True
    assert sorted(found(store, vectors[:1], odds(0, 0.1), 20, allowed).rows.tolist()) == [5, 70, 900]


def test_the_mask_that_was_given_is_left_as_it_is(store: FaissStore, vectors: Vectors) -> None:
    allowed = np.random.default_rng(3).random(SIZE) < 0.5
    before = allowed.copy()
    found(store, vectors[:1], odds(2, 0.01), 20, allowed)
    np.testing.assert_array_equal(allowed, before)


def test_a_longer_list_begins_with_the_shorter_one(store: FaissStore, vectors: Vectors) -> None:
    satisfied = odds(4, 0.05)
    rows = [found(store, vectors[9:10], satisfied, wanted).rows.tolist() for wanted in (10, 40, 700)]
    assert rows[2][:40] == rows[1]
    assert rows[1][:10] == rows[0]


def test_equal_scores_come_in_the_order_of_their_rows() -> None:
    same = np.tile(unit(np.ones((1, DIM))), (300, 1))
    store = FaissStore.build(same.astype(np.float16), "exact-fp16")
    ours = found(store, same[:1], np.full(300, 0.5, dtype=np.float32), 50)
    assert ours.rows.tolist() == list(range(50))


@pytest.mark.parametrize("filtering", [False, True])
@pytest.mark.parametrize("strength", [0.2, 3.0])
def test_products_that_agree_with_what_is_expected_are_found_wherever_they_are(
    store: FaissStore, vectors: Vectors, strength: float, filtering: bool, tmp_path: Path
) -> None:
    chance = np.random.default_rng(5)
    write_attributes(tmp_path / "attributes.u8", quantised(chance.random((SIZE, 6)).astype(np.float32) ** 4))
    attributes = AttributeColumns(tmp_path / "attributes.u8", [f"word {at}" for at in range(6)], SIZE)
    weights = Weights(*(strength * chance.random((2, 6)).astype(np.float32)))
    hoped = Expectation(Profiles(attributes, np.zeros(6, dtype=np.bool_)), weights, [])
    satisfied = odds(6, 0.1) if filtering else None
    fit = agreement(attributes.probabilities(range(6)), weights)
    fit *= (1 if satisfied is None else satisfied) / fit.max()
    for seed, wanted in ((0, 1), (1, 20), (2, 500), (3, SIZE)):
        query = vectors[seed : seed + 1]
        right = by_scoring_all(vectors, query, fit, wanted)
        ours = find_fitting([FittingLookup(store, query, satisfied, hoped, wanted, None)])[0]
        np.testing.assert_allclose(ours.scores, right.scores, atol=1e-5)
        assert len(set(ours.rows.tolist())) == wanted


@pytest.mark.parametrize("kind", ["hnsw32-fp16"])
def test_a_graph_finds_nearly_all_of_the_best(vectors: Vectors, kind: Kind) -> None:
    store = FaissStore.build(vectors.astype(np.float16), kind)
    hits = 0
    for seed in range(20):
        query, satisfied = vectors[seed : seed + 1], odds(seed, 0.1)
        right = by_scoring_all(vectors, query, satisfied, 10)
        hits += len(set(found(store, query, satisfied, 10).rows.tolist()) & set(right.rows.tolist()))
    assert hits >= 0.95 * 200
