from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from catalog.errors import ModisteError
from models.datasets.annotated.cirr import read_cirr
from models.evaluation.published.cirr_submission import write_submission
from models.evaluation.published.vectors import NamedVectors
from tests.models.datasets.annotated.annotations import cirr_pair, real, write_cirr

SIX = "a b c d e f"


def test_a_submission_names_release_and_metric_and_ranks_without_the_reference(tmp_path: Path) -> None:
    annotation = read_cirr(write_cirr(tmp_path, "test1", [cirr_pair(12063, "c", None, SIX)], f"{SIX} g"), "test1")
    scores = np.array([[4, 3, 9, 2, 1, 0, 8]], dtype=np.float32)
    names = f"{SIX} g".split()
    vectors = NamedVectors({name: row for row, name in enumerate(names)}, np.eye(7, dtype=np.float32), scores)
    recall, subset = write_submission(annotation, vectors, tmp_path / "out")
    assert json.loads(recall.read_text()) == {
        "version": "rc2", "metric": "recall", "12063": ["g", "a", "b", "d", "e", "f"],
    }  # fmt: skip
    assert json.loads(subset.read_text()) == {"version": "rc2", "metric": "recall_subset", "12063": ["a", "b", "d"]}


def test_another_number_of_queries_is_refused(tmp_path: Path) -> None:
    annotation = read_cirr(write_cirr(tmp_path, "test1", [cirr_pair(1, "a", None, SIX)], SIX), "test1")
    vectors = NamedVectors({}, np.eye(6, dtype=np.float32), np.eye(6, dtype=np.float32))
    with pytest.raises(ModisteError, match="6 query vectors for the 1 pairs of cirr/test1"):
        write_submission(annotation, vectors, tmp_path)


def test_the_real_hidden_split_gives_files_that_the_server_takes(tmp_path: Path) -> None:
    annotation = read_cirr(real("cirr"), "test1")
    chance = np.random.default_rng(0)
    rows = {name: row for row, name in enumerate(annotation.gallery)}
    gallery, queries = (chance.normal(size=(count, 8)).astype(np.float32) for count in (len(rows), annotation.rows))
    recall, subset = write_submission(annotation, NamedVectors(rows, gallery, queries), tmp_path)
    best, few = json.loads(recall.read_text()), json.loads(subset.read_text())
    assert recall.stat().st_size < 5e6
    assert len(best) == len(few) == 4148 + 2
    for pair, entry, candidates in zip(annotation.pairs, annotation.entries, annotation.candidates, strict=True):
        assert len(set(best[str(pair)])) == 50
        assert entry.reference not in best[str(pair)]
        assert len(set(few[str(pair)])) == 3
        assert set(few[str(pair)]) < set(candidates)
