"""Dual-guided Vision Refinement, the second half of FashionERN (Chen et al., AAAI 2024).

Of the reference, only what the modification speaks of should reach the query. First the text guides: each word asks the
picture's local features, ``r_MR = MLP(CA(r_mod, r_ref, r_ref)) + r_mod``. Then the vision guides itself: the mean of
what was found is a coarse view of it, from which and from each part a weight ``W_c`` follows,
``r_SR = sum_c W_c (x) r_MR,c``.

Where we differ from the public code, on purpose: it keeps only the first 13 of the 77 words' results, whatever they are
of, and reads padding as if it were words; here every word counts and padding never does. It normalises each part over
the batch; here a query is what it is in whatever company. It lets words and parts first attend to each other in a
BERT of two layers, which nothing in the paper asks for; with TME, the words have met the picture already.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.networks.attention import NEVER, Attention, masked_mean, mlp


class TextGuidedRefinement(nn.Module):
    """``r_MR = MLP(CA(r_mod, r_ref, r_ref)) + r_mod``: each word finds in the picture what it is about.

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
    """``r_SR = sum_c W_c (x) r_MR,c``: what stands out against the whole is kept, the rest is noise.

    ``W_c`` is the softmax over the parts c of ``w . (tanh(V r_c) * tanh(U mean(r)))``, as the public code has it.

    Args:
        dim: D, of the joint space.
        hidden: Width of what part and whole are compared in.
        dropout: Of the same; the public code has 0.5.
    """

    def __init__(self, dim: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.part = nn.Sequential(nn.Linear(dim, hidden), nn.Tanh(), nn.Dropout(dropout))
        self.whole = nn.Sequential(nn.Linear(dim, hidden), nn.Tanh(), nn.Dropout(dropout))
        self.weight = nn.Linear(hidden, 1)

    def forward(self, refined: Tensor, mask: Tensor) -> Tensor:
        """``r_MR`` ``[B, L, D]`` and bool ``[B, L]``, False on padding -> ``[B, D]``."""
        common = self.part(refined) * self.whole(masked_mean(refined, mask))[:, None]
        scores = self.weight(common).squeeze(-1).masked_fill(~mask, NEVER)
        return (torch.softmax(scores, dim=-1)[..., None] * refined).sum(dim=1)


class VisionRefinement(nn.Module):
    """DVR: text-guided, then self-guided.

    Args:
        width: W, of the text tower's tokens.
        dim: D, of the joint space.
        inner: Width of the attention.
        hidden: Of the self-guided refinement.
        dropout: Of the self-guided refinement.
    """

    def __init__(self, width: int, dim: int, *, inner: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.project = nn.Linear(width, dim)
        self.text_guided = TextGuidedRefinement(dim, inner)
        self.self_guided = SelfGuidedRefinement(dim, hidden, dropout)

    def forward(self, tokens: Tensor, mask: Tensor, local: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens ``[B, L, W]``, their mask and local features ``[B, N, D]`` -> what is kept of the picture, and
        the mean of the words, both ``[B, D]``."""
        words = self.project(tokens)
        return self.self_guided(self.text_guided(words, local), mask), masked_mean(words, mask)
