"""TIRG, text-image residual gating (Vo et al., CVPR 2019, section 3)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.networks.backbones.backbone import Backbone, WordFeatures
from models.networks.composers.composer import Batch, Composer, retrieval


class TIRG(Composer):
    """The reference, gated by the modification, plus what the modification adds to it.

    With ``x`` the reference, ``t`` the modification and ``[x, t]`` their concatenation, the query is the direction of::

        w_g f_gate(x, t) + w_r f_res(x, t)
        f_gate(x, t) = sigmoid(W_g ReLU(BN([x, t]))) * x        which of the reference's features stay
        f_res(x, t)  = W_r2 ReLU(W_r1 ReLU(BN([x, t])))         what comes in their place

    The layers are those of the authors' variant for vectors (their last fully connected layer); for feature maps the
    paper has convolutions in their place. The weights begin at 1 for the gate and 10 for the residual, as theirs do.

    Two things differ. The inputs are unit vectors times sqrt(D), whose elements are of the scale of one that the
    paper's features have, so that a vector of the index can be a reference. And the paper's last layer gives queries
    and targets one learnable length (4 at first, a factor of 16 before the softmax), whereas an index searches unit
    vectors: the learnable length here is the query's alone, starts at 1 on top of the run's ``scale``, and is known to
    the loss only; on the order of the products it has no influence.

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
        """The retrieval loss of queries of the learnt length."""
        query = self(batch.reference, self.words(backbone, batch.ids, batch.reference))
        return retrieval(self.length * query, batch)
