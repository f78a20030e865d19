"""Comparison of composers with the same backbone, data, budget, seeds and queries.

Every entry and seed is a run that starts from one finished run; all runs are in one folder. Finished runs are not
trained again, so a comparison can be interrupted and resumed, and a failed run does not stop the others.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from catalog.errors import ModisteError
from models.comparison.entries import Budget, ComparisonSettings, Entry, config_of
from models.comparison.figures import BackboneFigures, Figures, Questions, measured_backbone, measured_run
from models.evaluation.encoding import EncodedGallery
from models.evaluation.held_out.sources import held_out
from models.export.from_run import export_run
from models.training.checkpoint import CHECKPOINT, DONE, Checkpoint
from models.training.config import TrainConfig
from models.training.model import RetrievalModel
from models.training.run import Run
from models.training.train import train

logger = logging.getLogger(__name__)

BUNDLE = "bundle"
BACKBONE_FIGURES = "backbone.json"


@dataclass
class Comparison:
    """The results of a comparison."""

    settings: ComparisonSettings
    budget: Budget
    seeds: tuple[int, ...]
    start: Run
    queries: int
    backbone: BackboneFigures
    questions: Questions
    figures: dict[str, dict[int, Figures]] = field(default_factory=dict)
    """By entry and seed."""
    runs: dict[str, dict[int, Run]] = field(default_factory=dict)
    """By entry and seed."""
    bundles: dict[str, Path] = field(default_factory=dict)
    """By entry, of the first seed that was trained."""
    failures: dict[str, str] = field(default_factory=dict)
    """Error messages by run or bundle."""
    untrained: list[str] = field(default_factory=list)
    """Runs that were not requested and do not exist."""
    galleries: dict[tuple[str, str], list[EncodedGallery]] = field(default_factory=dict)
    """Encoded galleries of ``questions``, by the composers' input for references; the vision tower is the same."""

    def gallery(self, model: RetrievalModel) -> list[EncodedGallery]:
        """The galleries of ``questions`` with reference features for the composer of ``model``."""
        key = model.composer.reference, model.composer.parts
        if key not in self.galleries:
            self.galleries[key] = [EncodedGallery(model, pixels) for _, pixels in self.questions]
        return self.galleries[key]


def compare(
    settings: ComparisonSettings,
    start: Run,
    output: Path,
    *,
    seeds: Sequence[int] = (),
    only: Collection[str] = (),
    steps: int | None = None,
    queries: int = 2000,
) -> Comparison:
    """Train and measure all runs that are not finished.

    Args:
        settings: What is compared.
        start: A finished run, whose backbone, tokenizer, words and sources all entries use.
        output: Folder of the runs, ``<entry>-<seed>``.
        seeds: Override those of ``settings``.
        only: Names of entries to train; of the others, only finished runs are included.
        steps: Overrides those of the budget.
        queries: Maximum number of queries of each kind of edit.

    Raises:
        ModisteError: ``start`` is not finished or has no held-out products, or ``output`` belongs to another run.
    """
    budget = settings.budget.model_copy(update={} if steps is None else {"steps": steps})
    seeds = tuple(seeds) or settings.seeds
    chosen = settings.chosen(only)
    _claim(start, output)
    model = start.model()
    questions = list(held_out(model.images, start.config(), start.cache, queries))
    if not questions:
        raise ModisteError(
            f"The sources of {start.folder} have no held-out products, so there are no queries.",
            hint="Give a source a `validation_share` and train again.",
        )
    backbone = measured_backbone(model, questions, seeds, queries, output / BACKBONE_FIGURES)
    found = Comparison(settings, budget, seeds, start, queries, backbone, questions)
    waiting = [(entry, seed) for seed in seeds for entry in settings.entries]
    clock = _Clock([entry.name for entry, seed in waiting if entry in chosen])
    for entry, seed in waiting:
        name = f"{entry.name}-{seed}"
        run = Run(output / name, start.cache)
        _with_failures(found, name, partial(_one, found, entry, seed, run, entry in chosen, clock))
    for entry in settings.entries:
        for run in list(found.runs.get(entry.name, {}).values())[:1]:
            _with_failures(found, f"{entry.name}: export", partial(_export, found, entry, run))
    return found


def _with_failures(found: Comparison, what: str, work: Callable[[], None]) -> None:
    """Do ``work``; log and keep an error instead of raising it."""
    try:
        work()
    except ModisteError as error:
        logger.error("%s failed: %s", what, error.message)
        found.failures[what] = error.message
    except Exception as error:  # Any error of one run must not lose the results of the others.
        logger.exception("%s failed", what)
        found.failures[what] = f"{type(error).__name__}: {error}"


def _one(found: Comparison, entry: Entry, seed: int, run: Run, wanted: bool, clock: _Clock) -> None:
    """Train and measure one run, unless it is finished."""
    begun = time.monotonic()
    try:
        config = config_of(entry, found.budget, seed, found.start)
        if not _is_trained(run, config):
            if not wanted:
                found.untrained.append(run.folder.name)
                return
            train(config, run.folder, run.cache)
        found.figures.setdefault(entry.name, {})[seed] = measured_run(
            run, found.questions, found.gallery, found.queries
        )
        found.runs.setdefault(entry.name, {})[seed] = run
    finally:
        if wanted:
            kept = found.figures.get(entry.name, {}).get(seed)
            clock.passed(entry.name, max(time.monotonic() - begun, kept.seconds if kept else 0))


def _is_trained(run: Run, config: TrainConfig) -> bool:
    if not run.config_file.is_file() or run.config() != config:
        return False
    checkpoint = Checkpoint.load(run.folder)
    return checkpoint is not None and checkpoint.stage == DONE


def _export(found: Comparison, entry: Entry, run: Run) -> None:
    folder = run.folder / BUNDLE
    if not folder.is_dir():
        export_run(run, folder, "1.0.0")
    found.bundles[entry.name] = folder


def _claim(start: Run, output: Path) -> None:
    """Check that all runs in ``output`` start from the same checkpoint."""
    start.config()
    checkpoint = Checkpoint.load(start.folder)
    if checkpoint is None or checkpoint.stage != DONE:
        raise ModisteError(
            f"The run {start.folder} is not finished.", hint="Finish it first: run `modiste models train` again."
        )
    digest = hashlib.blake2b((start.folder / CHECKPOINT).read_bytes(), digest_size=8).hexdigest()
    began, path = {"start": str(start.folder), "checkpoint": digest}, output / "start.json"
    if not path.is_file():
        output.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(began) + "\n", encoding="utf-8")
    elif json.loads(path.read_text(encoding="utf-8"))["checkpoint"] != digest:
        raise ModisteError(
            f"The runs in {output} have a different backbone from {start.folder}.",
            hint="Give another --output folder, or remove this one.",
        )


class _Clock:
    """Estimates the remaining time from the durations of finished runs."""

    def __init__(self, waiting: list[str]) -> None:
        self.waiting = waiting
        self.count = len(waiting)
        self.took: dict[str, list[float]] = {}

    def passed(self, entry: str, seconds: float) -> None:
        self.waiting.remove(entry)
        self.took.setdefault(entry, []).append(seconds)
        # The longest duration of the same entry; the mean of the others if it is new.
        times = {name: max(took) for name, took in self.took.items()}
        usual = sum(times.values()) / len(times)
        left = sum(times.get(name, usual) for name in self.waiting)
        logger.info(
            "%d of %d runs, the last one %s (%.0f s); about %.0f min left",
            self.count - len(self.waiting), self.count, entry, seconds, left / 60,
        )  # fmt: skip
