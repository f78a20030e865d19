"""The attribute-extraction head of Sadeh et al. (2019): which words of the catalogue a picture shows."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class AttributeHead(nn.Module):
    """A linear layer and a sigmoid on a picture's embedding; one probability per word.

    The input is scaled to a length of sqrt(D), as in the Combiner, so that vectors of an index can be used.

    Args:
        dim: D, width of the embeddings.
        words: A, number of words.
    """

    def __init__(self, dim: int, words: int) -> None:
        super().__init__()
        self.scale = math.sqrt(dim)
        self.linear = nn.Linear(dim, words)

    def logits(self, embedding: Tensor) -> Tensor:
        """Embeddings ``[B, D]`` of any length -> ``[B, A]``."""
        logits: Tensor = self.linear(self.scale * F.normalize(embedding, dim=-1))
        return logits

    def forward(self, embedding: Tensor) -> Tensor:
        """Embeddings ``[B, D]`` of any length -> probabilities ``[B, A]``."""
        return torch.sigmoid(self.logits(embedding))
