"""A run of one short epoch on drawn garments, which other runs start from."""

from __future__ import annotations

from pathlib import Path

from models.training.config import TrainConfig, read_config
from models.training.run import Run
from models.training.train import train
from tests.drawn import Draw

CONFIG = """
name: first
seed: 3
device: cpu
precision: fp32
backbone:
  name: tiny
  vocabulary: 600
  images: {height: 80, width: 64, pad_ratio: 1.0, fill: 255, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]}
sources:
  - {name: garments, kind: garments, count: 240, seed: 2, validation_share: 0.4}
joint: {epochs: 1, batch: 32, lr: 0.001, attributes: {least: 5}}
"""


def first_run(runs: Path, drawn: Draw, overrides: dict[str, str] | None = None) -> Run:
    """Train it in the folder ``first`` of ``runs``.

    Args:
        drawn: The fixture of that name.
        overrides: As ``read_config`` takes them. Without any the run ends after joint embedding, without a composer.
    """
    config = runs / "first.yaml"
    config.write_text(CONFIG)
    settings = read_config(config, overrides)
    link_drawn(runs, drawn, settings)
    return train(settings, runs / "first")


def link_drawn(runs: Path, drawn: Draw, config: TrainConfig) -> None:
    """Put the garments of ``config`` into the cache of the runs in ``runs``, so that none of them draws again."""
    for source in config.sources:
        link = runs / "cache" / f"garments-{source.count}-{source.seed}"
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            link.symlink_to(drawn(source.count, source.seed))
