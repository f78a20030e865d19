"""A variant is accepted only if it is faster and finds the same products."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from models.bundle import Bundle
from models.bundle.encoder import Vectors, VisionOutput
from models.bundle.images import Pixels
from models.bundle.text import TokenIds
from models.export.trial import Questions, VariantRefused, faster_graphs, try_variant
from tests.toy_bundle import WORDS, write_toy_bundle
from tests.training.export.conftest import COUNT


class Slow(Bundle):
    """A bundle that takes a millisecond more for everything."""

    def vision(self, pixels: Pixels) -> VisionOutput:
        _burn()
        return super().vision(pixels)

    def query(self, features: Vectors, ids: TokenIds) -> Vectors:
        _burn()
        return super().query(features, ids)

    def text(self, ids: TokenIds) -> Vectors:
        _burn()
        return super().text(ids)


def _burn() -> None:
    end = time.thread_time() + 0.001
    while time.thread_time() < end:
        pass


def test_only_graphs_that_are_faster_count_as_such(toy_folder: Path, toy: Bundle, pixels: Pixels) -> None:
    slow = Slow(toy_folder, device="cpu", threads=1)
    assert faster_graphs(toy, slow, pixels, list(WORDS)) == {}
    assert faster_graphs(slow, toy, pixels, list(WORDS)).keys() == {"vision", "query", "text"}


def test_a_variant_with_other_vectors_is_refused_with_the_figures(
    toy: Bundle, questions: Questions, tmp_path: Path
) -> None:
    stranger = Bundle(write_toy_bundle(tmp_path / "toy", seed=1), device="cpu", threads=1)
    with pytest.raises(VariantRefused, match=r"loses \d+\.\d\d points of Recall@10 \(.+ instead of .+ at most 0\.5"):
        try_variant(toy, stranger, [questions], {})


def test_a_variant_with_equal_answers_loses_no_recall(toy: Bundle, questions: Questions) -> None:
    trial = try_variant(toy, toy, [questions], {"vision": 2.0})
    assert trial.loss == {"composer": 0, "image only": 0, "text only": 0}
    assert trial.recall["composer"] == 100
    assert (trial.device, trial.queries, trial.speedup) == ("cpu", COUNT * len(WORDS), {"vision": 2.0})
