"""Exports a trained run with its figures and a model card."""

from __future__ import annotations

import json
import random
from pathlib import Path

from catalog.errors import ModisteError
from models.bundle.manifest import BundleManifest, Metric
from models.datasets.pictures import load_pictures
from models.export.bundle import export_bundle
from models.export.model_card import model_card
from models.training.config import TrainConfig
from models.training.data.sources import split_source
from models.training.inputs import WeightSource
from models.training.run import Run

PARITY_PICTURES = 64
PARITY_TEXTS = 128


def export_run(run: Run, folder: Path, version: str, licence: str | None = None) -> BundleManifest:
    """Export a run with its saved figures and a model card. The parity check uses held-out pictures.

    Raises:
        ModisteError: The run was not evaluated, the licence of its pretrained weights is not stated, or the export
            differs from the trained model.
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
        learnt, held = (load_pictures(side, model.images, run.cache)[0] for side in split_source(settings, run.cache))
        trained_on.append(f"{settings.name}: {len(learnt)} products, {len(held)} held out")
        checked = held or learnt
        pictures += [product.read_image() for product in chance.sample(checked, min(len(checked), PARITY_PICTURES))]
        texts += [product.title for product in chance.sample(checked, min(len(checked), PARITY_TEXTS))]
    return export_bundle(
        model, folder, name=config.name, version=version, tokenizer=run.tokenizer, pictures=pictures, texts=texts,
        trained_on=trained_on, metrics=metrics, licence=terms,
        card=model_card(config, version, model, metrics, trained_on),
    )  # fmt: skip


def _licence(config: TrainConfig, given: str | None) -> str:
    """The licence of the bundle: as ``given``, or as the config states it for its pretrained weights."""
    settings = config.backbone
    named = [weights for weights in (settings.pretrained, settings.vision, settings.text) if weights is not None]
    stated = {weights.licence for weights in named if isinstance(weights, WeightSource) and weights.licence}
    unstated = [one for one in named if isinstance(one, str) or one.licence is None]
    if given is None and (unstated or ":" in settings.name):
        weights = unstated[0] if unstated else settings.name
        raise ModisteError(
            f"The licence of the pretrained weights {getattr(weights, 'source', weights)} is not stated.",
            hint="Give the licence of the bundle with --licence, or state `licence` with the source in the config.",
        )
    return given or " AND ".join(sorted({"Apache-2.0", *stated}))
