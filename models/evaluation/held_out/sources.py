"""Figures of a run or a bundle: measured, saved, and put into the bundle that is exported."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from models.bundle.images import ImagePreprocessing, Pixels
from models.bundle.manifest import Metric
from models.datasets.pictures import load_pictures
from models.datasets.triplets.attribute_triplets import NoTriplets
from models.datasets.triplets.triplet import TripletDataset
from models.errors import ModisteError
from models.evaluation.encoding import EncodedGallery, Encoder
from models.evaluation.held_out.edits import evaluate
from models.evaluation.tables import write_json
from models.training.config import TrainConfig
from models.training.data.sources import Draw, split_source, validation_queries
from models.training.run import Run

logger = logging.getLogger(__name__)


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
        readable, pixels, unreadable = load_pictures(validation, images, cache)
        if unreadable:
            logger.warning("%s: %d held-out products have no readable picture", settings.name, len(unreadable))
        try:
            dataset = validation_queries(settings, readable, queries, drawn)
        except NoTriplets as error:
            logger.warning("What %s holds out gives no queries and is not measured: %s", settings.name, error)
            continue
        yield dataset, pixels


def save_metrics(run: Run, metrics: Sequence[Metric]) -> None:
    """Keep the figures beside the checkpoint."""
    write_json(run.metrics, metrics)
