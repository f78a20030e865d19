"""A run that starts from another one's backbone, and the features that runs share."""

from pathlib import Path

import pytest
import torch

from models.errors import ModisteError
from models.training.checkpoint import Checkpoint
from models.training.config import TrainConfig
from models.training.run import Run, train
from tests.models.first_run import first_run

WITH_A_COMPOSER = {
    "sources": "[{name: garments, kind: garments, count: 110, seed: 2, validation_share: 0.3}]",
    "compose": "{composer: combiner, options: {projection: 16, hidden: 16}, text_rank: 4, steps: 2, batch: 16, "
    "lr: 0.001}",
}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return first_run(tmp_path_factory.mktemp("runs"), WITH_A_COMPOSER)


def second(first: Run, **changes: object) -> TrainConfig:
    return first.config().model_copy(update={"name": "second", "joint": None, "start": first.folder, **changes})


def test_the_backbone_the_tokenizer_and_the_words_are_the_other_runs(first: Run) -> None:
    run = train(second(first, seed=4), first.folder.parent / "second")
    mine, theirs = run.model().state_dict(), first.model().state_dict()
    same = [name for name in mine if torch.equal(mine[name], theirs[name])]
    assert {name for name in mine if name.startswith(("backbone.clip.", "attributes."))} <= set(same)
    assert any(name.startswith("composer.") for name in mine.keys() - set(same))
    assert run.tokenizer.read_bytes() == first.tokenizer.read_bytes()
    assert run.words() == first.words() != []


def test_pictures_are_encoded_once_for_all_runs_of_a_backbone(first: Run) -> None:
    kept = {path: path.stat().st_mtime_ns for path in first.cache.glob("features-*.pt")}
    assert len(kept) == 1
    train(second(first, seed=5), first.folder.parent / "third")
    assert {path: path.stat().st_mtime_ns for path in first.cache.glob("features-*.pt")} == kept


def test_another_preparation_of_pictures_is_refused(first: Run) -> None:
    backbone = first.config().backbone
    assert backbone.images is not None
    images = backbone.images.model_copy(update={"fill": 0})
    config = second(first, backbone=backbone.model_copy(update={"images": images}))
    with pytest.raises(ModisteError, match="prepares pictures in another way"):
        train(config, first.folder.parent / "fourth")


def test_a_folder_that_is_no_run_is_refused(first: Run, tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="is not a training run"):
        train(second(first, start=tmp_path), first.folder.parent / "fifth")


def test_a_run_without_a_checkpoint_is_refused(first: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(first.config_file.read_text())
    (tmp_path / "tokenizer.json").write_bytes(first.tokenizer.read_bytes())
    assert Checkpoint.load(tmp_path) is None
    with pytest.raises(ModisteError, match="has no checkpoint yet"):
        train(second(first, start=tmp_path), first.folder.parent / "sixth")
