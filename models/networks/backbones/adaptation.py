"""Low-rank adaptation (LoRA; Hu et al., ICLR 2022, section 4.1) of a copy of a network."""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize


class LowRank(nn.Module):
    """``W + B A``: a trainable update of ``rank`` to a frozen weight ``[rows, columns]``, initially zero.

    ``A`` is ``down`` and ``B`` is ``up``. The paper's factor ``alpha / rank`` is left out, because it acts like a
    learning rate of the update.

    Args:
        rows, columns: Shape of the weight.
        rank: Rank of the update.
    """

    def __init__(self, rows: int, columns: int, rank: int) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.randn(rank, columns) / math.sqrt(rank))
        self.up = nn.Parameter(torch.zeros(rows, rank))

    def forward(self, weight: Tensor) -> Tensor:
        """The adapted weight, of the same shape."""
        return weight + self.up @ self.down


def adapted(network: nn.Module, rank: int) -> nn.Module:
    """Copy ``network`` with an update of ``rank`` to each of its matrices; biases and norms of the copy are trainable.

    The matrices themselves stay equal to the original's, so that a bundle stores them once.
    """
    twin = copy.deepcopy(network).requires_grad_(True)
    matrices = [
        (module, name, weight)
        for module in twin.modules()
        for name, weight in module.named_parameters(recurse=False)
        if weight.ndim == 2 and min(weight.shape) > rank
    ]
    for module, name, weight in matrices:
        weight.requires_grad_(False)
        rows, columns = weight.shape
        parametrize.register_parametrization(module, name, LowRank(rows, columns, rank))
    return twin
