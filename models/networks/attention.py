"""Attention between two sequences of any widths (Vaswani et al., NeurIPS 2017, section 3.2)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

MASKED = -1e4
"""Score of masked positions. Their weight is exactly 0; a fully masked row gives no NaN, as -inf would."""


class Attention(nn.Module):
    """Multi-head attention: self-attention (MHSA) if both sequences are the same, else cross-attention (CA).

    Args:
        queries: Width of the sequence of queries, and of the output.
        keys: Width of the sequence of keys and values.
        inner: Width of all heads together; ``queries`` if None.
        heads: Must divide ``inner``.
        dropout: Dropout of the attention weights.
    """

    def __init__(
        self, queries: int, keys: int, *, inner: int | None = None, heads: int = 4, dropout: float = 0.1
    ) -> None:
        super().__init__()
        inner = inner or queries
        self.heads = heads
        self.query = nn.Linear(queries, inner)
        self.key = nn.Linear(keys, inner)
        self.value = nn.Linear(keys, inner)
        self.output = nn.Linear(inner, queries)
        self.dropout = nn.Dropout(dropout)

    def forward(self, queries: Tensor, keys: Tensor, mask: Tensor | None = None) -> Tensor:
        """``queries`` ``[B, L, Q]`` and ``keys`` ``[B, N, K]`` -> ``[B, L, Q]``.

        ``mask`` is bool ``[B, N]``, False for positions that are not attended to.
        """
        query, key, value = (
            self._split(self.query(queries)),
            self._split(self.key(keys)),
            self._split(self.value(keys)),
        )
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None, None, :], MASKED)
        found = self.dropout(torch.softmax(scores, dim=-1)) @ value
        output: Tensor = self.output(found.transpose(1, 2).flatten(2))
        return output

    def _split(self, sequence: Tensor) -> Tensor:
        """``[B, L, inner]`` -> ``[B, heads, L, inner / heads]``."""
        count, length, inner = sequence.shape
        return sequence.reshape(count, length, self.heads, inner // self.heads).transpose(1, 2)


def mlp(width: int) -> nn.Sequential:
    """The ``MLP`` of FashionERN's equations: two layers of the same width."""
    return nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))


def masked_mean(sequence: Tensor, mask: Tensor) -> Tensor:
    """Mean ``[B, W]`` of the positions of ``[B, L, W]`` at which ``mask`` (bool ``[B, L]``) is True."""
    kept = mask[..., None].to(sequence.dtype)
    return (sequence * kept).sum(dim=1) / kept.sum(dim=1).clamp(min=1)
