"""Stage 2: the composer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from models.datasets.wording import family_of
from models.networks.composers.composer import Batch
from models.training.data.sources import TrainingSource
from models.training.model import RetrievalModel
from models.training.stage_settings import ComposeStage
from models.training.stages.features import encode_pixels
from models.training.stages.negatives import DrawnQueries, NegativeMining
from models.training.stages.stage import Stage, decayed


class Compose(Stage):
    """Stage 2: the composer, on cached features of the frozen vision tower.

    ``initial`` holds initial weights of the composer, the adapted text tower and the head of stage 3, by their names in
    ``RetrievalModel``. They are loaded here because the adapted text tower is created here.
    """

    name = "compose"
    schedule: ComposeStage
    moves_backbone = False

    def __init__(
        self, model: RetrievalModel, sources: Sequence[TrainingSource], seed: int, schedule: ComposeStage,
        initial: Mapping[str, Tensor] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(model, sources, seed)
        self.initial = initial or {}
        self.schedule = schedule
        self.steps = schedule.steps
        self.features: dict[str, Tensor] = {}
        self.embeddings: dict[str, Tensor] = {}
        self.mining = NegativeMining(schedule.mining, seed) if schedule.mining else None
        self.apart = self.mining is None
        self.phases = model.composer.phases
        self.phase = -1

    def start(self, *, fresh: bool) -> None:
        backbone = self.model.backbone
        backbone.apply_policy("frozen")
        if fresh and self.schedule.text_rank:
            backbone.adapt_text(self.schedule.text_rank)
        if fresh:
            self.model.load_state_dict(self.initial, strict=False)
        self.model.eval()
        for source in self.sources:
            embeddings, features = encode_pixels(self.model, source.pixels, source.name, source.cache)
            self.embeddings[source.name] = embeddings.to(self.model.device)
            self.features[source.name] = features.to(self.model.device)

    def parameters(self) -> list[dict[str, Any]]:
        adapted = self.model.backbone.adapted_text
        return decayed([self.model.composer] if adapted is None else [self.model.composer, adapted])

    def prepare(self, step: int) -> dict[str, Any]:
        chance = self.chance(step)
        source = self.pick_source(chance)
        size = self.schedule.batch
        drawn = self.mining.draw(source, step, size, chance) if self.mining else None
        if drawn is None:
            triplets = source.sample(size, chance)
            targets = [source.row_of[chance.choice(triplet.targets)] for triplet in triplets]
        else:
            triplets, targets = drawn.triplets, drawn.targets
        references = [source.row_of[triplet.reference] for triplet in triplets]
        others = chance.sample(range(len(source.train)), min(self.schedule.negatives, len(source.train)))
        candidates = [*targets, *references, *others]
        return {
            "source": source.name,
            "references": torch.tensor(references),
            "candidates": torch.tensor(candidates),
            "right": torch.from_numpy(source.right_targets(triplets, candidates)),
            "kin": torch.from_numpy(source.kin[targets][:, None] == source.kin[candidates][None, :]),
            "ids": self.model.ids([triplet.modification for triplet in triplets]),
            "asked": tuple(frozenset(family_of(edit.attribute) or "" for edit in one.asked) for one in triplets),
            "phase": step * self.phases // self.steps,
            "drawn": drawn,
        }

    def loss(self, batch: dict[str, Any]) -> Tensor:
        composer, device = self.model.composer, self.model.device
        if batch["phase"] != self.phase:
            self.phase = batch["phase"]
            composer.enter(self.phase, self.model.backbone)
        name = batch["source"]
        return composer.objective(
            self.model.backbone,
            Batch(
                reference=self.features[name][batch["references"].to(device)].float(),
                ids=batch["ids"].to(device),
                candidates=self.embeddings[name][batch["candidates"].to(device)],
                right=batch["right"].to(device),
                kin=batch["kin"].to(device),
                scale=self.schedule.scale,
                kinship=self.schedule.kinship,
                mined=None if batch["drawn"] is None else self._mined(batch["drawn"]),
                asked=batch["asked"],
            ),
        )

    def state(self) -> dict[str, Any]:
        return self.mining.state() if self.mining else {}

    def restore(self, state: dict[str, Any]) -> None:
        if self.mining:
            self.mining.restore(state)

    def _mined(self, drawn: DrawnQueries) -> Tensor:
        """Unit embeddings ``[B, H, D]`` of negatives from each query's mid zone."""
        assert self.mining is not None
        name, device = drawn.pool.source.name, self.model.device
        # bfloat16 would make scores equal that the zone has to distinguish.
        with torch.no_grad(), torch.autocast(device.type, enabled=False):
            rows = self.mining.negatives(drawn, self._composed, self.embeddings[name])
        return self.embeddings[name][rows.to(device)]

    def _composed(self, source: TrainingSource, references: list[int], modifications: list[str]) -> Tensor:
        """Unit queries ``[B, D]`` of the current model, without dropout."""
        training = self.model.training
        self.model.eval()
        features = self.features[source.name][torch.tensor(references, device=self.model.device)]
        query = self.model.compose(features.float(), self.model.ids(modifications).to(self.model.device))
        self.model.train(training)
        return query
