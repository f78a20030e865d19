"""Stage 0 that ends with the average of its weights, and stage 0 with a loss of NaN."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from torch import Tensor

from catalog.errors import ModisteError
from models.training.checkpoint import Checkpoint
from models.training.run import Run
from models.training.stages.joint import Joint
from models.training.train import train
from tests.drawn import Draw
from tests.training.first_run import first_run

AVERAGED = {"joint.average": "0.6", "joint.epochs": "2"}


@pytest.fixture(scope="module")
def steps() -> list[dict[str, Tensor]]:
    """The weights that each step of ``averaged`` leaves."""
    return []


@pytest.fixture(scope="module")
def averaged(tmp_path_factory: pytest.TempPathFactory, drawn: Draw, steps: list[dict[str, Tensor]]) -> Run:
    stepped = Joint.stepped

    def keep(stage: Joint) -> None:
        steps.append({name: weight.clone() for name, weight in stage.model.state_dict().items()})
        stepped(stage)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Joint, "stepped", keep)
        return first_run(tmp_path_factory.mktemp("runs"), drawn, AVERAGED)


def test_weights_and_statistics_of_batch_norms_end_as_their_moving_average(
    averaged: Run, steps: list[dict[str, Tensor]]
) -> None:
    assert len(steps) > 4
    expected = {name: weight.clone() for name, weight in steps[0].items()}
    for weights in steps[1:]:
        for name, weight in weights.items():
            # A count of batches is no weight: it stays what the last step left.
            expected[name] = 0.6 * expected[name] + 0.4 * weight if weight.is_floating_point() else weight
    ended = averaged.model().state_dict()
    assert ended.keys() == expected.keys()
    for name, weight in ended.items():
        torch.testing.assert_close(weight, expected[name], msg=name)
    moved = [name for name, weight in ended.items() if not torch.allclose(weight, steps[-1][name])]
    assert any(name.endswith("running_mean") for name in moved)
    assert any(name.startswith("backbone.clip.text.") for name in moved)


def test_the_average_is_what_is_rounded(averaged: Run, tmp_path: Path, drawn: Draw) -> None:
    (tmp_path / "first").mkdir()
    shutil.copy(averaged.tokenizer, tmp_path / "first")  # The library breaks ties at random when it trains a tokenizer.
    rounded = first_run(tmp_path, drawn, {**AVERAGED, "backbone.weights": "int8"}).model()
    expected = averaged.model()
    expected.backbone.round_weights()
    for mine, theirs in zip(rounded.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs)


def test_a_killed_run_resumes_with_its_average(averaged: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "killed"
    folder.mkdir()
    shutil.copy(averaged.tokenizer, folder)
    monkeypatch.setattr("models.training.loop.SAVE_EVERY_S", 0.0)
    left, stepped = [3], Joint.stepped

    def killed(stage: Joint) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        stepped(stage)

    with monkeypatch.context() as patch:
        patch.setattr(Joint, "stepped", killed)
        with pytest.raises(KeyboardInterrupt):
            train(averaged.config(), folder, averaged.cache)
    kept = Checkpoint.load(folder)
    assert kept is not None
    assert (kept.stage, kept.step) == ("joint", 3)
    train(averaged.config(), folder, averaged.cache)
    whole, resumed = averaged.model().state_dict(), Run(folder).model().state_dict()
    for name, weight in whole.items():
        torch.testing.assert_close(resumed[name], weight, msg=name)


def test_a_loss_of_nan_stops_the_run_before_it_is_saved(
    tmp_path: Path, drawn: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.training.loop.SAVE_EVERY_S", 0.0)
    monkeypatch.setattr("models.training.loop.LOG_POINTS", 1)
    losses, loss = [1.0, 1.0, float("nan")], Joint.loss
    monkeypatch.setattr(Joint, "loss", lambda stage, batch: loss(stage, batch) * losses.pop(0))
    with pytest.raises(ModisteError, match="loss of stage joint is nan at step 2"):
        first_run(tmp_path, drawn)
    kept = Checkpoint.load(tmp_path / "first")
    assert kept is not None
    assert kept.step == 2
    assert all(weight.isfinite().all() for weight in kept.model.values())
