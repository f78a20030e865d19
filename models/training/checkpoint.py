"""Where a run stands, kept so that it goes on after a kill as if nothing had happened."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from models.errors import ModisteError

CHECKPOINT = "checkpoint.pt"


@dataclass
class Checkpoint:
    """Weights, and how far which stage has come.

    ``stage`` is the stage at work and ``step`` its next step; ``optimizer`` is empty between stages, and
    ``state`` where the stage has nothing of its own to keep.
    """

    stage: str
    step: int
    model: dict[str, Any]
    optimizer: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)

    def save(self, run: Path) -> None:
        """Write into the folder ``run``, whole or not at all."""
        temporary = run / f"{CHECKPOINT}.part"
        with temporary.open("wb") as stream:
            torch.save(self.__dict__, stream)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(run / CHECKPOINT)

    @classmethod
    def load(cls, run: Path) -> Checkpoint | None:
        """Read the checkpoint of ``run``; None where there is none.

        Raises:
            ModisteError: It is damaged.
        """
        path = run / CHECKPOINT
        if not path.is_file():
            return None
        try:
            return cls(**torch.load(path, map_location="cpu", weights_only=True))
        except Exception as error:  # torch raises whatever its unpickler meets.
            raise ModisteError(
                f"The checkpoint {path} cannot be read.", hint="Remove it to train again from the start."
            ) from error
