"""Products and filters in the form of responses."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from indexer.generations.generation import Generation
from service.search import catalog


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Threads that are interrupted as often as possible."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("eager_threads")
def test_threads_read_more_products_than_are_cached(generation: Generation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "MAX_PRODUCTS", 30)
    monkeypatch.setattr(catalog, "_products", {})

    def read(seed: int) -> None:
        chosen = random.Random(seed)
        for _ in range(6_000):
            row = chosen.randrange(generation.size)
            assert catalog.product_card(generation, row).id == str(row)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(read, range(4)))
