"""The store's part: many queries at once find what each would find alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from indexer.generation import Generation
from indexer.store import StoreError
from service.search.nearest import MOST_MASKS, Lookup, Masks, Neighbours, depth_for, find_nearest
from tests.service.conftest import Shop


@pytest.fixture
def generation(shop: Shop) -> Iterator[Generation]:
    generation = Generation.open(shop.index_root)
    yield generation
    generation.close()


def test_queries_of_different_depths_and_filters_each_find_what_they_would_alone(generation: Generation) -> None:
    masks = Masks()
    filters: list[dict[str, Any]] = [{}, {"colour": "Red"}, {"price": {"max": 30}}]
    lookups = [
        Lookup(generation, generation.vectors([row]), depth_for(1 + row % 50), masks.of(generation, filters[row % 3]))
        for row in range(40)
    ]
    together = find_nearest(lookups)
    for lookup, found in zip(lookups, together, strict=True):
        assert isinstance(found, Neighbours)
        scores, rows = generation.store.search(lookup.vector, generation.size, lookup.allowed)
        kept = (rows[0] >= 0).sum()
        expected = min(lookup.depth, kept)
        assert found.rows.tolist() == rows[0][:expected].tolist()
        np.testing.assert_allclose(found.scores, scores[0][:expected], atol=1e-6)


def test_a_vector_that_cannot_be_searched_for_is_the_stores_to_refuse(generation: Generation) -> None:
    with pytest.raises(StoreError, match="NaN"):
        find_nearest([Lookup(generation, generation.vectors([0]) * np.float32(np.nan), 32, None)])


def test_equal_filters_share_one_mask_and_only_the_last_ones_are_kept(generation: Generation) -> None:
    masks = Masks()
    first = masks.of(generation, {"colour": "Red", "price": {"max": 30}})
    assert masks.of(generation, {"price": {"max": 30}, "colour": "Red"}) is first
    for price in range(MOST_MASKS):
        masks.of(generation, {"price": {"max": price}})
    assert masks.of(generation, {"colour": "Red", "price": {"max": 30}}) is not first
    assert masks.of(generation, {}) is None


@pytest.mark.parametrize(("wanted", "depth"), [(1, 32), (20, 32), (32, 32), (33, 64), (200, 256), (10_200, 16_384)])
def test_depths_are_few(wanted: int, depth: int) -> None:
    assert depth_for(wanted) == depth
