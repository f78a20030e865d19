"""The Combiner of CLIP4Cir (Baldrati et al., CVPR Workshops 2022, section 3.2 and figure 4)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.networks.backbones.backbone import WordFeatures
from models.networks.composers.composer import Composer


class Combiner(Composer):
    """A learnt vector plus a learnt balance of reference and modification.

    Both inputs are projected; from their concatenation one branch makes a new vector ``v``, the other a balance
    ``lambda``; the query is ``norm(v + lambda * text + (1 - lambda) * reference)``.

    The paper feeds CLIP's raw features. Ours are unit vectors times sqrt(D), which puts their elements at the same
    scale of about one: an index keeps unit vectors, and can so stand in for the vision pass of a product.

    Args:
        dim: D, width of the embeddings.
        projection: Width of each projection; the paper has 4 D.
        hidden: Width of the two branches' hidden layers; the paper has 8 D.
        dropout: The paper has 0.5.
    """

    def __init__(
        self, dim: int, projection: int | None = None, hidden: int | None = None, dropout: float = 0.5
    ) -> None:
        super().__init__()
        projection, hidden = projection or 4 * dim, hidden or 8 * dim
        self.scale = math.sqrt(dim)
        self.project_text = nn.Sequential(nn.Linear(dim, projection), nn.ReLU(), nn.Dropout(dropout))
        self.project_reference = nn.Sequential(nn.Linear(dim, projection), nn.ReLU(), nn.Dropout(dropout))
        self.vector = nn.Sequential(
            nn.Linear(2 * projection, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, dim)
        )
        self.balance = nn.Sequential(
            nn.Linear(2 * projection, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, 1), nn.Sigmoid()
        )

    def forward(self, reference: Tensor, words: WordFeatures) -> Tensor:
        """``[B, D]`` and the words of B modifications -> unit queries ``[B, D]``."""
        reference = self.scale * F.normalize(reference, dim=-1)
        text = self.scale * F.normalize(words.embedding, dim=-1)
        joined = torch.cat([self.project_text(text), self.project_reference(reference)], dim=-1)
        balance = self.balance(joined)
        return F.normalize(self.vector(joined) + balance * text + (1 - balance) * reference, dim=-1)
