"""Sets of products as bits, ordered by cell."""

from __future__ import annotations

import numpy as np
import pytest

from indexer.ranking.bits import BitLayout, count
from indexer.stores.cells import Cells


def cells_of(size: int, cells: int) -> Cells:
    """Products in random cells, of which some may be empty."""
    return Cells(np.eye(cells), np.random.default_rng(size).integers(0, cells, size))


@pytest.mark.parametrize("size", [1, 7, 63, 64, 65, 1000])
@pytest.mark.parametrize("share", [0.0, 0.03, 0.5, 1.0])
@pytest.mark.parametrize("cells", [1, 3, 90])
def test_a_set_has_the_rows_of_its_mask(size: int, share: float, cells: int) -> None:
    layout = BitLayout(cells_of(size, cells))
    mask = np.random.default_rng(0).random(size) < share
    bits = layout.bits_of(mask)
    assert count(bits) == mask.sum()
    assert sorted(layout.rows_of(bits).tolist()) == np.flatnonzero(mask).tolist()
    assert layout.rows_of(layout.everything).tolist() == sorted(range(size), key=cells_of(size, cells).of.__getitem__)


@pytest.mark.parametrize("size", [1, 64, 1000])
def test_rows_are_found_in_a_set(size: int) -> None:
    layout, random = BitLayout(cells_of(size, 7)), np.random.default_rng(0)
    mask, rows = random.random(size) < 0.4, random.integers(0, size, 300)
    np.testing.assert_array_equal(layout.held(layout.bits_of(mask), rows), mask[rows])


def test_rows_that_are_in_two_sets_are_found() -> None:
    layout = BitLayout(cells_of(500, 20))
    one, two = (np.random.default_rng(seed).random(500) < 0.4 for seed in range(2))
    both = layout.bits_of(one) & layout.bits_of(two)
    assert sorted(layout.rows_of(both).tolist()) == np.flatnonzero(one & two).tolist()


@pytest.mark.parametrize("share", [0.0, 0.002, 0.1, 1.0])
def test_the_rows_of_a_set_in_the_nearest_cells_are_found(share: float) -> None:
    size, wanted = 5000, 60
    cells = cells_of(size, 80)
    layout, random = BitLayout(cells), np.random.default_rng(1)
    order, mask = random.permutation(80), random.random(size) < share
    found = layout.nearest(layout.bits_of(mask), layout.walk(order), wanted)
    rank = np.argsort(order)[cells.of]
    rows = np.flatnonzero(mask)
    first = rows[np.argsort(rank[rows], kind="stable")][: len(found)]
    assert set(found.tolist()) == set(first.tolist())
    assert len(found) == len(rows) if len(rows) <= wanted else wanted <= len(found) < wanted + 64
