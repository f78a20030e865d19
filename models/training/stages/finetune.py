"""Stage 1: fine-tuning of the backbone with the element-wise sum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from models.networks.composers.arithmetic import ElementwiseSum
from models.networks.losses import batch_based_classification
from models.training.data.augmentation import augment
from models.training.data.sources import TrainingSource
from models.training.model import RetrievalModel
from models.training.stage_settings import FinetuneStage
from models.training.stages.stage import Stage, decayed


class Finetune(Stage):
    """Stage 1 of CLIP4Cir (section 3.1): the backbone is trained so that the element-wise sum is close to the target.

    Candidates are the targets of the batch. With ``both-frozen-bn``, batch norms keep their statistics while their
    weights are trained, as in the authors' code.

    Differences from it: features have unit length before they are added (``ElementwiseSum``), pictures are augmented
    because catalogues are small, and the learning rate follows the schedule of all stages instead of being constant.
    """

    name = "finetune"
    schedule: FinetuneStage

    def __init__(
        self, model: RetrievalModel, sources: Sequence[TrainingSource], seed: int, schedule: FinetuneStage
    ) -> None:
        super().__init__(model, sources, seed)
        self.schedule = schedule
        self.steps = schedule.steps
        self.sum = ElementwiseSum(model.backbone.dim)

    def parameters(self) -> list[dict[str, Any]]:
        self.model.backbone.apply_policy(self.schedule.policy)
        return decayed([self.model.backbone])

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
        return batch_based_classification(query.float(), target, right, self.schedule.scale)
