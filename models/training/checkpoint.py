"""The checkpoint of a run, from which it resumes after an interruption."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from catalog.errors import ModisteError
from models.files import replacing

CHECKPOINT = "checkpoint.pt"
DONE = "done"
"""The stage of a finished run."""


@dataclass
class Checkpoint:
    """Weights and position of a run.

    Attributes:
        stage: The current stage, or ``DONE``.
        step: The next step of that stage.
        model: State of the model.
        optimizer: State of the optimiser; empty between stages.
        config: The run's config.
        state: Further state of the stage (``Stage.state``).
    """

    stage: str
    step: int
    model: dict[str, Any]
    optimizer: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)

    def save(self, run: Path) -> None:
        """Write into the folder ``run``, atomically."""
        with replacing(run / CHECKPOINT) as stream:
            torch.save(self.__dict__, stream)

    @classmethod
    def load(cls, run: Path) -> Checkpoint | None:
        """Read the checkpoint of ``run``; None if there is none.

        Raises:
            ModisteError: The checkpoint is damaged.
        """
        path = run / CHECKPOINT
        if not path.is_file():
            return None
        try:
            return cls(**torch.load(path, map_location="cpu", weights_only=True))
        except Exception as error:  # The unpickler raises exceptions of many types.
            raise ModisteError(
                f"The checkpoint {path} cannot be read.", hint="Remove it to train again from the start."
            ) from error
