"""Query arithmetic: reference plus modification, without trained weights."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from models.networks.backbones.backbone import WordFeatures
from models.networks.composers.composer import Composer


class ElementwiseSum(Composer):
    """``q = norm((1 - w) f_ref + w f_mod)`` of unit vectors.

    With ``w`` 0.5 it is the element-wise sum with which CLIP4Cir fine-tunes the backbone (Baldrati et al. 2022, section
    3.1), and the query arithmetic of Sadeh et al. (2019). With ``w`` tuned on validation data it is the baseline of all
    composers.

    CLIP4Cir adds CLIP's raw features. Here both have unit length before they are added, so that a vector of the index
    can be a reference.
    """

    def __init__(self, dim: int, weight: float = 0.5) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, reference: Tensor, words: WordFeatures) -> Tensor:
        """``[B, D]`` and the words of B modifications -> unit queries ``[B, D]``."""
        text = F.normalize(words.embedding, dim=-1)
        return F.normalize((1 - self.weight) * F.normalize(reference, dim=-1) + self.weight * text, dim=-1)
