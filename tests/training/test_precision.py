"""The precision of training is the faster one on this machine, measured once for each stage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from models.training import precision
from models.training.precision import MAX_BF16_SHARE, MIN_STEPS, Precision, precision_of, time_steps
from models.training.stage_settings import Schedule
from models.training.stages.stage import Stage

CPU = torch.device("cpu")


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Dropout(0.5), nn.Linear(16, 1))


class Regression(Stage):
    """A stage small enough to time."""

    name = "regression"
    schedule = Schedule(batch=4, lr=0.1)
    steps = MIN_STEPS

    def parameters(self) -> list[dict[str, Any]]:
        return [{"params": list(self.model.parameters())}]

    def prepare(self, step: int) -> Tensor:
        return torch.randn(4, 8, generator=torch.Generator().manual_seed(step))

    def loss(self, batch: Tensor) -> Tensor:
        loss: Tensor = self.model.layers(batch).float().square().mean()  # type: ignore[operator]
        return loss


@pytest.fixture
def stage() -> Regression:
    return Regression(Network(), [], 0)  # type: ignore[arg-type]


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> dict[Precision, float]:
    """What timing is made to find; a test changes it."""
    found: dict[Precision, float] = {"fp32": 1.0, "bf16": 1.0}
    monkeypatch.setattr(precision, "time_steps", lambda *_: dict(found))
    return found


@pytest.mark.parametrize(("bf16", "chosen"), [(9.0, "fp32"), (1.0, "fp32"), (MAX_BF16_SHARE, "bf16"), (0.2, "bf16")])
def test_bf16_is_chosen_only_if_it_is_clearly_faster(
    stage: Regression, times: dict[Precision, float], tmp_path: Path, bf16: float, chosen: str
) -> None:
    times["bf16"] = bf16
    assert precision_of(stage, 0, "auto", CPU, tmp_path / "precision.json") == chosen


def test_a_resumed_run_keeps_its_precision(stage: Regression, times: dict[Precision, float], tmp_path: Path) -> None:
    file = tmp_path / "precision.json"
    times["bf16"] = 0.5
    assert precision_of(stage, 0, "auto", CPU, file) == "bf16"
    times["bf16"] = 5.0
    assert precision_of(stage, 30, "auto", CPU, file) == "bf16"
    assert json.loads(file.read_text())["regression"]["seconds"] == {"fp32": 1.0, "bf16": 0.5}


@pytest.mark.parametrize("setting", ["fp32", "bf16"])
def test_a_stated_precision_is_not_timed(stage: Regression, tmp_path: Path, setting: Precision) -> None:
    file = tmp_path / "precision.json"
    assert precision_of(stage, 0, setting, CPU, file) == setting
    assert not file.exists()


def test_a_short_stage_trains_in_fp32_without_timing(stage: Regression, tmp_path: Path) -> None:
    stage.steps = MIN_STEPS - 1
    assert precision_of(stage, 0, "auto", CPU, tmp_path / "precision.json") == "fp32"
    assert not list(tmp_path.iterdir())


def test_timing_leaves_weights_and_statistics_as_they_were(stage: Regression) -> None:
    before = {name: value.clone() for name, value in stage.model.state_dict().items()}
    seconds = time_steps(stage, 0, CPU)
    assert all(value > 0 for value in seconds.values())
    assert all(torch.equal(before[name], value) for name, value in stage.model.state_dict().items())
    assert all(weight.grad is None for weight in stage.model.parameters())
