"""One run from config to evaluated checkpoint, resumable at any moment."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from models.datasets.attributes.words import common_words
from models.errors import ModisteError
from models.networks.backbones.backbone import Backbone
from models.networks.backbones.rounding import round_to_int8
from models.progress import track
from models.training.checkpoint import Checkpoint
from models.training.config import TrainConfig
from models.training.data.sources import TrainingSource, open_source, vocabulary_texts
from models.training.data.tokenizer import clip_tokenizer, train_tokenizer
from models.training.model import RetrievalModel
from models.training.stages.batches import batches
from models.training.stages.compose import Compose
from models.training.stages.expect import Expect
from models.training.stages.finetune import Finetune
from models.training.stages.joint import Joint
from models.training.stages.stage import Stage
from models.training.start import Start, bundle_start, is_bundle, settle_batch_norms, take_backbone, take_bundle

logger = logging.getLogger(__name__)

SAVE_EVERY_S = 60.0
LOG_POINTS = 50
"""A stage's losses are logged at least so many times, however fast it is."""
DONE = "done"


class Run:
    """A folder with everything that a run knows: resolved config, tokenizer, checkpoint, log of losses, metrics.

    Args:
        folder: Where it lies.
        cache: Where decoded pictures and their features are kept, by default beside it.
    """

    def __init__(self, folder: Path, cache: Path | None = None) -> None:
        self.folder = folder
        self.tokenizer = folder / "tokenizer.json"
        self.words_file = folder / "attributes.json"
        self.config_file = folder / "config.yaml"
        self.log = folder / "log.jsonl"
        self.metrics = folder / "metrics.json"
        self.cache = cache or folder.parent / "cache"

    def config(self) -> TrainConfig:
        """The resolved config that the run was started with."""
        if not self.config_file.is_file():
            raise ModisteError(
                f"{self.folder} is not a training run.", hint="Give a folder that `modiste models train` wrote."
            )
        return TrainConfig.model_validate(yaml.safe_load(self.config_file.read_text(encoding="utf-8")))

    def words(self) -> list[str]:
        """The words of the attribute head; none where the run has no head."""
        if not self.words_file.is_file():
            return []
        words: list[str] = json.loads(self.words_file.read_text(encoding="utf-8"))
        return words

    def model(self) -> RetrievalModel:
        """The trained model, in ``eval`` and on the CPU."""
        config = self.config()
        checkpoint = Checkpoint.load(self.folder)
        if checkpoint is None:
            raise ModisteError(f"The run {self.folder} has no checkpoint yet.", hint="Train it first.")
        model = RetrievalModel(config, self.tokenizer, self.words())
        model.load_state_dict(checkpoint.model)
        return model.eval()

    def sources(self, config: TrainConfig, model_images: Any, *, triplets: bool) -> list[TrainingSource]:
        """The config's sources, opened with the model's preprocessing."""
        return [open_source(source, model_images, self.cache, triplets=triplets) for source in config.sources]


def train(config: TrainConfig, folder: Path, cache: Path | None = None) -> Run:
    """Train, or go on training, in ``folder``; ``cache`` as in ``Run``.

    Raises:
        ModisteError: The folder holds a run with another config, or a source cannot be used.
    """
    run = Run(folder, cache)
    _claim(run, config)
    torch.manual_seed(config.seed)
    device = _device(config.device)
    settings = config.backbone
    images = settings.images or Backbone(settings.name, vocabulary=settings.vocabulary).image_preprocessing
    sources = run.sources(config, images, triplets=any((config.finetune, config.compose, config.expect)))
    start = None if config.start is None else _start(config.start)
    if start is not None:  # Ids and words mean what they meant to the backbone that is taken over.
        run.tokenizer.write_bytes(start.tokenizer)
        if start.words:
            _write_words(run, start.words)
    elif config.joint and config.joint.teacher and not run.tokenizer.is_file():
        teacher = Run(config.joint.teacher[0])
        teacher.config()  # Says so where there is no run.
        run.tokenizer.write_bytes(teacher.tokenizer.read_bytes())
        if teacher.words():
            _write_words(run, teacher.words())
    if not run.tokenizer.is_file():
        vocabulary = settings.vocabulary
        made = train_tokenizer(vocabulary_texts(sources, config.seed), vocabulary) if vocabulary else clip_tokenizer()
        made.save(str(run.tokenizer))
    if config.joint and config.joint.attributes and not run.words_file.is_file():
        words = [word for source in sources for word in common_words(source.train, config.joint.attributes.least)]
        _write_words(run, tuple(dict.fromkeys(words)))
    model = RetrievalModel(config, run.tokenizer, run.words())
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    checkpoint = Checkpoint.load(folder)
    if checkpoint is not None:
        model.load_state_dict(checkpoint.model)
    elif start is not None:
        take = take_bundle if is_bundle(start.folder) else take_backbone
        take(model, start, learning=config.joint is not None)
    stages = _stages(config, model, sources)
    if checkpoint is None and start is not None and is_bundle(start.folder) and any(s.moves_backbone for s in stages):
        settle_batch_norms(model, sources[0].pixels)
    names = [stage.name for stage in stages]
    first = 0 if checkpoint is None else (len(names) if checkpoint.stage == DONE else names.index(checkpoint.stage))
    if not stages:  # Nothing but what was taken over, for others to start from.
        Checkpoint(DONE, 0, model.state_dict(), config=config.model_dump(mode="json")).save(folder)
    for at in range(first, len(stages)):
        resumed = checkpoint if checkpoint is not None and checkpoint.stage == names[at] else None
        if not stages[at].moves_backbone and config.backbone.weights == "int8":
            model.backbone.round_weights()
        _fit(stages[at], run, config, device, resumed)
        following = names[at + 1] if at + 1 < len(names) else DONE
        if config.backbone.weights == "int8" and following in (Expect.name, DONE):
            model.backbone.round_weights()
            round_to_int8(model.composer)
        if config.backbone.weights == "int8" and following == DONE and model.expectation is not None:
            round_to_int8(model.expectation)
        Checkpoint(following, 0, model.state_dict(), config=config.model_dump(mode="json")).save(folder)
    return run


def _stages(config: TrainConfig, model: RetrievalModel, sources: list[TrainingSource]) -> list[Stage]:
    stages: list[Stage] = []
    if config.joint:
        teachers = [_teacher(folder, model, first=at == 0) for at, folder in enumerate(config.joint.teacher)]
        stages.append(Joint(model, sources, config.seed, config.joint, teachers))
    if config.finetune:
        stages.append(Finetune(model, sources, config.seed, config.finetune))
    if config.compose:
        stages.append(Compose(model, sources, config.seed, config.compose))
    if config.expect:
        stages.append(Expect(model, sources, config.seed, config.expect))
    return stages


def _claim(run: Run, config: TrainConfig) -> None:
    run.folder.mkdir(parents=True, exist_ok=True)
    if run.config_file.is_file():
        if run.config() != config:
            raise ModisteError(
                f"{run.folder} holds a run with another config.",
                hint="Train into another folder, or remove this one to start again.",
            )
        logger.info("going on with the run in %s", run.folder)
        return
    resolved = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
    run.config_file.write_text(resolved, encoding="utf-8")


def _write_words(run: Run, words: Sequence[str]) -> None:
    run.words_file.write_text(json.dumps(words, indent=0), encoding="utf-8")


def _start(folder: Path) -> Start:
    """What there is to take over of a finished run, or of a bundle."""
    if is_bundle(folder):
        return bundle_start(folder)
    run = Run(folder)
    images, checkpoint = run.model().images, Checkpoint.load(folder)
    assert checkpoint is not None
    return Start(folder, images, run.tokenizer.read_bytes(), tuple(run.words()), checkpoint.model)


def _teacher(folder: Path, student: RetrievalModel, *, first: bool) -> RetrievalModel:
    """The model of a finished run, of which ``student`` can learn: it sees the very same pictures and knows the same
    words, if any; with the ``first`` one the student will share the space, so it has to read the same as well."""
    run = Run(folder)
    teacher = run.model()
    same = {
        "preparation of pictures": teacher.images == student.images,
        "list of attribute words": teacher.words in ((), student.words),
    }
    if first:
        same |= {
            "tokenizer": json.loads(run.tokenizer.read_bytes()) == json.loads(student.tokenizer.path.read_bytes()),
            "width of embeddings (embed_dim)": teacher.backbone.dim == student.backbone.dim,
            "text tower (text_cfg)": _shapes(teacher.backbone.clip.text) == _shapes(student.backbone.clip.text),
        }
    for what, equal in same.items():
        if not equal:
            raise ModisteError(
                f"The teacher {folder} has another {what}.",
                hint="Give the same `backbone` section, but for a network that differs in its `vision_cfg` alone, the "
                "same sources, and no `start`: tokenizer and words are then the teacher's.",
            )
    return teacher


def _shapes(network: torch.nn.Module) -> dict[str, torch.Size]:
    return {name: weight.shape for name, weight in network.state_dict().items()}


def _device(name: str) -> torch.device:
    if name == "cuda" and not torch.cuda.is_available():
        raise ModisteError("CUDA was asked for, but torch sees no GPU.", hint="Set `device: cpu` or `device: auto`.")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def _fit(stage: Stage, run: Run, config: TrainConfig, device: torch.device, resumed: Checkpoint | None) -> None:
    stage.start(fresh=resumed is None or not resumed.optimizer)
    groups = [group for group in stage.parameters() if group["params"]]
    optimizer = torch.optim.AdamW(groups, lr=stage.schedule.lr, weight_decay=stage.schedule.weight_decay)
    first = 0
    if resumed is not None and resumed.optimizer:
        optimizer.load_state_dict(resumed.optimizer)
        stage.restore(resumed.state)
        first = resumed.step
    weights = [weight for group in groups for weight in group["params"]]
    often = max(1, stage.steps // LOG_POINTS)
    saved = logged = time.monotonic()
    losses: list[Tensor] = []
    with closing(batches(stage, first, device)) as prepared, run.log.open("a", encoding="utf-8") as log:
        for step in track(range(first, stage.steps), total=stage.steps - first, what=stage.name, unit="step"):
            batch = next(prepared)
            for group in optimizer.param_groups:
                group["lr"] = _learning_rate(stage, step)
            stage.model.train()
            torch.manual_seed(stage.chance(step).getrandbits(63))  # Dropout, too, is as it would have been.
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=config.precision == "bf16"):
                loss = stage.loss(batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            stage.stepped()
            losses.append(loss.detach())
            now = time.monotonic()
            if now - logged > 10 or (step + 1) % often == 0 or step + 1 == stage.steps:
                told = _told(stage, losses, step)
                mean = sum(told) / len(told)
                entry = {"stage": stage.name, "step": step + 1, "of": stage.steps, "loss": round(mean, 4)}
                entry["seconds"] = round(now - logged, 3)  # Since the entry before.
                log.write(json.dumps(entry) + "\n")
                log.flush()
                logged, losses = now, []
            if now - saved > SAVE_EVERY_S:
                if losses:
                    _told(stage, losses, step)
                Checkpoint(
                    stage.name, step + 1, stage.model.state_dict(), optimizer.state_dict(),
                    config=config.model_dump(mode="json"), state=stage.state(),
                ).save(run.folder)  # fmt: skip
                saved = now
    stage.finish()


def _told(stage: Stage, losses: list[Tensor], step: int) -> list[float]:
    """The losses of the steps up to ``step``, asked for together: a GPU that is asked at each one stands still there.

    Raises:
        ModisteError: One is not finite.
    """
    told: list[float] = torch.stack(losses).tolist()
    for at, loss in enumerate(told, start=step + 1 - len(told)):
        if not math.isfinite(loss):
            raise ModisteError(
                f"The loss of stage {stage.name} is {loss} at step {at}.",
                hint="Lower its learning rate; the checkpoint before is kept.",
            )
    return told


def _learning_rate(stage: Stage, step: int) -> float:
    phase = step * stage.phases // stage.steps
    begin, end = (math.ceil(at * stage.steps / stage.phases) for at in (phase, phase + 1))
    step, steps = step - begin, end - begin
    warmup = max(1, round(stage.schedule.warmup * steps))
    if step < warmup:
        return stage.schedule.lr * (step + 1) / warmup
    return stage.schedule.lr * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup))) / 2
