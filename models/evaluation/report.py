"""Figures of a run or a bundle: measured, saved, and put into the bundle that is exported."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from models.bundle.images import ImagePreprocessing, Pixels
from models.bundle.manifest import BundleManifest, Metric
from models.datasets.attribute_triplets import NoTriplets
from models.datasets.pictures import load_pixels
from models.datasets.triplet import TripletDataset
from models.errors import ModisteError
from models.evaluation.card import model_card
from models.evaluation.protocols import EncodedGallery, Encoder, evaluate
from models.evaluation.tables import write_json
from models.export.bundle import export_bundle
from models.training.config import TrainConfig
from models.training.run import Run
from models.training.sources import Draw, split_source, validation_queries

logger = logging.getLogger(__name__)

PARITY_PICTURES = 64
PARITY_TEXTS = 128


def evaluate_run(run: Run, queries: int = 2000) -> list[Metric]:
    """Measure a trained run on the products that its sources hold out."""
    model = run.model()
    return evaluate_config(model, model.images, run.config(), run.cache, queries)


def evaluate_config(
    encoder: Encoder, images: ImagePreprocessing, config: TrainConfig, cache: Path, queries: int = 2000
) -> list[Metric]:
    """Measure on the products that a config's sources hold out.

    Args:
        encoder: A model or a bundle.
        images: Its preprocessing.
        config: Names the sources, and with them what was held out.
        cache: Where decoded pictures are kept.
        queries: At most so many of each kind of edit, chosen by the source's seed.

    Raises:
        ModisteError: No source holds anything out.
    """
    metrics: list[Metric] = []
    both = (held_out(images, config, cache, queries, drawn) for drawn in get_args(Draw))
    for (questions, pixels), (pairs, _) in zip(*both, strict=True):
        gallery = EncodedGallery(encoder, pixels)
        metrics += evaluate(encoder, gallery, questions) + evaluate(encoder, gallery, pairs)
    if not metrics:
        raise ModisteError(
            "No source of this config holds products out, so there is nothing to measure on.",
            hint="Give a source a `validation_share`.",
        )
    return metrics


def held_out(
    images: ImagePreprocessing, config: TrainConfig, cache: Path, queries: int = 2000, drawn: Draw = "questions"
) -> Iterator[tuple[TripletDataset, Pixels]]:
    """The queries over what each of a config's sources holds out, and their gallery's pixels.

    ``drawn`` is as ``validation_queries`` takes it.
    """
    for settings in config.sources:
        _, validation = split_source(settings, cache)
        if not validation:
            continue
        try:
            dataset = validation_queries(settings, validation, queries, drawn)
        except NoTriplets as error:
            logger.warning("What %s holds out gives no queries and is not measured: %s", settings.name, error)
            continue
        yield dataset, load_pixels(validation, images, cache)


def export_run(run: Run, folder: Path, version: str, licence: str | None = None) -> BundleManifest:
    """Export a run with its saved figures and a model card; pictures for the parity check are held-out ones.

    Raises:
        ModisteError: The run was not evaluated, nothing says under which ``licence`` the weights of others may be used,
            or the export differs from the trained model.
    """
    config, model = run.config(), run.model()
    if not run.metrics.is_file():
        raise ModisteError(f"{run.folder} has no metrics yet.", hint=f"Run: modiste models evaluate {run.folder}")
    metrics = [Metric.model_validate(entry) for entry in json.loads(run.metrics.read_text(encoding="utf-8"))]
    terms = _licence(config, licence)
    pictures: list[bytes] = []
    texts: list[str] = []
    trained_on: list[str] = []
    chance = random.Random(config.seed)
    for settings in config.sources:
        learnt, held = split_source(settings, run.cache)
        trained_on.append(f"{settings.name}: {len(learnt)} products, {len(held)} held out")
        shown = held or learnt
        pictures += [product.read_image() for product in chance.sample(shown, min(len(shown), PARITY_PICTURES))]
        texts += [product.title for product in chance.sample(shown, min(len(shown), PARITY_TEXTS))]
    return export_bundle(
        model, folder, name=config.name, version=version, tokenizer=run.tokenizer, pictures=pictures, texts=texts,
        trained_on=trained_on, metrics=metrics, licence=terms,
        card=model_card(config, version, model, metrics, trained_on),
    )  # fmt: skip


def _licence(config: TrainConfig, given: str | None) -> str:
    """Weights that someone else trained keep their terms, which no code can know."""
    settings = config.backbone
    if given is None and (settings.pretrained or ":" in settings.name):
        raise ModisteError(
            f"Under which licence may a bundle with the weights of {settings.pretrained or settings.name} be used?",
            hint="Say it with --licence; it goes into the manifest.",
        )
    return given or "Apache-2.0"


def save_metrics(run: Run, metrics: Sequence[Metric]) -> None:
    """Keep the figures beside the checkpoint."""
    write_json(run.metrics, metrics)
