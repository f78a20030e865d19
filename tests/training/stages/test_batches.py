"""Batches prepared by other processes equal those prepared in this one."""

import pytest
import torch

from models.training.data.sources import open_sources
from models.training.run import Run
from models.training.stages.batches import batches
from models.training.stages.compose import Compose
from models.training.stages.joint import Joint
from models.training.stages.stage import Stage
from tests.drawn import Draw
from tests.training.first_run import first_run
from tests.training.test_start import WITH_A_COMPOSER

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, drawn: Draw) -> Run:
    return first_run(tmp_path_factory.mktemp("runs"), drawn, WITH_A_COMPOSER)


@pytest.fixture(scope="module", params=["joint", "compose"])
def stage(run: Run, request: pytest.FixtureRequest) -> Stage:
    config = run.config()
    model = run.model()
    sources = open_sources(config, model.images, run.cache, triplets=True)
    if request.param == "joint":
        assert config.joint is not None
        made: Stage = Joint(model, sources, config.seed, config.joint)
    else:
        assert config.compose is not None
        made = Compose(model, sources, config.seed, config.compose)
    made.steps = 5
    return made


@pytest.mark.parametrize("processes", [0, 2])
def test_batches_are_those_of_their_steps_in_order(stage: Stage, processes: int) -> None:
    expected = [stage.prepare(step) for step in range(2, 5)]
    made = list(batches(stage, 2, CPU, processes))
    assert len(made) == len(expected)
    for mine, theirs in zip(made, expected, strict=True):
        assert mine.keys() == theirs.keys()
        assert all(torch.equal(mine[name], theirs[name]) for name in mine if isinstance(theirs[name], torch.Tensor))


@pytest.mark.parametrize("processes", [0, 2])
def test_a_batch_that_cannot_be_made_stops_the_training(
    stage: Stage, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(step: int) -> None:
        raise OSError("the disk is away")

    monkeypatch.setattr(stage, "prepare", fail)
    with pytest.raises(OSError, match="the disk is away"):
        next(batches(stage, 0, CPU, processes))


def test_batches_that_depend_on_the_model_are_made_in_this_process(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def prepare(step: int) -> int:
        seen.append(step)
        return step

    monkeypatch.setattr(stage, "prepare", prepare)
    monkeypatch.setattr(stage, "apart", False)
    assert list(batches(stage, 1, CPU, 2)) == seen == [1, 2, 3, 4]
