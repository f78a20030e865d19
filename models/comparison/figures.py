"""What is measured of the runs of a comparison and of the backbone that they share, kept as JSON."""

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
from models.training.curve import training_seconds
from models.training.model import RetrievalModel
from models.training.run import Run

FIGURES = "figures.json"

Questions = list[tuple[TripletDataset, Pixels]]
"""The held-out queries of each source, with the pixels of their gallery."""


class Figures(BaseModel):
    """What is known of one trained run; kept in its folder."""

    queries: int
    """Asked of each kind at most."""
    metrics: list[Metric]
    composer: int
    """Learnt numbers of the composer, what only training needs among them."""
    adaptation: int
    """Learnt numbers by which the composer's text tower differs from the backbone's."""
    seconds: float
    """That stage 2 took."""


class BackboneFigures(BaseModel):
    """What the backbone of all runs does without any composer; kept in the comparison's folder."""

    queries: int
    metrics: list[Metric]
    styles: dict[int, list[Metric]]
    """The style search, by the seed that its queries are drawn with; empty lists where the backbone has no words."""


def measured_run(
    run: Run, questions: Questions, gallery: Callable[[RetrievalModel], Sequence[EncodedGallery]], queries: int
) -> Figures:
    """Measure a trained run, or take what is kept of it.

    Args:
        run: Its composer alone is measured.
        questions: What it is asked.
        gallery: Gives the encoded galleries of ``questions`` with what a model's composer takes of them.
        queries: How many of each kind ``questions`` holds at most.
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
    """Measure what the backbone does alone, or take what ``path`` keeps.

    Args:
        model: The finished run that all others start from.
        questions, queries: As for ``measured_run``; of the style search a quarter as many, of each of its kinds.
        seeds: To draw the queries of the style search.
        path: Where the figures are kept.
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
    """Whole or not at all: the work may be killed here as anywhere."""
    temporary = path.with_suffix(".part")
    temporary.write_text(figures.model_dump_json(indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)
