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

    Both inputs are projected. From their concatenation one branch computes a vector ``v`` and the other a balance
    ``lambda``; the query is ``norm(v + lambda * text + (1 - lambda) * reference)``.

    The paper uses CLIP's raw features. Here inputs are unit vectors times sqrt(D), whose elements have the same scale
    of about one, so that a vector of the index can replace the vision pass of a product.

    Args:
        dim: D, width of the embeddings.
        projection: Width of each projection; 4 D in the paper.
        hidden: Width of the hidden layers of both branches; 8 D in the paper.
        dropout: 0.5 in the paper.
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
