"""The interface of a training stage.

``prepare`` returns the batch of a step; it is a pure function of seed and step, so that a resumed run sees the same
batches. ``loss`` computes the loss of a batch.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from catalog.errors import ModisteError
from models.training.data.sources import TrainingSource
from models.training.model import RetrievalModel
from models.training.stage_settings import Schedule


class Stage(ABC):
    """One stage of training."""

    name: ClassVar[str]
    schedule: Schedule
    steps: int
    phases = 1
    """Number of phases: equal parts of the steps, each with its own warm-up and cosine schedule."""
    moves_backbone: ClassVar[bool] = True
    """Whether the stage changes weights of the backbone."""
    apart = True
    """Whether batches can be prepared in other processes, because they do not depend on the state of training."""

    def __init__(self, model: RetrievalModel, sources: Sequence[TrainingSource], seed: int) -> None:
        self.model = model
        self.sources = sources
        self.seed = seed

    def start(self, *, fresh: bool) -> None:
        """Prepare the model and caches. Called when the stage begins (``fresh``) and when it is resumed."""
        self.model.train()

    @abstractmethod
    def parameters(self) -> list[dict[str, Any]]:
        """Parameter groups for the optimiser."""

    @abstractmethod
    def prepare(self, step: int) -> Any:
        """The batch of a step; called while the previous step runs."""

    @abstractmethod
    def loss(self, batch: Any) -> Tensor:
        """The loss of a batch, a scalar."""

    def stepped(self) -> None:  # noqa: B027
        """Called after each step of the optimiser."""

    def finish(self) -> None:  # noqa: B027
        """Called after the last step, to leave the model ready for the next stage."""

    def state(self) -> dict[str, Any]:
        """State for the checkpoint, in addition to weights and optimiser, that seed and step do not determine."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:  # noqa: B027
        """Restore the state of a checkpoint."""

    def chance(self, step: int) -> random.Random:
        """A random generator seeded by the run's seed, the stage and the step."""
        return random.Random(f"{self.seed}/{self.name}/{step}")

    def pick_source(self, chance: random.Random) -> TrainingSource:
        """Draw a source by weight. A batch has one source, so that its negatives come from the same shop."""
        able = [source for source in self.sources if source.triplets is not None]
        if not able:
            raise ModisteError(
                "No source has triplets: no two products differ in one attribute and agree in the others.",
                hint="Give more products, or columns such as colour and type.",
            )
        return chance.choices(able, [source.weight for source in able])[0]

    def pixels(self, source: TrainingSource, rows: Sequence[int]) -> Tensor:
        """Pixels of rows, float ``[B, 3, H, W]`` in [0, 1]."""
        picked = torch.from_numpy(source.pixels[np.asarray(rows)])
        return picked.permute(0, 3, 1, 2).to(torch.float32) / 255


def decayed(modules: Sequence[torch.nn.Module]) -> list[dict[str, Any]]:
    """Parameter groups with weight decay for matrices, and none for biases, norms and other vectors."""
    moving = [weight for module in modules for weight in module.parameters() if weight.requires_grad]
    return [
        {"params": [weight for weight in moving if weight.ndim >= 2]},
        {"params": [weight for weight in moving if weight.ndim < 2], "weight_decay": 0.0},
    ]
