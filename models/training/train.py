"""Training of all stages of a config. An interrupted run resumes from its last checkpoint."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import torch
import yaml
from torch import Tensor

from catalog.errors import ModisteError
from models.bundle import Bundle, bundle_folder
from models.datasets.attributes.words import common_words
from models.networks.backbones.backbone import Backbone
from models.networks.backbones.pretrained import load_vision_weights
from models.networks.backbones.rounding import round_to_int8
from models.networks.backbones.weight_sources import fetch, read_member, read_weights
from models.training.checkpoint import DONE, Checkpoint
from models.training.config import TrainConfig
from models.training.data.photographs import TrainingPhotographs
from models.training.data.skipped import report_skipped
from models.training.data.sources import TrainingSource, open_sources, vocabulary_texts
from models.training.data.tokenizer import clip_tokenizer, train_tokenizer
from models.training.initial.alignment import require_texts, take_texts
from models.training.initial.composer import composer_weights
from models.training.initial.start import (
    Start,
    bundle_start,
    is_bundle,
    read_start,
    settle_batch_norms,
    take_backbone,
    take_bundle,
)
from models.training.loop import fit
from models.training.model import RetrievalModel
from models.training.run import Run
from models.training.stages.compose import Compose
from models.training.stages.expect import Expect
from models.training.stages.finetune import Finetune
from models.training.stages.joint import Joint
from models.training.stages.kinds import kind_words
from models.training.stages.stage import Stage

logger = logging.getLogger(__name__)


def train(config: TrainConfig, folder: Path, cache: Path | None = None) -> Run:
    """Train a run in ``folder``, or resume the run in it.

    Args:
        config: What to train.
        folder: The run's folder; created if it does not exist.
        cache: As ``Run`` takes it.

    Raises:
        ModisteError: The folder holds a run with another config, or a source cannot be used.
    """
    run = Run(folder, cache)
    _claim(run, config)
    torch.manual_seed(config.seed)
    device = _device(config.device)
    start = None if config.start is None else read_start(config.start)
    sources = _open_sources(run, config)
    aligned = bundle_start(bundle_folder(config.joint.align)) if config.joint and config.joint.align else None
    _prepare_words(run, config, start or aligned, sources)
    model = RetrievalModel(config, run.tokenizer, run.words())
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    checkpoint = Checkpoint.load(folder)
    if checkpoint is not None:
        model.load_state_dict(checkpoint.model)
    else:
        _take_weights(model, config, start, aligned)
    stages = _stages(config, model, sources, _composer_weights(model, config, start or aligned))
    if checkpoint is None and start is not None and is_bundle(start.folder) and any(s.moves_backbone for s in stages):
        settle_batch_norms(model, sources[0].pixels)
    if not stages:  # The run only holds the weights of its start, from which other runs start.
        Checkpoint(DONE, 0, model.state_dict(), config=config.model_dump(mode="json")).save(folder)
    _fit(stages, run, config, model, device, checkpoint)
    return run


def _open_sources(run: Run, config: TrainConfig) -> list[TrainingSource]:
    settings = config.backbone
    images = settings.images or Backbone(settings.name, vocabulary=settings.vocabulary).image_preprocessing
    triplets = any((config.finetune, config.compose, config.expect))
    sources = open_sources(config, images, run.cache, triplets=triplets)
    report_skipped({source.name: source.skipped for source in sources}, run.skipped_file)
    return sources


def _take_weights(model: RetrievalModel, config: TrainConfig, start: Start | None, aligned: Start | None) -> None:
    """Load the weights of the start, or pretrained ones."""
    if start is not None:
        take = take_bundle if is_bundle(start.folder) else take_backbone
        take(model, start, learning=config.joint is not None)
        if aligned is not None:
            require_texts(model, Bundle(aligned.folder, device="cpu", precision="fp32"))
    else:
        _load_pretrained(model, config)
        if aligned is not None:
            take_texts(model, aligned)


def _composer_weights(model: RetrievalModel, config: TrainConfig, taken: Start | None) -> Mapping[str, Tensor]:
    """The composer's weights in a bundle; empty if it is trained from the beginning."""
    if config.compose and taken is not None and is_bundle(taken.folder):
        return composer_weights(model, taken, config.compose.text_rank)
    return {}


def _fit(
    stages: list[Stage], run: Run, config: TrainConfig, model: RetrievalModel, device: torch.device,
    checkpoint: Checkpoint | None,
) -> None:  # fmt: skip
    """Train the stages from that of the checkpoint on, and save a checkpoint after each."""
    names = [*(stage.name for stage in stages), DONE]
    first = names.index(checkpoint.stage) if checkpoint is not None else 0
    if first < len(stages):
        logger.info("training: %s", ", ".join(f"{stage.name} ({stage.steps:,} steps)" for stage in stages[first:]))
    rounded = config.backbone.weights == "int8"
    for stage, following in zip(stages[first:], names[first + 1 :], strict=True):
        if rounded and not stage.moves_backbone:
            model.backbone.round_weights()
        resumed = checkpoint if checkpoint is not None and checkpoint.stage == stage.name else None
        fit(stage, run, config, device, resumed)
        if rounded and following in (Expect.name, DONE):
            model.backbone.round_weights()
            round_to_int8(model.composer)
        if rounded and following == DONE and model.expectation is not None:
            round_to_int8(model.expectation)
        Checkpoint(following, 0, model.state_dict(), config=config.model_dump(mode="json")).save(run.folder)


def _load_pretrained(model: RetrievalModel, config: TrainConfig) -> None:
    """Load the pretrained weights that the config names for each tower."""
    vision, text = config.backbone.vision, config.backbone.text
    if vision is not None:
        load_vision_weights(model.backbone.clip.visual, fetch(vision.source, vision.sha256))
    if text is not None:
        model.backbone.clip.text.load(read_weights(fetch(text.source, text.sha256), text.member))


def _claim(run: Run, config: TrainConfig) -> None:
    """Write the config into a new run's folder, or check that the run there has the same one."""
    run.folder.mkdir(parents=True, exist_ok=True)
    if run.config_file.is_file():
        if run.config() != config:
            raise ModisteError(
                f"{run.folder} holds a run with another config.",
                hint="Train into another folder, or remove this one to start again.",
            )
        logger.info("resuming the run in %s", run.folder)
        return
    resolved = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
    run.config_file.write_text(resolved, encoding="utf-8")


def _prepare_words(run: Run, config: TrainConfig, start: Start | None, sources: list[TrainingSource]) -> None:
    """Write the tokenizer and the attribute words. Those of a start are kept as they are, because its weights
    depend on their ids."""
    if start is not None:
        run.tokenizer.write_bytes(start.tokenizer)
        if start.words:
            run.write_words(start.words)
    text = config.backbone.text
    if text is not None and not run.tokenizer.is_file():
        run.tokenizer.write_bytes(read_member(fetch(text.source, text.sha256), text.tokenizer))
    if not run.tokenizer.is_file():
        size = config.backbone.vocabulary
        made = train_tokenizer(vocabulary_texts(sources, config.seed), size) if size else clip_tokenizer()
        made.save(str(run.tokenizer))
    if config.joint and config.joint.attributes and not run.words_file.is_file():
        words = [word for source in sources for word in common_words(source.train, config.joint.attributes.least)]
        run.write_words(tuple(dict.fromkeys(words)))


def _stages(
    config: TrainConfig, model: RetrievalModel, sources: list[TrainingSource], initial: Mapping[str, Tensor]
) -> list[Stage]:
    stages: list[Stage] = []
    if config.joint:
        photographs = _photographs(config, model, sources)
        align = config.joint.align
        aligned = None if align is None else Bundle(bundle_folder(align), device="cpu")
        stages.append(Joint(model, sources, config.seed, config.joint, photographs, aligned))
    if config.finetune:
        stages.append(Finetune(model, sources, config.seed, config.finetune))
    if config.compose:
        stages.append(Compose(model, sources, config.seed, config.compose, initial))
    if config.expect:
        stages.append(Expect(model, sources, config.seed, config.expect))
    return stages


def _photographs(
    config: TrainConfig, model: RetrievalModel, sources: list[TrainingSource]
) -> list[TrainingPhotographs]:
    if config.joint is None or config.joint.photographs is None:
        return []
    known = kind_words(sources, model.words)
    return [TrainingPhotographs(source, model.images, model.words, known) for source in config.photographs]


def _device(name: str) -> torch.device:
    if name == "cuda" and not torch.cuda.is_available():
        raise ModisteError("torch finds no CUDA device.", hint="Set `device: cpu` or `device: auto`.")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")
