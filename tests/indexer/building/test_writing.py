"""Words are written in blocks, in memory that does not grow with the catalogue."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from catalog import Product
from indexer.building import writing
from indexer.building.writing import write_words
from indexer.generations.manifest import ATTRIBUTES_NAME, SEEN_NAME
from indexer.ranking.attributes import AttributeColumns, LogOdds, corrected
from models.datasets.attributes.words import stated_words
from tests.fresh_process import run_fresh

WORDS = ["red", "blue", *(f"word{number}" for number in range(98))]
PRODUCTS = [Product(str(row), "", {"colour": "Red" if row % 3 else "Blue"}, None) for row in range(3000)]


def seen(start: int, stop: int) -> LogOdds:
    rows = np.arange(start, stop)[:, None]
    return ((rows * 7 + np.arange(len(WORDS))) % 251).astype(np.uint8)


def test_blocks_write_what_all_products_at_once_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "BLOCK", 700)
    stated, exclusive = write_words(tmp_path, WORDS, seen, PRODUCTS)
    assert stated == exclusive == ("red", "blue")
    whole = seen(0, len(PRODUCTS))
    for name, expected in ((ATTRIBUTES_NAME, corrected(whole, stated_words(PRODUCTS, WORDS))), (SEEN_NAME, whole)):
        columns = AttributeColumns(tmp_path / name, WORDS, len(PRODUCTS))
        np.testing.assert_array_equal(columns.log_odds(range(len(PRODUCTS))), expected)


def peak_of_small_blocks(folder: Path) -> int:
    """Bytes at the peak, for a process without threads of other tests."""
    writing.BLOCK = 25
    write_words(folder, WORDS, seen, PRODUCTS[:100])
    tracemalloc.start()
    write_words(folder, WORDS, seen, PRODUCTS)
    return tracemalloc.get_traced_memory()[1]


def test_memory_is_that_of_a_block(tmp_path: Path) -> None:
    peak = run_fresh(peak_of_small_blocks, tmp_path)
    assert peak < len(PRODUCTS) * len(WORDS) / 2  # One array of a byte for each product and word would take twice that.
