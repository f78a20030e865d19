"""Stage 0: the joint embedding of pictures and texts."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from catalog.errors import ModisteError
from models.bundle import Bundle
from models.bundle.images import Pixels
from models.datasets.attributes.words import shown_words
from models.networks.backbones.split import SplitTower
from models.networks.losses import alignment, attribute_extraction, mini_batch_match_retrieval
from models.training.data.augmentation import augment, augment_photographs, mirror
from models.training.data.photographs import TrainingPhotographs
from models.training.data.sources import TrainingSource
from models.training.model import RetrievalModel
from models.training.stage_settings import JointStage
from models.training.stages.aligned import aligned_embeddings
from models.training.stages.kinds import KindTask
from models.training.stages.stage import Stage, decayed
from models.training.stages.views import Change, Maps, kept_views

MAX_RARE = 20.0
"""Maximum weight of a picture that shows a rare word."""
SHARPER = ", sharper"


class Joint(Stage):
    """Stage 0: one space for pictures and titles by Mini-Batch Match Retrieval, and the attribute head (Sadeh et al.
    2019).

    Both losses are added, and both train the vision tower. Differences from the paper: the text tower is a transformer
    and not the sum of word embeddings, because it also encodes modifications; the temperature is learnt, as in CLIP;
    pictures are augmented.

    With ``JointStage.align``, the embeddings of products are trained towards those of that bundle, and the text
    tower is locked.
    """

    name = "joint"
    schedule: JointStage

    def __init__(
        self, model: RetrievalModel, sources: Sequence[TrainingSource], seed: int, schedule: JointStage,
        photographs: Sequence[TrainingPhotographs] = (),
        align: Bundle | None = None,
    ) -> None:  # fmt: skip
        super().__init__(model, sources, seed)
        self.schedule = schedule
        self.photographs = photographs
        self.align = align
        self.aligned: dict[str, Tensor] = {}
        self.kinds = KindTask(photographs, schedule.photographs, model.backbone.dim) if schedule.photographs else None
        self.tower = SplitTower(model.backbone.clip.visual, schedule.frozen) if schedule.frozen else None
        self.views: dict[str, list[Maps]] = {}
        self.average = get_ema_multi_avg_fn(schedule.average)  # type: ignore[no-untyped-call]
        self.averaged: dict[str, Tensor] = {}
        self.rows = [
            (at, row) for at, source in enumerate(sources) for row in range(len(source.train)) if source.has_text(row)
        ]
        if not self.rows:
            raise ModisteError(
                "No product has a title or attributes, so stage 0 has no texts.",
                hint="Remove `joint` and use a backbone with weights (`backbone.pretrained`).",
            )
        self.steps_an_epoch = max(1, len(self.rows) // schedule.batch)
        self.steps = schedule.epochs * self.steps_an_epoch
        self.ordered = (-1, np.zeros(0, dtype=np.int64))
        self.shown: list[Tensor] = []
        self.known: list[Tensor] = []
        self.rarity = torch.ones(len(model.words), device=model.device)
        if schedule.attributes:
            self._read_words(schedule.attributes.least)

    def _order(self, epoch: int) -> np.ndarray:
        """The order of the rows in an epoch."""
        if epoch != self.ordered[0]:
            self.ordered = (epoch, np.random.default_rng([self.seed, epoch]).permutation(len(self.rows)))
        return self.ordered[1]

    def _read_words(self, least: int) -> None:
        """Compute the words of each product, the words known to each source, and the weights of rare words.

        A weight is the root of the inverse frequency, at most ``MAX_RARE`` (the paper has no formula).
        """
        self.shown = [torch.from_numpy(shown_words(source.train, self.model.words)) for source in self.sources]
        self.known = [shown.sum(dim=0) >= least for shown in self.shown]
        count = sum(shown.sum(dim=0) for shown in self.shown)
        among = sum(known * len(shown) for known, shown in zip(self.known, self.shown, strict=True))
        rarity = (torch.as_tensor(among) / torch.as_tensor(count).clamp(min=1)).sqrt().clamp(1, MAX_RARE)
        self.rarity = rarity.to(self.model.device)

    def start(self, *, fresh: bool) -> None:
        if self.tower is not None:
            self._look(self.tower)
        if self.align is not None:
            self.aligned = aligned_embeddings(self.align, self.sources)
        super().start(fresh=fresh)

    def _look(self, tower: SplitTower) -> None:
        """Compute the outputs of the frozen blocks for all pictures, or read them from the cache."""
        self.model.eval()

        def kept(name: str, pixels: Pixels, change: Change, views: int, cache: Path | None) -> None:
            self.views[name] = kept_views(
                self.model, tower, pixels, change, views=views, seed=self.seed, what=name,
                cache=cache or Path(tempfile.mkdtemp()),
            )  # fmt: skip

        views = self.schedule.views
        for source in self.sources:
            kept(source.name, source.pixels, augment, views, source.cache)
            if source.sharper_pixels is not None:
                kept(f"{source.name}{SHARPER}", source.sharper_pixels, augment, views, source.cache)
        if self.kinds is not None:
            for photographs in self.photographs:
                many = self.kinds.settings.views
                kept(photographs.name, photographs.pixels, augment_photographs, many, self.sources[0].cache)

    def parameters(self) -> list[dict[str, Any]]:
        self.model.backbone.apply_policy("both" if self.tower is None else "both-frozen-bn")
        if self.tower is not None:
            self.tower.freeze()
        if self.align is not None:
            self.model.backbone.clip.text.requires_grad_(False)
        head = [self.model.attributes] if self.model.attributes is not None else []
        return [*decayed([self.model.backbone, *head]), {"params": [self.model.log_scale], "weight_decay": 0.0}]

    def prepare(self, step: int) -> dict[str, Tensor]:
        epoch, at = divmod(step, self.steps_an_epoch)
        order = self._order(epoch)
        chance = self.chance(step)
        size = self.schedule.batch
        plain = step >= (1 - self.schedule.plain) * self.steps
        images, captions, groups, shown, known, aligned = [], [], [], [], [], []
        for index in order[at * size : (at + 1) * size]:
            which, row = self.rows[index]
            source = self.sources[which]
            sharp = source.sharper.get(row)
            if sharp is not None and source.sharper_pixels is not None and chance.random() < 0.5:
                images.append(self._picture(f"{source.name}{SHARPER}", source.sharper_pixels, sharp, plain, chance))
            else:
                images.append(self._picture(source.name, source.pixels, row, plain, chance))
            captions.append(source.caption(row, chance))
            groups.append(which * 1_000_000 + int(source.title_group[row]))
            if self.aligned:
                aligned.append(self.aligned[source.name][row])
            if self.shown:
                shown.append(self.shown[which][row])
                known.append(self.known[which])
        batch = {
            "pixels": torch.from_numpy(np.stack(images)),
            "chance": torch.tensor(chance.getrandbits(63)),
            "plain": torch.tensor(plain),
            "ids": self.model.ids(captions),
            "groups": torch.tensor(groups),
        }
        if aligned:
            batch["aligned"] = torch.stack(aligned)
        if shown:
            batch |= {"shown": torch.stack(shown), "known": torch.stack(known)}
        if self.kinds is not None:
            drawn = self.kinds.sample(chance)
            photographs = [(self.photographs[source], row) for source, row in drawn]
            pictures = [self._picture(one.name, one.pixels, row, False, chance) for one, row in photographs]
            batch |= {"photographs": torch.from_numpy(np.stack(pictures)), "possible": self.kinds.shown_by(drawn)}
        return batch

    def _picture(self, name: str, pixels: Pixels, row: int, plain: bool, chance: random.Random) -> Any:
        """uint8 pixels ``[H, W, 3]``; if blocks are frozen, their float16 output ``[h, w, C]`` for one view."""
        if self.tower is None:
            return pixels[row]
        views = self.views[name]
        return views[0 if plain else chance.randrange(len(views))][row]

    def shown_pixels(self, batch: dict[str, Tensor], name: str = "pixels") -> Tensor:
        """The augmented pictures of a batch before normalisation, float ``[B, 3, H, W]`` in [0, 1].

        Augmentation runs on the model's device, so that the CPU cores can prepare the next batches while a GPU trains.
        """
        products = mirror if batch["plain"] else augment
        change = products if name == "pixels" else augment_photographs
        generator = torch.Generator().manual_seed(int(batch["chance"]))
        pixels = batch[name].to(self.model.device, non_blocking=True).permute(0, 3, 1, 2)
        with torch.autocast(self.model.device.type, enabled=False):  # bfloat16 cannot represent coordinates of pixels.
            return change(pixels.to(torch.float32) / 255, generator)

    def _seen(self, batch: dict[str, Tensor]) -> Tensor:
        """Embeddings ``[B + P, D]`` of B products followed by P photographs."""
        if self.tower is not None:
            maps = [batch[name].float() for name in ("pixels", "photographs") if name in batch]
            joined = torch.cat(maps).to(self.model.device, non_blocking=True).permute(0, 3, 1, 2)
            return self.tower.embed(joined.contiguous(memory_format=torch.channels_last)).float()
        names = ("pixels",) if self.kinds is None else ("pixels", "photographs")
        images = [self.model.normalised(self.shown_pixels(batch, name)) for name in names]
        return self.model.backbone.vision(torch.cat(images)).float()

    def loss(self, batch: dict[str, Tensor]) -> Tensor:
        seen = self._seen(batch)
        batch = {
            name: part.to(self.model.device, non_blocking=True)
            for name, part in batch.items()
            if name not in ("pixels", "photographs")
        }
        image = seen[: len(batch["ids"])]
        text = self.model.backbone.words(batch["ids"]).embedding.float()
        scale = self.model.log_scale.exp().clamp(max=100)
        loss = mini_batch_match_retrieval(image, text, scale, batch["groups"])
        if self.schedule.attributes and self.model.attributes is not None:
            logits = self.model.attributes.logits(seen).float()
            extraction = attribute_extraction(logits[: len(image)], batch["shown"], batch["known"], self.rarity)
            loss = loss + self.schedule.attributes.weight * extraction
            if self.kinds is not None:
                photographs = (seen[len(image) :], batch["possible"])
                loss = loss + self.kinds.loss(*photographs, image, batch["shown"], logits[len(image) :])
        if self.aligned:
            loss = loss + self.schedule.align_weight * alignment(image, batch["aligned"])
        return loss

    def stepped(self) -> None:
        if self.kinds is not None:
            self.kinds.stepped()
        if not self.schedule.average:
            return
        moved = self._averageable()
        if self.averaged:
            self.average(list(self.averaged.values()), list(moved.values()), None)
        else:  # The initial weights are not part of the average.
            self.averaged = {name: weight.clone() for name, weight in moved.items()}

    def finish(self) -> None:
        self.model.load_state_dict(self.averaged, strict=False)
        self.averaged = {}

    def _averageable(self) -> dict[str, Tensor]:
        """Weights and batch norm statistics by name.

        ``torch.optim.swa_utils.AveragedModel`` also averages counters, and waits for the GPU at every step.
        """
        return {name: weight for name, weight in self.model.state_dict().items() if weight.is_floating_point()}

    def state(self) -> dict[str, Any]:
        kept: dict[str, Any] = {"averaged": self.averaged} if self.averaged else {}
        return kept | ({"kinds": self.kinds.state()} if self.kinds is not None else {})

    def restore(self, state: dict[str, Any]) -> None:
        if self.kinds is not None:
            self.kinds.restore(state["kinds"])
        self.averaged = {name: weight.to(self.model.device) for name, weight in state.get("averaged", {}).items()}
