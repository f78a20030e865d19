"""Sets of products as bits."""

from __future__ import annotations

import numpy as np
import pytest

from indexer.ranking.bits import bits_of, count, holds, rows_of


@pytest.mark.parametrize("size", [1, 7, 63, 64, 65, 1000])
@pytest.mark.parametrize("share", [0.0, 0.03, 0.5, 1.0])
def test_a_set_has_the_rows_of_its_mask(size: int, share: float) -> None:
    random = np.random.default_rng(size)
    mask = random.random(size) < share
    bits = bits_of(mask)
    assert len(bits) == -(-size // 64)
    assert count(bits) == mask.sum()
    assert rows_of(bits).tolist() == np.flatnonzero(mask).tolist()
    rows = random.integers(0, size, 50)
    np.testing.assert_array_equal(holds(bits, rows), mask[rows])


def test_rows_that_are_in_two_sets_are_found() -> None:
    one, two = (np.random.default_rng(seed).random(500) < 0.4 for seed in range(2))
    assert rows_of(bits_of(one) & bits_of(two)).tolist() == np.flatnonzero(one & two).tolist()
