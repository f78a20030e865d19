"""Stage 3: the head that predicts the words of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from catalog.errors import ModisteError
from models.bundle.expected_words import recognised_among
from models.datasets.attributes.words import STATED, corrected_probabilities, shown_words, stated_words
from models.networks.losses import expected_words_loss
from models.training.data.sources import TrainingSource
from models.training.model import RetrievalModel
from models.training.stage_settings import ExpectStage
from models.training.stages.features import encode_pixels
from models.training.stages.stage import Stage, decayed

HIDDEN = 0.1
"""Probability that a word of the reference is hidden in training, because the attribute head is overconfident on its
training pictures."""


class Expect(Stage):
    """Stage 3: the head for expected words (``models.networks.expected_words``); towers and composer are frozen.

    For half of the references, their words are taken from the catalogue, as for products. For the other half, they are
    estimated from the picture and from similar products, as for uploads.
    """

    name = "expect"
    schedule: ExpectStage
    moves_backbone = False

    def __init__(
        self, model: RetrievalModel, sources: Sequence[TrainingSource], seed: int, schedule: ExpectStage
    ) -> None:
        super().__init__(model, sources, seed)
        if model.expectation is None:
            raise ModisteError(
                "Stage `expect` needs attribute words.",
                hint="Train with `joint: {attributes: {}}`, start from a model with attributes, or remove `expect`.",
            )
        self.schedule = schedule
        self.steps = schedule.steps
        self.shown: dict[str, Tensor] = {}
        self.known: dict[str, Tensor] = {}
        self.seen: dict[str, Tensor] = {}
        self.catalogued: dict[str, Tensor] = {}

    def start(self, *, fresh: bool) -> None:
        model = self.model
        assert model.attributes is not None
        model.backbone.apply_policy("frozen")
        model.eval()
        for source in self.sources:
            embeddings, _ = encode_pixels(model, source.pixels, source.name, source.cache)
            with torch.no_grad():
                seen = model.attributes(embeddings.to(model.device)).float().cpu()
            shown = torch.from_numpy(shown_words(source.train, model.words))
            self.shown[source.name] = shown
            self.known[source.name] = shown.any(dim=0)
            stated = stated_words(source.train, model.words)
            known = corrected_probabilities(seen.numpy(), stated)
            every = np.arange(len(known))
            likely = recognised_among(embeddings.numpy(), seen.numpy(), known, stated.used, every)
            self.catalogued[source.name], self.seen[source.name] = torch.from_numpy(known), torch.from_numpy(likely)

    def parameters(self) -> list[dict[str, Any]]:
        assert self.model.expectation is not None
        return decayed([self.model.expectation])

    def prepare(self, step: int) -> dict[str, Any]:
        chance = self.chance(step)
        source = self.pick_source(chance)
        triplets = source.sample(self.schedule.batch, chance)
        references = [source.row_of[triplet.reference] for triplet in triplets]
        targets = [source.row_of[chance.choice(triplet.targets)] for triplet in triplets]
        generator = torch.Generator().manual_seed(chance.getrandbits(63))
        hidden = torch.rand(len(triplets), len(self.model.words), generator=generator) < HIDDEN
        seen = self.seen[source.name][references].masked_fill(hidden, float(1 - STATED))
        uploaded = torch.rand(len(triplets), 1, generator=generator) < 0.5
        return {
            "ids": self.model.ids([triplet.modification for triplet in triplets]),
            "reference": torch.where(uploaded, seen, self.catalogued[source.name][references]),
            "shown": self.shown[source.name][targets],
            "known": self.known[source.name],
        }

    def loss(self, batch: dict[str, Any]) -> Tensor:
        batch = {name: part.to(self.model.device, non_blocking=True) for name, part in batch.items()}
        assert self.model.expectation is not None
        with torch.no_grad():
            modifications = self.model.backbone.modifications(batch["ids"])
        modifications = modifications._replace(
            embedding=modifications.embedding.float(), tokens=modifications.tokens.float()
        )
        # bfloat16 rounds probabilities near 0 and 1 to 0 and 1.
        with torch.autocast(self.model.device.type, enabled=False):
            expected = self.model.expectation(modifications, batch["reference"])
            return expected_words_loss(expected, batch["shown"], batch["known"])
