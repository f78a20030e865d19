"""The three stages: joint embedding, fine-tuning with the element-wise sum, composer.

Each stage tells, for a step's number, which batch it takes (``prepare``, a pure function of seed and step, so that a
killed run goes on with the very batches that it would have seen) and what the batch costs (``loss``).
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from models.errors import ModisteError
from models.networks.arithmetic import ElementwiseSum
from models.progress import track
from models.training.augmentation import augment
from models.training.config import ComposeStage, FinetuneStage, JointStage, Schedule
from models.training.losses import batch_based_classification, mini_batch_match_retrieval
from models.training.model import RetrievalModel
from models.training.sources import TrainingSource


class Stage(ABC):
    """One stage of training."""

    name: ClassVar[str]
    schedule: Schedule
    steps: int

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


class Joint(Stage):
    """Stage 0: image and title into one space, by Mini-Batch Match Retrieval."""

    name = "joint"

    def __init__(
        self, model: RetrievalModel, sources: Sequence[TrainingSource], seed: int, schedule: JointStage
    ) -> None:
        super().__init__(model, sources, seed)
        self.schedule = schedule
        self.rows = [(at, row) for at, source in enumerate(sources) for row in range(len(source.train))]
        self.steps_an_epoch = max(1, len(self.rows) // schedule.batch)
        self.steps = schedule.epochs * self.steps_an_epoch

    def parameters(self) -> list[dict[str, Any]]:
        self.model.backbone.apply_policy("both")
        return [*_decayed([self.model.backbone]), {"params": [self.model.log_scale], "weight_decay": 0.0}]

    def prepare(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        epoch, at = divmod(step, self.steps_an_epoch)
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.rows))
        chance = self.chance(step)
        size = self.schedule.batch
        images, captions, groups = [], [], []
        for index in order[at * size : (at + 1) * size]:
            which, row = self.rows[index]
            source = self.sources[which]
            sharp = source.sharper.get(row)
            if sharp is not None and source.sharper_pixels is not None and chance.random() < 0.5:
                images.append(source.sharper_pixels[sharp])
            else:
                images.append(source.pixels[row])
            captions.append(source.caption(row, chance))
            groups.append(which * 1_000_000 + int(source.title_group[row]))
        pixels = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).to(torch.float32) / 255
        pixels = augment(pixels, torch.Generator().manual_seed(chance.getrandbits(63)))
        return pixels, self.model.ids(captions), torch.tensor(groups)

    def loss(self, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        pixels, ids, groups = (part.to(self.model.device) for part in batch)
        image = self.model.backbone.vision(self.model.normalised(pixels))
        text = self.model.backbone.words(ids).embedding
        scale = self.model.log_scale.exp().clamp(max=100)
        return mini_batch_match_retrieval(image.float(), text.float(), scale, groups)


class Finetune(Stage):
    """Stage 1 of CLIP4Cir (section 3.1): the backbone learns to land on the target by the plain sum."""

    name = "finetune"

    def __init__(
        self, model: RetrievalModel, sources: Sequence[TrainingSource], seed: int, schedule: FinetuneStage
    ) -> None:
        super().__init__(model, sources, seed)
        self.schedule = schedule
        self.options = schedule
        self.steps = schedule.steps
        self.sum = ElementwiseSum(model.backbone.dim)

    def parameters(self) -> list[dict[str, Any]]:
        self.model.backbone.apply_policy(self.options.policy)
        return _decayed([self.model.backbone])

    def prepare(self, step: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        chance = self.chance(step)
        source = self.pick_source(chance)
        triplets = source.sample(self.schedule.batch, chance)
        targets = [source.row_of[chance.choice(triplet.targets)] for triplet in triplets]
        references = [source.row_of[triplet.reference] for triplet in triplets]
        images = torch.cat([self.pixels(source, references), self.pixels(source, targets)])
        generator = torch.Generator().manual_seed(chance.getrandbits(63))
        right = torch.from_numpy(source.right_targets(triplets, targets))
        ids = self.model.ids([triplet.modification for triplet in triplets])
        return augment(images, generator), ids, right, torch.tensor(len(triplets))

    def loss(self, batch: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
        images, ids, right, count = (part.to(self.model.device) for part in batch)
        features = F.normalize(self.model.backbone.vision(self.model.normalised(images)).float(), dim=-1)
        reference, target = features[: int(count)], features[int(count) :]
        query = self.sum(reference, self.model.backbone.words(ids))
        return batch_based_classification(query.float(), target, right, self.options.scale)


class Compose(Stage):
    """Stage 2: the composer, on cached features of the frozen vision tower."""

    name = "compose"

    def __init__(
        self, model: RetrievalModel, sources: Sequence[TrainingSource], seed: int, schedule: ComposeStage
    ) -> None:
        super().__init__(model, sources, seed)
        self.schedule = schedule
        self.options = schedule
        self.steps = schedule.steps
        self.features: dict[str, Tensor] = {}

    def start(self, *, fresh: bool) -> None:
        backbone = self.model.backbone
        backbone.apply_policy("frozen")
        if fresh and self.options.text_rank:
            backbone.adapt_text(self.options.text_rank)
        self.model.eval()
        for source in self.sources:
            size = 512
            starts = range(0, len(source.train), size)
            batches = track(starts, total=len(starts), what=f"encode {source.name}", unit="batch")
            parts = [self.model.vision(source.pixels[at : at + size]).embedding for at in batches]
            self.features[source.name] = torch.from_numpy(np.concatenate(parts)).to(self.model.device)

    def parameters(self) -> list[dict[str, Any]]:
        adapted = self.model.backbone.adapted_text
        return _decayed([self.model.composer] if adapted is None else [self.model.composer, adapted])

    def prepare(self, step: int) -> dict[str, Any]:
        chance = self.chance(step)
        source = self.pick_source(chance)
        size = self.schedule.batch
        triplets = source.sample(size, chance)
        targets = [source.row_of[chance.choice(triplet.targets)] for triplet in triplets]
        references = [source.row_of[triplet.reference] for triplet in triplets]
        others = chance.sample(range(len(source.train)), min(self.options.negatives, len(source.train)))
        candidates = [*targets, *references, *others]
        return {
            "source": source.name,
            "references": torch.tensor(references),
            "candidates": torch.tensor(candidates),
            "right": torch.from_numpy(source.right_targets(triplets, candidates)),
            "ids": self.model.ids([triplet.modification for triplet in triplets]),
        }

    def loss(self, batch: dict[str, Any]) -> Tensor:
        bank = self.features[batch["source"]]
        device = self.model.device
        candidates = bank[batch["candidates"].to(device)]
        query = self.model.compose(bank[batch["references"].to(device)], batch["ids"])
        return batch_based_classification(query, candidates, batch["right"].to(device), self.options.scale)


def _decayed(modules: Sequence[torch.nn.Module]) -> list[dict[str, Any]]:
    """Weight decay for matrices, none for biases, norms and other vectors."""
    moving = [weight for module in modules for weight in module.parameters() if weight.requires_grad]
    return [
        {"params": [weight for weight in moving if weight.ndim >= 2]},
        {"params": [weight for weight in moving if weight.ndim < 2], "weight_decay": 0.0},
    ]
