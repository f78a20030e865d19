"""Figures of the runs of a comparison and of their common backbone, stored as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import BaseModel

from models.bundle.images import Pixels
from models.bundle.manifest import Metric
from models.comparison.entries import BACKBONE
from models.datasets.triplets.triplet import TripletDataset
from models.evaluation.encoding import EncodedGallery
from models.evaluation.held_out.edits import evaluate
from models.evaluation.held_out.sources import save_metrics
from models.evaluation.held_out.style_queries import StyleGallery, half_of
from models.evaluation.held_out.style_search import style_metrics
from models.files import replacing
from models.training.curve import training_seconds
from models.training.model import RetrievalModel
from models.training.run import Run

FIGURES = "figures.json"

Questions = list[tuple[TripletDataset, Pixels]]
"""The held-out queries of each source, with the pixels of their gallery."""


class Figures(BaseModel):
    """Figures of one trained run, stored in its folder."""

    queries: int
    """Maximum number of queries of each kind."""
    metrics: list[Metric]
    composer: int
    """Number of parameters of the composer, including those used in training alone."""
    adaptation: int
    """Number of parameters in which the composer's text tower differs from the backbone's."""
    seconds: float
    """Duration of stage 2."""


class BackboneFigures(BaseModel):
    """Figures of the backbone without a composer, stored in the comparison's folder."""

    queries: int
    metrics: list[Metric]
    styles: dict[int, list[Metric]]
    """Style search by the seed of its queries; empty lists if the backbone has no attribute words."""


def measured_run(
    run: Run, questions: Questions, gallery: Callable[[RetrievalModel], Sequence[EncodedGallery]], queries: int
) -> Figures:
    """Measure a trained run, or read its stored figures.

    Args:
        run: The run; only its composer is measured.
        questions: The queries.
        gallery: Returns the encoded galleries of ``questions`` for a model.
        queries: Maximum number of queries of each kind in ``questions``.
    """
    path = run.folder / FIGURES
    if path.is_file():
        kept = Figures.model_validate_json(path.read_text(encoding="utf-8"))
        if kept.queries == queries:
            return kept
    model = run.model()
    metrics = [
        metric
        for (dataset, _), encoded in zip(questions, gallery(model), strict=True)
        for metric in evaluate(model, encoded, dataset, beside=False)
    ]
    save_metrics(run, metrics)
    adapted = model.backbone.adapted_text
    figures = Figures(
        queries=queries, metrics=metrics, seconds=training_seconds(run.log),
        composer=sum(weight.numel() for weight in model.composer.parameters()),
        adaptation=sum(w.numel() for w in adapted.parameters() if w.requires_grad) if adapted is not None else 0,
    )  # fmt: skip
    _write(path, figures)
    return figures


def measured_backbone(
    model: RetrievalModel, questions: Questions, seeds: Sequence[int], queries: int, path: Path
) -> BackboneFigures:
    """Measure the backbone alone, or read its stored figures.

    Args:
        model: The model of the run from which all others start.
        questions, queries: As for ``measured_run``. Style search has a quarter as many queries of each kind.
        seeds: Seeds of the queries of the style search.
        path: File of the stored figures.
    """
    kept = BackboneFigures.model_validate_json(path.read_text(encoding="utf-8")) if path.is_file() else None
    if kept is not None and kept.queries == queries and kept.styles.keys() >= set(seeds):
        return kept
    metrics: list[Metric] = []
    styles: dict[int, list[Metric]] = {seed: [] for seed in seeds}
    for dataset, pixels in questions:
        gallery = EncodedGallery(model, pixels)
        metrics += [metric for metric in evaluate(model, gallery, dataset) if metric.method in BACKBONE]
        rows = half_of(dataset.products, "measured") if model.words else []
        if rows:
            half = StyleGallery([dataset.products[row] for row in rows], model.words)
            encoded = EncodedGallery(model, pixels[rows])
            for seed in seeds:
                asked = half.queries(queries // 4, seed)
                styles[seed] += style_metrics(model, encoded, half, asked, dataset.name)
    figures = BackboneFigures(queries=queries, metrics=metrics, styles=styles)
    _write(path, figures)
    return figures


def _write(path: Path, figures: BaseModel) -> None:
    with replacing(path) as stream:
        stream.write((figures.model_dump_json(indent=1) + "\n").encode())
