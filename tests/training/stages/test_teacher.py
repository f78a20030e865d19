"""Stage 0 with teachers: what it copies, what its loss adds, and which teachers it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import open_clip
import pytest
import torch
from torch import Tensor

from catalog.errors import ModisteError
from models.networks.losses import attribute_distillation, distillation
from models.training.checkpoint import Checkpoint
from models.training.config import BackboneSettings, TrainConfig
from models.training.data.sources import open_sources
from models.training.model import RetrievalModel
from models.training.run import Run
from models.training.stage_settings import AttributeSettings
from models.training.stages.joint import TEACHER_WEIGHTS, Joint
from models.training.train import train
from tests.drawn import Draw
from tests.training.first_run import first_run
from tests.training.tiny import TINY

CONFIGS = Path(__file__).parents[3] / "models" / "networks" / "backbones" / "configs"


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory, drawn: Draw) -> Run:
    return first_run(tmp_path_factory.mktemp("runs"), drawn)


def student(teacher: Run, *, of: Run | None = None, **joint: object) -> TrainConfig:
    """The config of a run that learns from ``teacher``: that of ``of``, by default the teacher's, with another seed."""
    config = (of or teacher).config()
    assert config.joint is not None
    stage = config.joint.model_copy(update={"teacher": (teacher.folder,), "average": 0.5, **joint})
    return config.model_copy(update={"name": "student", "seed": 8, "joint": stage})


def stage(teachers: list[RetrievalModel], taught: Run, config: TrainConfig) -> Joint:
    """A stage 0 that has not begun, of a model with ``taught``'s tokenizer and words."""
    torch.manual_seed(8)
    model = RetrievalModel(config, taught.tokenizer, taught.words())
    assert config.joint is not None
    return Joint(model, open_sources(config, model.images, taught.cache, triplets=False), 8, config.joint, teachers)


def seen(model: RetrievalModel, run: Run) -> Tensor:
    """Where ``run``'s first pictures lie for ``model``."""
    pixels = open_sources(run.config(), model.images, run.cache, triplets=False)[0].pixels[:64]
    with torch.no_grad():
        return model.see(torch.from_numpy(pixels))[0]


def test_a_student_comes_to_see_like_its_teacher(teacher: Run) -> None:
    config = student(teacher, epochs=6, teacher_weight=5.0)
    run = train(config, teacher.folder.parent / "student")
    untaught = stage([], teacher, config).model.eval()
    there = seen(teacher.model(), teacher)
    learnt, begun = (distillation(seen(model, teacher), there) for model in (run.model(), untaught))
    assert learnt < 0.5 * begun
    assert run.words() == teacher.words() != []
    assert run.tokenizer.read_bytes() == teacher.tokenizer.read_bytes()


def test_the_text_tower_and_the_attribute_head_begin_as_the_teachers_and_the_vision_tower_does_not(
    teacher: Run,
) -> None:
    one = stage([teacher.model()], teacher, student(teacher))
    mine, theirs = one.model.state_dict(), teacher.model().state_dict()
    one.start(fresh=False)  # Taken up after a kill: what the checkpoint held stays.
    assert not torch.equal(mine["attributes.linear.weight"], theirs["attributes.linear.weight"])
    one.start(fresh=True)
    same = {name for name in mine if torch.equal(mine[name], theirs[name])}
    assert {name for name in mine if name.startswith(TEACHER_WEIGHTS)} <= same
    assert "backbone.clip.visual.trunk.conv1.weight" not in same


def test_the_first_teacher_gives_embeddings_and_all_teachers_give_words(teacher: Run) -> None:
    first, second = teacher.model(), teacher.model()
    with torch.no_grad():
        for weight in second.backbone.clip.visual.parameters():
            weight.add_(0.01 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(1)))
    config = student(teacher, teacher_weight=3.0, attributes=AttributeSettings(least=5, weight=0.7))
    alone, taught = stage([], teacher, config), stage([first, second], teacher, config)
    batch = taught.prepare(0)
    with torch.no_grad():
        images = first.normalised(taught.shown_pixels(batch))
        mine, one, other = (model.backbone.vision(images) for model in (taught.model.eval(), first, second))
        heads = [model.attributes for model in (taught.model, first, second)]
        assert heads[0] is not None
        assert heads[1] is not None
        assert heads[2] is not None
        words = attribute_distillation(heads[0].logits(mine), (heads[1](one) + heads[2](other)) / 2)
        alone.model.eval()
        expected = alone.loss(batch) + 3 * distillation(mine, one) + 0.7 * words
        torch.testing.assert_close(taught.loss(batch), expected)


def test_a_killed_student_resumes_and_stores_nothing_of_its_teacher(
    teacher: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = student(teacher)
    whole = train(config, tmp_path / "whole", teacher.cache)
    monkeypatch.setattr("models.training.loop.SAVE_EVERY_S", 0.0)
    stepped = Joint.stepped
    done: list[Joint] = []

    def killed(stage: Joint) -> None:
        done.append(stage)
        if len(done) == 3:
            raise KeyboardInterrupt
        stepped(stage)

    with monkeypatch.context() as patch:
        patch.setattr(Joint, "stepped", killed)
        with pytest.raises(KeyboardInterrupt):
            train(config, tmp_path / "killed", teacher.cache)
    kept = Checkpoint.load(tmp_path / "killed")
    assert kept is not None
    assert (kept.stage, kept.step) == ("joint", 2)
    model = done[0].model
    assert kept.model.keys() == model.state_dict().keys()
    assert kept.state.keys() == {"averaged"}
    assert kept.state["averaged"].keys() <= kept.model.keys()
    moving = [weight for weight in model.parameters() if weight.requires_grad]
    assert sum(len(group["params"]) for group in kept.optimizer["param_groups"]) == len(moving)
    resumed = train(config, tmp_path / "killed", teacher.cache).model().state_dict()
    for name, weight in whole.model().state_dict().items():
        torch.testing.assert_close(resumed[name], weight, msg=name)


def test_a_teacher_that_sees_other_pictures_is_refused(teacher: Run, tmp_path: Path) -> None:
    backbone = teacher.config().backbone
    assert backbone.images is not None
    larger = backbone.model_copy(update={"images": backbone.images.model_copy(update={"height": 96})})
    with pytest.raises(ModisteError, match="different preprocessing of pictures") as refused:
        train(student(teacher).model_copy(update={"backbone": larger}), tmp_path / "run", teacher.cache)
    assert "`backbone`" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"embed_dim": 128}, "different width of embeddings"),
        ({"layers": 2}, "different text tower"),
    ],
)
def test_a_teacher_of_another_width_or_text_tower_is_refused(
    teacher: Run, tmp_path: Path, change: dict[str, int], said: str
) -> None:
    config = open_clip.get_model_config(TINY)
    assert config is not None
    (config if "embed_dim" in change else config["text_cfg"]).update(change)
    name = "other-" + "-".join(change)
    (tmp_path / f"{name}.json").write_text(json.dumps(config))
    open_clip.add_model_config(tmp_path / f"{name}.json")
    backbone = BackboneSettings.model_validate({**teacher.config().backbone.model_dump(), "name": name})
    with pytest.raises(ModisteError, match=said):
        train(student(teacher).model_copy(update={"backbone": backbone}), tmp_path / "run", teacher.cache)


def test_a_teacher_of_other_words_or_another_tokenizer_is_refused(teacher: Run, tmp_path: Path) -> None:
    shutil.copy(teacher.tokenizer, tmp_path)
    (tmp_path / "attributes.json").write_text(json.dumps([*teacher.words()[1:], "another"]))
    with pytest.raises(ModisteError, match="different list of attribute words"):
        train(student(teacher), tmp_path, teacher.cache)
    shutil.copy(teacher.words_file, tmp_path)
    tokenizer = json.loads(teacher.tokenizer.read_text())
    tokenizer["model"]["merges"].reverse()
    (tmp_path / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(ModisteError, match="different tokenizer"):
        train(student(teacher), tmp_path, teacher.cache)


def test_a_teacher_that_is_not_a_run_is_refused(teacher: Run, tmp_path: Path) -> None:
    config = student(Run(tmp_path / "nowhere"), of=teacher)
    with pytest.raises(ModisteError, match="is not a training run"):
        train(config, tmp_path / "run", teacher.cache)
