"""TIRG, text-image residual gating (Vo et al., CVPR 2019, section 3)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.networks.backbones.backbone import Backbone, WordFeatures
from models.networks.composers.composer import Batch, Composer, retrieval


class TIRG(Composer):
    """The reference, gated by the modification, plus a residual computed from both.

    With ``x`` the reference, ``t`` the modification and ``[x, t]`` their concatenation, the query is the direction of::

        w_g f_gate(x, t) + w_r f_res(x, t)
        f_gate(x, t) = sigmoid(W_g ReLU(BN([x, t]))) * x        the reference's features that stay
        f_res(x, t)  = W_r2 ReLU(W_r1 ReLU(BN([x, t])))         the features that replace the others

    The layers are those of the authors' variant for vectors (last fully connected layer); the variant for feature maps
    has convolutions instead. The initial weights are 1 for the gate and 10 for the residual, as in the authors' code.

    Two differences: the inputs are unit vectors times sqrt(D), whose elements have the scale of the paper's features,
    so that a vector of the index can be a reference. The paper's last layer gives queries and targets a learnt length
    (initially 4, a factor of 16 before the softmax), while an index searches unit vectors. Here only the query has a
    learnt length, initially 1 in addition to the run's ``scale``; it affects the loss and not the ranking.

    Args:
        dim: D, width of the embeddings.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.scale = math.sqrt(dim)
        self.gate = nn.Sequential(nn.BatchNorm1d(2 * dim), nn.ReLU(), nn.Linear(2 * dim, dim), nn.Sigmoid())
        self.residual = nn.Sequential(
            nn.BatchNorm1d(2 * dim), nn.ReLU(), nn.Linear(2 * dim, 2 * dim), nn.ReLU(), nn.Linear(2 * dim, dim)
        )
        self.gate_weight = nn.Parameter(torch.tensor(1.0))
        self.residual_weight = nn.Parameter(torch.tensor(10.0))
        self.length = nn.Parameter(torch.tensor(1.0))

    def forward(self, reference: Tensor, words: WordFeatures) -> Tensor:
        """``[B, D]`` and the words of B modifications -> unit queries ``[B, D]``."""
        reference = self.scale * F.normalize(reference, dim=-1)
        text = self.scale * F.normalize(words.embedding, dim=-1)
        joined = torch.cat([reference, text], dim=-1)  # [B, 2 D]
        kept = self.gate(joined) * reference
        return F.normalize(self.gate_weight * kept + self.residual_weight * self.residual(joined), dim=-1)

    def objective(self, backbone: Backbone, batch: Batch) -> Tensor:
        """The retrieval loss of queries with the learnt length."""
        query = self(batch.reference, self.words(backbone, batch.ids, batch.reference))
        return retrieval(self.length * query, batch)
