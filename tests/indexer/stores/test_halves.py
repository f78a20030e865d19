"""Half precision as float32."""

from __future__ import annotations

import numpy as np
import pytest

from indexer.stores.halves import BLOCK, cosines, floats
from tests.indexer.stores.store_contract import unit_vectors


def test_every_finite_number_is_the_same() -> None:
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)]
    np.testing.assert_array_equal(floats(halves), halves.astype(np.float32))


@pytest.mark.parametrize("count", [0, 1, BLOCK, 2 * BLOCK + 7])
def test_cosines_are_those_of_the_vectors(count: int) -> None:
    vectors = unit_vectors(1000, 64, seed=0)
    rows = np.random.default_rng(1).integers(0, 1000, count)
    query = vectors[3].astype(np.float32)
    np.testing.assert_allclose(cosines(vectors, rows, query), vectors[rows].astype(np.float32) @ query, atol=1e-6)


def test_equal_vectors_have_equal_cosines_wherever_they_are() -> None:
    vectors = np.repeat(unit_vectors(1, 250, seed=0), 1000, axis=0)
    assert len(set(cosines(vectors, np.arange(1000), unit_vectors(1, 250, seed=1)[0].astype(np.float32)).tolist())) == 1
