"""Attention of one sequence to another (Vaswani et al., NeurIPS 2017, section 3.2), of any width on either side."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

NEVER = -1e4
"""Score of what is not attended to: its weight is exactly 0, and a row of nothing else gives no NaN, as -inf would."""


class Attention(nn.Module):
    """Multi-head attention (MHSA where both sequences are one and the same, CA where not).

    Args:
        queries: Width of the sequence that asks; also of what comes out.
        keys: Width of the sequence that is asked, keys and values in one.
        inner: Width of all heads together; that of the queries where none is given.
        heads: Must divide ``inner``.
        dropout: Of the attention weights.
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

    def forward(self, asking: Tensor, asked: Tensor, mask: Tensor | None = None) -> Tensor:
        """``asking`` ``[B, L, Q]`` and ``asked`` ``[B, N, K]`` -> ``[B, L, Q]``.

        ``mask`` is bool ``[B, N]``: False on what is not to be attended to.
        """
        query, key, value = (
            self._split(self.query(asking)),
            self._split(self.key(asked)),
            self._split(self.value(asked)),
        )
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None, None, :], NEVER)
        found = self.dropout(torch.softmax(scores, dim=-1)) @ value
        output: Tensor = self.output(found.transpose(1, 2).flatten(2))
        return output

    def _split(self, sequence: Tensor) -> Tensor:
        """``[B, L, inner]`` -> ``[B, heads, L, inner / heads]``."""
        count, length, inner = sequence.shape
        return sequence.reshape(count, length, self.heads, inner // self.heads).transpose(1, 2)


def mlp(width: int) -> nn.Sequential:
    """The ``MLP`` of FashionERN's equations: two layers of one width, which leaves the sequence's shape as it is."""
    return nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))


def masked_mean(sequence: Tensor, mask: Tensor) -> Tensor:
    """Mean ``[B, W]`` of what ``mask`` (bool ``[B, L]``) keeps of ``[B, L, W]``."""
    kept = mask[..., None].to(sequence.dtype)
    return (sequence * kept).sum(dim=1) / kept.sum(dim=1).clamp(min=1)
