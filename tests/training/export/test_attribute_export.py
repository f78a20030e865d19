"""What an attribute head becomes in a bundle, on random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from catalog.errors import ModisteError
from models.bundle import Bundle
from models.export.bundle import check_parity, export_bundle
from models.training.model import RetrievalModel
from tests.models.pictures import photograph, saved
from tests.training.untrained import WISHES, untrained_model

WORDS = ("red", "t-shirt", "long sleeve")
PICTURES = [saved(photograph(40, 60, seed)) for seed in range(4)]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[RetrievalModel, Bundle]:
    folder: Path = tmp_path_factory.mktemp("words")
    model = untrained_model("sum", folder, words=WORDS)
    export_bundle(
        model, folder / "bundle", name="untrained", version="1", tokenizer=folder / "tokenizer.json",
        pictures=PICTURES, texts=WISHES,
    )  # fmt: skip
    return model, Bundle(folder / "bundle", device="cpu")


def test_the_vision_graph_gives_the_probabilities_of_torch(exported: tuple[RetrievalModel, Bundle]) -> None:
    model, bundle = exported
    pixels = np.random.default_rng(0).integers(0, 255, (5, 32, 32, 3), dtype=np.uint8)
    ours, theirs = model.vision(pixels).attributes, bundle.vision(pixels).attributes
    assert ours is not None
    assert theirs is not None
    assert theirs.shape == (5, 3)
    assert theirs.std() > 0.01
    np.testing.assert_allclose(theirs, ours, atol=0.01)


def test_the_manifest_names_the_words_and_how_else_they_are_written(exported: tuple[RetrievalModel, Bundle]) -> None:
    _, bundle = exported
    assert bundle.manifest.attributes == WORDS
    assert "tee" in bundle.manifest.spellings["t-shirt"]
    assert bundle.vocabulary.find("Tees") == 1


def test_no_pictures_have_no_probabilities(exported: tuple[RetrievalModel, Bundle]) -> None:
    attributes = exported[1].vision(np.zeros((0, 32, 32, 3), dtype=np.uint8)).attributes
    assert attributes is not None
    assert attributes.shape == (0, 3)


def test_a_head_that_was_trained_after_the_export_is_detected(exported: tuple[RetrievalModel, Bundle]) -> None:
    model, bundle = exported
    assert model.attributes is not None
    bias = model.attributes.linear.bias
    with torch.no_grad():
        bias[1] += 1
    try:
        with pytest.raises(ModisteError, match="differ from the trained model's: 't-shirt' by"):
            check_parity(model, bundle, PICTURES, WISHES)
    finally:
        with torch.no_grad():
            bias[1] -= 1


def test_words_in_another_order_are_detected(exported: tuple[RetrievalModel, Bundle]) -> None:
    model, bundle = exported
    words = model.words
    model.words = words[::-1]
    try:
        with pytest.raises(ModisteError, match="has other attribute words"):
            check_parity(model, bundle, PICTURES, WISHES)
    finally:
        model.words = words
