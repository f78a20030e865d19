"""What a stage of training is: joint embedding, fine-tuning with the element-wise sum, and the composer are three.

Each tells, for a step's number, which batch it takes (``prepare``, a pure function of seed and step, so that a killed
run goes on with the very batches that it would have seen) and what the batch costs (``loss``).
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from models.errors import ModisteError
from models.training.config import Schedule
from models.training.data.sources import TrainingSource
from models.training.model import RetrievalModel


class Stage(ABC):
    """One stage of training."""

    name: ClassVar[str]
    schedule: Schedule
    steps: int
    phases = 1
    """Each takes an equal part of the steps, with its own warm-up and cosine."""
    moves_backbone: ClassVar[bool] = True
    apart = True
    """Whether batches can be made in other processes: they follow from nothing that training changes."""

    def __init__(self, model: RetrievalModel, sources: Sequence[TrainingSource], seed: int) -> None:
        self.model = model
        self.sources = sources
        self.seed = seed

    def start(self, *, fresh: bool) -> None:
        """Make ready: freeze, cache. Runs when the stage begins (``fresh``) and when it is taken up after a kill."""
        self.model.train()

    @abstractmethod
    def parameters(self) -> list[dict[str, Any]]:
        """Parameter groups for the optimiser."""

    @abstractmethod
    def prepare(self, step: int) -> Any:
        """The batch of a step, made beside the step before it."""

    @abstractmethod
    def loss(self, batch: Any) -> Tensor:
        """What the batch costs: a scalar."""

    def stepped(self) -> None:  # noqa: B027
        """A step has moved the weights."""

    def finish(self) -> None:  # noqa: B027
        """The last step is done: leave the model as the next stage finds it."""

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps beside weights and optimiser: what follows from neither seed nor step."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:  # noqa: B027
        """Go on with what a checkpoint kept."""

    def chance(self, step: int) -> random.Random:
        """Chance that depends on seed, stage and step alone."""
        return random.Random(f"{self.seed}/{self.name}/{step}")

    def pick_source(self, chance: random.Random) -> TrainingSource:
        """A source by weight: a batch has one source, so that its negatives are of the same shop."""
        able = [source for source in self.sources if source.triplets is not None]
        if not able:
            raise ModisteError(
                "No source gives triplets: no two products differ in one thing and agree in the rest.",
                hint="Give more products, or columns such as colour and type.",
            )
        return chance.choices(able, [source.weight for source in able])[0]

    def pixels(self, source: TrainingSource, rows: Sequence[int]) -> Tensor:
        """float ``[B, 3, H, W]`` in [0, 1]."""
        picked = torch.from_numpy(source.pixels[np.asarray(rows)])
        return picked.permute(0, 3, 1, 2).to(torch.float32) / 255


def decayed(modules: Sequence[torch.nn.Module]) -> list[dict[str, Any]]:
    """Weight decay for matrices, none for biases, norms and other vectors."""
    moving = [weight for module in modules for weight in module.parameters() if weight.requires_grad]
    return [
        {"params": [weight for weight in moving if weight.ndim >= 2]},
        {"params": [weight for weight in moving if weight.ndim < 2], "weight_decay": 0.0},
    ]
