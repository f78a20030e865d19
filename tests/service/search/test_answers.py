"""Cached outcomes of searches: only what can be one is answered."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from indexer.generations.generation import Generation
from service.search.answers import FoundRows

FOUND = FoundRows(
    fitting=None, rows=[3, 59], scores=[0.5, 0.25], matched=[0, 0], total=60, text_truncated=False, expected=["red"]
)


def test_an_outcome_comes_back_as_it_was(generation: Generation) -> None:
    assert FoundRows.from_json(FOUND.to_json(), generation) == FOUND


@pytest.mark.parametrize(
    "change",
    [
        {"rows": [3, 60]},
        {"rows": [3, -1]},
        {"rows": [3]},
        {"rows": [3, "59"]},
        {"scores": [0.5, None]},
        {"matched": [0]},
        {"matched": [0, 1]},
        {"matched": [0, -1]},
        {"total": 61},
        {"expected": ["<script>"]},
        {"results": [{"id": "another shop's"}]},
    ],
)
def test_a_value_that_does_not_fit_the_generation_is_a_miss(generation: Generation, change: dict[str, Any]) -> None:
    assert FoundRows.from_json(orjson.dumps(FOUND.model_dump() | change), generation) is None


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\0\xff garbage", b'{"mode": "text", "results": []}'])
def test_anything_else_is_a_miss(generation: Generation, data: bytes) -> None:
    assert FoundRows.from_json(data, generation) is None
