"""The list shown by `modiste models list`: every registered composer and the configs that train it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.networks.backbones.backbone import Backbone
from models.networks.composers.composer import Composer
from models.networks.composers.registry import COMPOSERS, composer_for
from models.training.config import CONFIGS, TrainConfig, read_config
from models.training.stage_settings import ComposeStage

WIDTHS = "modiste-base"
"""Parameters are counted for this backbone."""


@dataclass(frozen=True)
class Entry:
    """One composer."""

    name: str
    """Its name in configs."""
    origin: str
    """The first line of its module's docstring, which names its paper."""
    reference: str
    """Its input for a reference."""
    parameters: int
    """Number of trainable parameters, including those used in training alone."""
    configs: tuple[str, ...]
    """Configs that come with Modiste and train it."""


def inventory() -> list[Entry]:
    """Every composer in the order of the registry, with the options of its first config."""
    configs = [read_config(Path(path.stem)) for path in sorted(CONFIGS.glob("*.yaml"))]
    backbone = Backbone(WIDTHS)
    return [_entry(name, backbone, _that_train(name, configs)) for name in COMPOSERS]


def _that_train(name: str, configs: Sequence[TrainConfig]) -> dict[str, ComposeStage]:
    return {config.name: config.compose for config in configs if config.compose and config.compose.composer == name}


def _entry(name: str, backbone: Backbone, stages: dict[str, ComposeStage]) -> Entry:
    options = next(iter(stages.values())).options if stages else {}
    composer = composer_for(backbone, name, options)
    return Entry(
        name=name,
        origin=_first_line(type(composer)),
        reference="embedding" if composer.reference == "embedding" else f"embedding and parts ({composer.parts})",
        parameters=sum(weight.numel() for weight in composer.parameters()),
        configs=tuple(stages),
    )


def _first_line(composer: type[Composer]) -> str:
    written = inspect.getdoc(sys.modules[composer.__module__]) or composer.__name__
    return written.splitlines()[0].rstrip(".")


def inventory_table(entries: Sequence[Entry]) -> str:
    """A table for a terminal."""
    head = ("composer", "reference", "parameters", "config", "description")
    rows = [
        (
            entry.name, entry.reference, f"{entry.parameters / 1e6:.2f} M" if entry.parameters else "none",
            ", ".join(entry.configs) or "-", entry.origin,
        )
        for entry in entries
    ]  # fmt: skip
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head) - 1)]
    ruled = [head, tuple("-" * width for width in [*widths, len(head[-1])]), *rows]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in ruled
    )
