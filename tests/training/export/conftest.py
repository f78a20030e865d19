"""The toy bundle, queries with known answers, and the bundle with an int8 variant."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.bundle import Bundle
from models.bundle.images import Pixels
from models.bundle.manifest import GraphName
from models.datasets.triplets.triplet import Triplet, TripletDataset
from models.export import variants
from models.export.trial import Questions
from models.export.variants import Examples, add_variants
from tests.toy_bundle import SIZE, WORDS

GROUPS, IN_GROUP = 6, 11
COUNT = GROUPS * IN_GROUP
ALL_FASTER: dict[GraphName, float] = {"vision": 2.0, "query": 2.0, "text": 2.0}


@pytest.fixture(scope="module")
def pixels() -> Pixels:
    """Groups of similar pictures. The ten nearest to a picture are its group, so rounding rarely changes recall."""
    chance = np.random.default_rng(5)
    centres = chance.integers(32, 224, (GROUPS, 1, 4, 4, 3))
    cells = (centres + chance.integers(-32, 32, (GROUPS, IN_GROUP, 4, 4, 3))).astype(np.uint8).reshape(COUNT, 4, 4, 3)
    return cells.repeat(SIZE // 4, axis=1).repeat(SIZE // 4, axis=2)


@pytest.fixture(scope="module")
def questions(toy: Bundle, pixels: Pixels) -> Questions:
    """For every picture and every word, the product that fp32 finds first is the right one."""
    seen = toy.vision(pixels)
    triplets = []
    for word in WORDS:
        ids, _ = toy.tokenizer.encode([word] * COUNT)
        scores = toy.query(seen.features, ids) @ seen.embedding.T
        np.fill_diagonal(scores, -1)
        best = scores.argmax(axis=1)
        triplets += [Triplet(str(row), word, (str(best[row]),), edit="colour") for row in range(COUNT)]
    gallery = tuple(map(str, range(COUNT)))
    return Questions(TripletDataset("toy", gallery, tuple(triplets), image_of=lambda id: b""), pixels)


@pytest.fixture(scope="module")
def with_int8(toy_folder: Path, pixels: Pixels, questions: Questions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy bundle with its vision graph in int8, as if that were faster for so small a graph."""
    target = tmp_path_factory.mktemp("variants") / "toy"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(variants, "faster_graphs", lambda *bundles: dict(ALL_FASTER))
        add_variants(toy_folder, target, ["int8"], Examples(pixels, list(WORDS)), [questions])
    return target
