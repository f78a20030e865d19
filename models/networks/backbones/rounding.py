"""Rounding of weights to 8 bits, so that a bundle can store them losslessly in one byte each."""

from __future__ import annotations

import torch
from torch import Tensor, nn

STEPS = 127
"""Steps on each side of zero."""
_MANTISSA = 2**11


@torch.no_grad()
def round_to_int8(network: nn.Module) -> None:
    """Round every matrix and kernel of ``network`` in place to 255 steps per row (output channel, token).

    Rounding is idempotent: steps have 11 significant bits, so their multiples are exact in float32.
    """
    for weight in network.parameters():
        if weight.ndim >= 2:
            weight.copy_(_rounded(weight))


def _rounded(weight: Tensor) -> Tensor:
    rows = weight.flatten(1).abs().amax(dim=1).clamp(min=torch.finfo(torch.float32).tiny * 2**24)
    mantissa, exponent = torch.frexp(rows / STEPS)
    step = torch.ldexp(torch.ceil(mantissa * _MANTISSA) / _MANTISSA, exponent).view(-1, *[1] * (weight.ndim - 1))
    return torch.round(weight / step) * step
