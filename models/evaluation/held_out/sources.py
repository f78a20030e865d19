"""The held-out queries of a config's sources, and the figures of a run or a bundle on them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from catalog.errors import ModisteError
from models.bundle.images import ImagePreprocessing, Pixels
from models.bundle.manifest import Metric
from models.datasets.pictures import load_pictures
from models.datasets.triplets.attribute_triplets import NoTriplets
from models.datasets.triplets.triplet import TripletDataset
from models.evaluation.encoding import EncodedGallery, Encoder
from models.evaluation.held_out.edits import evaluate
from models.evaluation.held_out.labelled_photographs import ALL_LABELS, COLOURED, NARROWER, NoKindInCommon
from models.evaluation.held_out.photographs import evaluate_photographs
from models.evaluation.tables import write_json
from models.training.config import TrainConfig
from models.training.data.held_out_queries import Draw, validation_queries
from models.training.data.sources import split_source
from models.training.run import Run

logger = logging.getLogger(__name__)


def evaluate_run(run: Run, queries: int = 2000) -> list[Metric]:
    """Measure a trained run on the held-out products of its sources, and the means over its held-out photographs."""
    model, config = run.model(), run.config()
    metrics = evaluate_config(model, model.images, config, run.cache, queries)
    for kind in dict.fromkeys(source.kind for source in config.photographs if source.validation_share):
        if not all(source.path.is_dir() for source in config.photographs if source.kind == kind):
            logger.warning("the photographs of the kind %s are not available and are not measured", kind)
            continue
        try:
            found = evaluate_photographs(kind, model, model.images, config, run.cache, queries)
        except NoKindInCommon as error:
            logger.warning("the photographs of the kind %s are not measured: %s", kind, error)
            continue
        metrics += [metric for metric in found if metric.edit.startswith((ALL_LABELS, NARROWER, COLOURED))]
    return metrics


def evaluate_config(
    encoder: Encoder, images: ImagePreprocessing, config: TrainConfig, cache: Path, queries: int = 2000
) -> list[Metric]:
    """Measure on the held-out products of a config's sources.

    Args:
        encoder: A model or a bundle.
        images: Its preprocessing.
        config: Determines the sources and the held-out products.
        cache: Cache of decoded pictures.
        queries: Maximum number of queries of each kind of edit, drawn with the source's seed.

    Raises:
        ModisteError: No source has held-out products.
    """
    metrics: list[Metric] = []
    both = (held_out(images, config, cache, queries, drawn) for drawn in get_args(Draw))
    for (questions, pixels), (pairs, _) in zip(*both, strict=True):
        gallery = EncodedGallery(encoder, pixels)
        metrics += evaluate(encoder, gallery, questions) + evaluate(encoder, gallery, pairs)
    if not metrics:
        raise ModisteError(
            "No source of this config has held-out products, so there are no queries.",
            hint="Give a source a `validation_share`.",
        )
    return metrics


def held_out(
    images: ImagePreprocessing, config: TrainConfig, cache: Path, queries: int = 2000, drawn: Draw = "questions"
) -> Iterator[tuple[TripletDataset, Pixels]]:
    """The queries on each source's held-out products, and the pixels of their gallery.

    ``drawn`` is as in ``validation_queries``.
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
            logger.warning("the held-out products of %s give no queries and are not measured: %s", settings.name, error)
            continue
        yield dataset, pixels


def save_metrics(run: Run, metrics: Sequence[Metric]) -> None:
    """Save the figures in the run's folder."""
    write_json(run.metrics, metrics)
