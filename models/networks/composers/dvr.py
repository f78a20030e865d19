"""Dual-guided Vision Refinement, the second half of FashionERN (Chen et al., AAAI 2024).

Only those parts of the reference that the modification is about should enter the query. Text-guided refinement: each
word attends to the picture's local features, ``r_MR = MLP(CA(r_mod, r_ref, r_ref)) + r_mod``. Self-guided refinement: a
weight ``W_c`` of each part is computed from the part and the mean of all parts, ``r_SR = sum_c W_c (x) r_MR,c``.

The public code differs from these equations and from this file:

- It has no MLP and no residual in the text-guided refinement; here both are as in the paper.
- It uses the first 13 of 77 tokens only and treats padding as words. Here all words and no padding count.
- It normalises parts over the batch. Here a query does not depend on its batch.
- It first applies a BERT of two layers to words and parts, which the paper does not mention. With TME, the words have
  already attended to the picture.
- It scales words and parts to unit length before attention, and has eight heads. Here a layer norm precedes attention,
  as in TME, and four heads are enough for the width of small towers.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.networks.attention import MASKED, Attention, masked_mean, mlp


class TextGuidedRefinement(nn.Module):
    """``r_MR = MLP(CA(r_mod, r_ref, r_ref)) + r_mod``: each word attends to the parts of the picture.

    Args:
        dim: D, of the joint space.
        inner: Width of the attention.
    """

    def __init__(self, dim: int, inner: int) -> None:
        super().__init__()
        self.norm_text = nn.LayerNorm(dim)
        self.norm_reference = nn.LayerNorm(dim)
        self.attention = Attention(dim, dim, inner=inner)
        self.mlp = mlp(dim)

    def forward(self, words: Tensor, local: Tensor) -> Tensor:
        """Words ``[B, L, D]`` and local features ``[B, N, D]`` -> ``[B, L, D]``."""
        found = self.attention(self.norm_text(words), self.norm_reference(local))
        refined: Tensor = self.mlp(found) + words
        return refined


class SelfGuidedRefinement(nn.Module):
    """``r_SR = sum_c W_c (x) r_MR,c``: a weighted sum of the parts.

    ``W_c`` is the softmax over the parts c of ``w . (tanh(V r_c) * tanh(U mean(r)))``, as in the public code.

    Args:
        dim: D, of the joint space.
        hidden: Width of the space in which a part is compared with the mean; D in the public code. FashionERN sets the
            width of its gates' projections, so that one option narrows both.
        dropout: In that space; 0.5 in the public code.
    """

    def __init__(self, dim: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.part = nn.Sequential(nn.Linear(dim, hidden), nn.Tanh(), nn.Dropout(dropout))
        self.whole = nn.Sequential(nn.Linear(dim, hidden), nn.Tanh(), nn.Dropout(dropout))
        self.weight = nn.Linear(hidden, 1)

    def forward(self, refined: Tensor, mask: Tensor) -> Tensor:
        """``r_MR`` ``[B, L, D]`` and bool ``[B, L]``, False on padding -> ``[B, D]``."""
        common = self.part(refined) * self.whole(masked_mean(refined, mask))[:, None]
        scores = self.weight(common).squeeze(-1).masked_fill(~mask, MASKED)
        return (torch.softmax(scores, dim=-1)[..., None] * refined).sum(dim=1)


class VisionRefinement(nn.Module):
    """DVR: text-guided, then self-guided.

    Args:
        width: W, of the text tower's tokens.
        dim: D, of the joint space.
        inner: Width of the attention.
        hidden: Width of the hidden space of the self-guided refinement.
        dropout: Dropout of the self-guided refinement.
    """

    def __init__(self, width: int, dim: int, *, inner: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.project = nn.Linear(width, dim)
        self.text_guided = TextGuidedRefinement(dim, inner)
        self.self_guided = SelfGuidedRefinement(dim, hidden, dropout)

    def forward(self, tokens: Tensor, mask: Tensor, local: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens ``[B, L, W]``, their mask and local features ``[B, N, D]`` -> the refined picture and the mean of the
        words, both ``[B, D]``."""
        words = self.project(tokens)
        return self.self_guided(self.text_guided(words, local), mask), masked_mean(words, mask)
