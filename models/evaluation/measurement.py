"""``modiste models evaluate``: measures a run, a bundle or given vectors, on held-out products or by protocols.

Torch is imported only if needed. Bundles and vectors are measured by published protocols without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from catalog.errors import ModisteError
from models.bundle import Bundle, bundle_folder
from models.bundle.images import ImagePreprocessing
from models.bundle.manifest import MANIFEST_NAME, Metric
from models.evaluation.encoding import Encoder
from models.evaluation.held_out.labelled_photographs import PHOTOS, STREET
from models.evaluation.held_out.photographs import evaluate_photographs, search_photographs
from models.evaluation.held_out.style_search import STYLE_SEARCH, evaluate_style
from models.evaluation.held_out.style_weights import STYLE_WEIGHTS, evaluate_style_weights
from models.evaluation.held_out.uploads import UPLOADS, evaluate_uploads
from models.evaluation.published.models import evaluate_encoder
from models.evaluation.published.protocols import evaluate_vectors, find_protocol
from models.evaluation.published.vectors import read_vectors
from models.evaluation.whole_search import ProtocolOfSearch, Serve, evaluate_search
from models.extras import require_torch
from models.training.config import TrainConfig, config_of_bundle

if TYPE_CHECKING:
    from models.training.run import Run

HELD_OUT = (STYLE_SEARCH, STYLE_WEIGHTS, UPLOADS, PHOTOS, STREET)
"""Protocols on the held-out products of a config."""
CACHE = Path("runs") / "cache"
"""Cache of decoded pictures for the measurement of bundles."""


class Subject(NamedTuple):
    """A model to measure, from a run or a bundle."""

    name: str
    encoder: Encoder
    images: ImagePreprocessing
    words: Sequence[str]
    """Its attribute words; empty without an attribute head."""
    run: Run | None
    """None for a bundle."""

    def held_out(self, config: str | None) -> tuple[TrainConfig, Path]:
        """The config that determines the held-out products, and the cache of their decoded pictures.

        Args:
            config: Path or name of a config for a bundle; None takes the config with the bundle's name. Ignored for a
                run, which has a config.
        """
        if self.run is not None:
            return self.run.config(), self.run.cache
        return config_of_bundle(self.name, config), CACHE


def open_subject(folder: Path) -> Subject:
    """Open a bundle (``shipped`` is the one that comes with Modiste) or the model of a run.

    Raises:
        ModisteError: The folder holds neither.
        MissingExtra: The folder holds a run, and torch is not installed.
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
    """Measure on held-out products; the figures of a run are saved in its folder.

    Args:
        model: Folder of a run or a bundle.
        config: As in ``Subject.held_out``.
        queries: Maximum number of queries of each kind of edit.

    Raises:
        ModisteError: The model or the config cannot be opened, or no source has held-out products.
    """
    require_torch("Evaluation on held-out products")
    from models.evaluation.held_out.sources import evaluate_config, save_metrics

    subject = open_subject(model)
    metrics = evaluate_config(subject.encoder, subject.images, *subject.held_out(config), queries)
    if subject.run is not None:
        save_metrics(subject.run, metrics)
    return metrics


def _measure_held_out_by(
    protocol: str, model: Path | None, config: str | None, queries: int, serve: Serve | None
) -> list[Metric]:
    require_torch("Evaluation on held-out products")
    if model is None:
        raise ModisteError(f"The protocol {protocol} needs a model.", hint="Give the folder of a run or a bundle.")
    subject = open_subject(model)
    if protocol in (STYLE_SEARCH, STYLE_WEIGHTS):
        measure = evaluate_style if protocol == STYLE_SEARCH else evaluate_style_weights
        return measure(subject.encoder, subject.images, subject.words, *subject.held_out(config), queries)
    if protocol in (PHOTOS, STREET):
        held_out = subject.held_out(config)
        metrics = evaluate_photographs(protocol, subject.encoder, subject.images, *held_out, queries)
        if subject.run is None and serve is not None:
            metrics += search_photographs(protocol, serve, bundle_folder(model), *held_out, queries)
        return metrics
    return evaluate_uploads(subject.encoder, subject.images, *subject.held_out(config), queries)


def _measure_search(
    protocol: str, measure: ProtocolOfSearch, model: Path | None, config: str | None, queries: int
) -> list[Metric]:
    if model is None or not (bundle_folder(model) / MANIFEST_NAME).is_file():
        raise ModisteError(
            f"The protocol {protocol} needs a bundle.", hint="Give the folder of a bundle (`modiste models export`)."
        )
    subject = open_subject(model)
    return evaluate_search(protocol, measure, bundle_folder(model), *subject.held_out(config), queries)


def measure_by_protocols(
    names: Sequence[str], model: Path | None, vectors: Path | None, *, config: str | None, queries: int,
    annotations: Path | None, categories: Sequence[str], images: Path | None,
    of_search: Mapping[str, ProtocolOfSearch], serve: Serve | None,
) -> list[Metric]:  # fmt: skip
    """Measure a model or given vectors by protocols on held-out products and by published ones.

    Args:
        names: Names of protocols. Published ones must all be of one dataset.
        model: Folder of a run or a bundle.
        vectors: A file as in ``read_vectors``, instead of a model, for published protocols.
        config, queries: As in ``measure_held_out``.
        annotations: Folder of the dataset's annotations.
        categories: Categories of FashionIQ; empty for all.
        images: Folder of the dataset's pictures.
        of_search: Protocols over the whole search, by name.
        serve: Serves held-out products, for ``photos`` and ``street`` of a bundle; None measures without a service.

    Raises:
        ModisteError: An argument is missing, both model and vectors are given, or a file cannot be used.
    """
    held_out = [name for name in names if name in HELD_OUT]
    searched = [name for name in names if name in of_search]
    published = [name for name in names if name not in HELD_OUT and name not in of_search]
    metrics = [metric for name in held_out for metric in _measure_held_out_by(name, model, config, queries, serve)]
    for name in searched:
        metrics += _measure_search(name, of_search[name], model, config, queries)
    if published:
        metrics += _measure_published(published, model, vectors, annotations, categories, images)
    return metrics


def _measure_published(
    names: Sequence[str], model: Path | None, vectors: Path | None, annotations: Path | None,
    categories: Sequence[str], images: Path | None,
) -> list[Metric]:  # fmt: skip
    if annotations is None or (model is None) == (vectors is None):
        raise ModisteError(
            "A published protocol needs --annotations, and either a model or --vectors.",
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
