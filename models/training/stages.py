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

from models.datasets.attribute_words import shown_words
from models.datasets.wording import family_of
from models.errors import ModisteError
from models.networks.arithmetic import ElementwiseSum
from models.networks.composer import Batch
from models.networks.losses import (
    attribute_extraction,
    batch_based_classification,
    kinship,
    mini_batch_match_retrieval,
)
from models.training.augmentation import augment
from models.training.config import ComposeStage, FinetuneStage, JointStage, Schedule
from models.training.features import encode_pixels
from models.training.model import RetrievalModel
from models.training.negatives import DrawnQueries, NegativeMining
from models.training.sources import TrainingSource

KIN_SCALE = 20.0
"""Factor of the cosines between pictures."""
MOST_RARE = 20.0
"""However rare a word, a picture that shows it counts at most so many times."""


class Stage(ABC):
    """One stage of training."""

    name: ClassVar[str]
    schedule: Schedule
    steps: int
    phases = 1
    """Each takes an equal part of the steps, with its own warm-up and cosine."""

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


class Joint(Stage):
    """Stage 0: image and title into one space, by Mini-Batch Match Retrieval, and the words that a picture shows."""

    name = "joint"
    schedule: JointStage

    def __init__(
        self, model: RetrievalModel, sources: Sequence[TrainingSource], seed: int, schedule: JointStage
    ) -> None:
        super().__init__(model, sources, seed)
        self.schedule = schedule
        self.rows = [
            (at, row) for at, source in enumerate(sources) for row in range(len(source.train)) if source.said(row)
        ]
        if not self.rows:
            raise ModisteError(
                "No product has a title or attributes, so stage 0 has nothing to read.",
                hint="Leave `joint` out and start from a backbone with weights (`backbone.pretrained`).",
            )
        self.steps_an_epoch = max(1, len(self.rows) // schedule.batch)
        self.steps = schedule.epochs * self.steps_an_epoch
        chances = np.array([sources[at].chance_of[row] for at, row in self.rows])
        self.chances = chances / chances.sum()
        self.ordered = (-1, np.zeros(0, dtype=np.int64))
        self.shown: list[Tensor] = []
        self.known: list[Tensor] = []
        self.rarity = torch.ones(len(model.words))
        if schedule.attributes:
            self._read_words(schedule.attributes.least)

    def _order(self, epoch: int) -> np.ndarray:
        """Rows of an epoch: drawn so that rare types come more often than they are (see ``TrainingSource.sample``)."""
        if epoch != self.ordered[0]:
            drawn = np.random.default_rng([self.seed, epoch]).choice(len(self.rows), len(self.rows), p=self.chances)
            self.ordered = (epoch, drawn)
        return self.ordered[1]

    def _read_words(self, least: int) -> None:
        """Which product shows which word, which source knows it, and how rare it is."""
        self.shown = [torch.from_numpy(shown_words(source.train, self.model.words)) for source in self.sources]
        self.known = [shown.sum(dim=0) >= least for shown in self.shown]
        count = sum(shown.sum(dim=0) for shown in self.shown)
        among = sum(known * len(shown) for known, shown in zip(self.known, self.shown, strict=True))
        self.rarity = (torch.as_tensor(among) / torch.as_tensor(count).clamp(min=1)).sqrt().clamp(1, MOST_RARE)

    def parameters(self) -> list[dict[str, Any]]:
        self.model.backbone.apply_policy("both")
        head = [self.model.attributes] if self.model.attributes is not None else []
        return [*_decayed([self.model.backbone, *head]), {"params": [self.model.log_scale], "weight_decay": 0.0}]

    def prepare(self, step: int) -> dict[str, Tensor]:
        epoch, at = divmod(step, self.steps_an_epoch)
        order = self._order(epoch)
        chance = self.chance(step)
        size = self.schedule.batch
        images, captions, groups, kin, shown, known = [], [], [], [], [], []
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
            kin.append(which * 1_000_000 + int(source.kin[row]))
            if self.shown:
                shown.append(self.shown[which][row])
                known.append(self.known[which])
        pixels = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).to(torch.float32) / 255
        pixels = augment(pixels, torch.Generator().manual_seed(chance.getrandbits(63)))
        batch = {"pixels": pixels, "ids": self.model.ids(captions)}
        batch |= {"groups": torch.tensor(groups), "kin": torch.tensor(kin)}
        return batch if not shown else batch | {"shown": torch.stack(shown), "known": torch.stack(known)}

    def loss(self, batch: dict[str, Tensor]) -> Tensor:
        batch = {name: part.to(self.model.device) for name, part in batch.items()}
        image = self.model.backbone.vision(self.model.normalised(batch["pixels"])).float()
        text = self.model.backbone.words(batch["ids"]).embedding.float()
        scale = self.model.log_scale.exp().clamp(max=100)
        loss = mini_batch_match_retrieval(image, text, scale, batch["groups"])
        if self.schedule.kinship:
            unit, self_match = F.normalize(image, dim=-1), torch.eye(len(image), dtype=torch.bool, device=image.device)
            kin = batch["kin"][:, None] == batch["kin"][None, :]
            loss = loss + self.schedule.kinship * kinship(unit, unit, self_match, kin, KIN_SCALE)
        if self.schedule.attributes and self.model.attributes is not None:
            logits = self.model.attributes.logits(image).float()
            rarity = self.rarity.to(self.model.device)
            extraction = attribute_extraction(logits, batch["shown"], batch["known"], rarity)
            loss = loss + self.schedule.attributes.weight * extraction
        return loss


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
    schedule: ComposeStage

    def __init__(
        self, model: RetrievalModel, sources: Sequence[TrainingSource], seed: int, schedule: ComposeStage
    ) -> None:
        super().__init__(model, sources, seed)
        self.schedule = schedule
        self.options = schedule
        self.steps = schedule.steps
        self.features: dict[str, Tensor] = {}
        self.embeddings: dict[str, Tensor] = {}
        self.mining = NegativeMining(schedule.mining, seed) if schedule.mining else None
        self.phases = model.composer.phases
        self.phase = -1

    def start(self, *, fresh: bool) -> None:
        backbone = self.model.backbone
        backbone.apply_policy("frozen")
        if fresh and self.options.text_rank:
            backbone.adapt_text(self.options.text_rank)
        self.model.eval()
        for source in self.sources:
            embeddings, features = encode_pixels(self.model, source.pixels, source.name, source.cache)
            self.embeddings[source.name] = embeddings.to(self.model.device)
            self.features[source.name] = features.to(self.model.device)

    def parameters(self) -> list[dict[str, Any]]:
        adapted = self.model.backbone.adapted_text
        return _decayed([self.model.composer] if adapted is None else [self.model.composer, adapted])

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
        others = chance.sample(range(len(source.train)), min(self.options.negatives, len(source.train)))
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
                ids=batch["ids"],
                candidates=self.embeddings[name][batch["candidates"].to(device)],
                right=batch["right"].to(device),
                kin=batch["kin"].to(device),
                scale=self.options.scale,
                kinship=self.options.kinship,
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
        # Scores in bfloat16 would tie where the zone has to tell them apart.
        with torch.no_grad(), torch.autocast(device.type, enabled=False):
            rows = self.mining.negatives(drawn, self._composed, self.embeddings[name])
        return self.embeddings[name][rows.to(device)]

    def _composed(self, source: TrainingSource, references: list[int], modifications: list[str]) -> Tensor:
        """Unit queries ``[B, D]`` by the model as it is now, without its dropout."""
        training = self.model.training
        self.model.eval()
        features = self.features[source.name][torch.tensor(references, device=self.model.device)]
        query = self.model.compose(features.float(), self.model.ids(modifications))
        self.model.train(training)
        return query


def _decayed(modules: Sequence[torch.nn.Module]) -> list[dict[str, Any]]:
    """Weight decay for matrices, none for biases, norms and other vectors."""
    moving = [weight for module in modules for weight in module.parameters() if weight.requires_grad]
    return [
        {"params": [weight for weight in moving if weight.ndim >= 2]},
        {"params": [weight for weight in moving if weight.ndim < 2], "weight_decay": 0.0},
    ]
