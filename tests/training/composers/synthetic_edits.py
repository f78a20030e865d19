"""A shop of two attributes in which one thing changes: small enough to learn in seconds, too hard for a plain sum.

A product is the sum of a colour's direction and a shape's; a modification names the new colour in directions of its
own. What has to be learnt is which colour the reference has, to take it away.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.networks.backbones.backbone import Backbone, WordFeatures
from models.networks.composers.arithmetic import ElementwiseSum
from models.networks.composers.composer import Batch, Composer

DIM, COLOURS, SHAPES, HELD_OUT = 32, 6, 100, 20


class Wishes(nn.Module):
    """Stands where a backbone would: one direction a colour's name, ``ids`` ``[B, 1]``."""

    def __init__(self, directions: Tensor) -> None:
        super().__init__()
        self.register_buffer("directions", directions)

    def modifications(self, ids: Tensor) -> WordFeatures:
        """As ``Backbone.modifications``."""
        found = self.get_buffer("directions")[ids]
        return WordFeatures(found[:, 0], found, torch.ones_like(ids, dtype=torch.bool))


class SyntheticEdits:
    """Gallery ``[COLOURS * SHAPES, DIM]`` and the edits over it, the same in every run."""

    def __init__(self) -> None:
        chance = torch.Generator().manual_seed(7)
        colour, shape, wish = (torch.randn(count, DIM, generator=chance) for count in (COLOURS, SHAPES, COLOURS))
        self.gallery = F.normalize((colour[:, None] + shape[None, :]).flatten(0, 1), dim=-1)
        self.backbone = cast(Backbone, Wishes(wish))
        self.chance = chance

    def batch(self, size: int, shapes: range) -> Batch:
        """Edits of products of some shapes, among the whole gallery."""
        shape = torch.randint(shapes.start, shapes.stop, (size,), generator=self.chance)
        old, new = torch.randint(COLOURS, (2, size), generator=self.chance)
        target, reference = new * SHAPES + shape, old * SHAPES + shape
        rows = torch.cat([target, reference, torch.arange(len(self.gallery))])
        right = rows[None, :] == target[:, None]
        candidates = self.gallery[rows]
        return Batch(self.gallery[reference], new[:, None], candidates, right, right, 20.0, 0.0)

    def recall(self, composer: Composer) -> float:
        """R@1 on shapes that nothing was learnt from, in percent."""
        batch = self.batch(400, range(SHAPES - HELD_OUT, SHAPES))
        with torch.no_grad():
            query = composer.eval()(batch.reference, self.backbone.modifications(batch.ids))
        best = (query @ self.gallery.T).argmax(dim=1)
        return float((self.gallery[best] == batch.targets).all(dim=1).float().mean()) * 100

    def best_sum(self) -> float:
        """R@1 of the weighted sum with the weight that is best."""
        return max(self.recall(ElementwiseSum(DIM, weight / 10)) for weight in range(11))

    def train(self, composer: Composer, steps: int = 120) -> Composer:
        """Learn from the first shapes by the composer's own objective."""
        optimizer = torch.optim.AdamW(composer.parameters(), lr=0.003)
        composer.train()
        for _ in range(steps):
            loss = composer.objective(self.backbone, self.batch(64, range(SHAPES - HELD_OUT)))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        return composer
