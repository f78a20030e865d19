"""What ``modiste models evaluate`` measures: a run, a bundle or given vectors, on held-out products or by protocols.

Torch is only imported for what needs it: a bundle and vectors go through the protocols of the literature without.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from models.bundle import Bundle, bundle_folder
from models.bundle.images import ImagePreprocessing
from models.bundle.manifest import MANIFEST_NAME, Metric
from models.errors import ModisteError
from models.evaluation.encoding import Encoder
from models.evaluation.held_out.photographs import PHOTOS, STREET, evaluate_photographs
from models.evaluation.held_out.style_search import STYLE_SEARCH, evaluate_style
from models.evaluation.held_out.style_weights import STYLE_WEIGHTS, evaluate_style_weights
from models.evaluation.held_out.uploads import UPLOADS, evaluate_uploads
from models.evaluation.published.models import evaluate_encoder
from models.evaluation.published.protocols import evaluate_vectors, find_protocol
from models.evaluation.published.vectors import read_vectors
from models.training.config import TrainConfig, config_of_bundle
from models.training.torch_required import require_torch

if TYPE_CHECKING:
    from models.training.run import Run

HELD_OUT = (STYLE_SEARCH, STYLE_WEIGHTS, UPLOADS, PHOTOS, STREET)
"""Protocols over the products that a config holds out."""
CACHE = Path("runs") / "cache"
"""Where decoded pictures are kept that a bundle is measured on."""


class Subject(NamedTuple):
    """A model to be measured, from a run's folder or a bundle's."""

    name: str
    encoder: Encoder
    images: ImagePreprocessing
    words: Sequence[str]
    """Its attribute words; none without an attribute head."""
    run: Run | None
    """None for a bundle."""

    def held_out(self, config: str | None) -> tuple[TrainConfig, Path]:
        """The config that names the held-out products, and where their decoded pictures are kept.

        Args:
            config: A file's path or a config's name, for a bundle; without, the config of the bundle's name. A run has
                its own.
        """
        if self.run is not None:
            return self.run.config(), self.run.cache
        return config_of_bundle(self.name, config), CACHE


def open_subject(folder: Path) -> Subject:
    """Open a bundle (``shipped`` is the one that comes with Modiste) or the model of a run.

    Raises:
        ModisteError: The folder holds neither, or a run that torch is missing for.
    """
    folder = bundle_folder(folder)
    if (folder / MANIFEST_NAME).is_file():
        bundle = Bundle(folder)
        return Subject(bundle.manifest.name, bundle, bundle.manifest.images, bundle.manifest.attributes, None)
    require_torch("Measuring a run")
    from models.training.run import Run

    run = Run(folder)
    model = run.model()
    return Subject(run.config().name, model, model.images, model.words, run)


def measure_held_out(model: Path, config: str | None, queries: int) -> list[Metric]:
    """Measure on held-out products; a run keeps the figures.

    Args:
        model: A run's folder, or a bundle's.
        config: As ``Subject.held_out`` takes it.
        queries: At most so many of each kind of edit.

    Raises:
        ModisteError: The model or the config cannot be opened, or no source holds anything out.
    """
    require_torch("Evaluation on held-out products")
    from models.evaluation.held_out.sources import evaluate_config, save_metrics

    subject = open_subject(model)
    metrics = evaluate_config(subject.encoder, subject.images, *subject.held_out(config), queries)
    if subject.run is not None:
        save_metrics(subject.run, metrics)
    return metrics


def _measure_held_out_by(protocol: str, model: Path | None, config: str | None, queries: int) -> list[Metric]:
    require_torch("Evaluation on held-out products")
    if model is None:
        raise ModisteError(f"The protocol {protocol} measures a model.", hint="Give a run's folder, or a bundle's.")
    subject = open_subject(model)
    if protocol in (STYLE_SEARCH, STYLE_WEIGHTS):
        measure = evaluate_style if protocol == STYLE_SEARCH else evaluate_style_weights
        return measure(subject.encoder, subject.images, subject.words, *subject.held_out(config), queries)
    if protocol in (PHOTOS, STREET):
        return evaluate_photographs(protocol, subject.encoder, subject.images, *subject.held_out(config), queries)
    return evaluate_uploads(subject.encoder, subject.images, *subject.held_out(config), queries)


def measure_by_protocols(
    names: Sequence[str], model: Path | None, vectors: Path | None, *, config: str | None, queries: int,
    annotations: Path | None, categories: Sequence[str], images: Path | None,
) -> list[Metric]:  # fmt: skip
    """Measure a model or given vectors by named protocols: those over held-out products, and those of the literature,
    all of the latter over one dataset.

    Args:
        names: Of the protocols.
        model: A run's folder, or a bundle's.
        vectors: A file as ``read_vectors`` reads it, in place of a model, for the protocols of the literature.
        config, queries: As ``measure_held_out`` takes them.
        annotations: Folder of the dataset's annotations.
        categories: FashionIQ: only these; all where none is given.
        images: Folder of the dataset's pictures.

    Raises:
        ModisteError: Something is missing, or there are both model and vectors; or a file cannot be used.
    """
    held_out = [name for name in names if name in HELD_OUT]
    published = [name for name in names if name not in HELD_OUT]
    metrics = [metric for name in held_out for metric in _measure_held_out_by(name, model, config, queries)]
    if published:
        metrics += _measure_published(published, model, vectors, annotations, categories, images)
    return metrics


def _measure_published(
    names: Sequence[str], model: Path | None, vectors: Path | None, annotations: Path | None,
    categories: Sequence[str], images: Path | None,
) -> list[Metric]:  # fmt: skip
    if annotations is None or (model is None) == (vectors is None):
        raise ModisteError(
            "A protocol needs --annotations, and either a model or --vectors.",
            hint="Write for example: --protocol fashioniq-original --annotations DIR --vectors FILE.npz",
        )
    asked = {
        protocol: protocol.read(annotations, categories=categories, images=images)
        for protocol in map(find_protocol, names)
    }
    if vectors is not None:
        given = read_vectors(vectors)
        return [
            metric
            for protocol, read in asked.items()
            for metric in evaluate_vectors(protocol, read, given, f"vectors of {vectors.name}")
        ]
    assert model is not None
    subject = open_subject(model)
    return evaluate_encoder(asked, subject.encoder, subject.images)
