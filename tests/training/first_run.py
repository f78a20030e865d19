"""A run that others start from: drawn garments, one short epoch, trained in seconds."""

from __future__ import annotations

from pathlib import Path

from models.training.config import read_config
from models.training.run import Run
from models.training.train import train

CONFIG = """
name: first
seed: 3
device: cpu
precision: fp32
backbone:
  name: modiste-small
  vocabulary: 600
  images: {height: 80, width: 64, pad_ratio: 1.0, fill: 255, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]}
sources:
  - {name: garments, kind: garments, count: 240, seed: 2, validation_share: 0.4}
joint: {epochs: 1, batch: 32, lr: 0.001, attributes: {least: 5}}
"""


def first_run(runs: Path, overrides: dict[str, str] | None = None) -> Run:
    """Train it in the folder ``first`` of ``runs``.

    Args:
        overrides: As ``read_config`` takes them. Without any it stops after joint embedding, and has no composer.
    """
    config = runs / "first.yaml"
    config.write_text(CONFIG)
    return train(read_config(config, overrides), runs / "first")
