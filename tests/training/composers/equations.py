"""Layers and losses in numpy, written from the papers' equations and independent of torch's implementations."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from models.networks.attention import Attention

Array = npt.NDArray[np.float64]


def array(tensor: Tensor) -> Array:
    values: Array = tensor.detach().numpy().astype(np.float64)
    return values


def shaken(module: nn.Module) -> nn.Module:
    """The module in ``eval`` with random biases, norms and statistics, so that each of them counts."""
    chance = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, weight in [*module.named_parameters(), *module.named_buffers()]:
            if "running_var" in name:
                weight.uniform_(0.5, 2.0, generator=chance)
            elif weight.is_floating_point() and weight.ndim == 1:
                weight.add_(0.3 * torch.randn(weight.shape, generator=chance))
            elif weight.is_floating_point() and not weight.any():  # A layer that begins with zeros.
                weight.copy_(0.1 * torch.randn(weight.shape, generator=chance))
    return module.eval()


def unit(x: Array) -> Array:
    length: Array = np.linalg.norm(x, axis=-1, keepdims=True)
    return x / length


def relu(x: Array) -> Array:
    return np.maximum(x, 0)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def gelu(x: Array) -> Array:
    share: Array = (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2
    return share * x


def softmax(x: Array) -> Array:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    shares: Array = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def linear(layer: nn.Module, x: Array) -> Array:
    assert isinstance(layer, nn.Linear)
    return x @ array(layer.weight).T + array(layer.bias)


def batch_norm(layer: nn.Module, x: Array) -> Array:
    assert isinstance(layer, nn.BatchNorm1d)
    assert layer.running_mean is not None
    assert layer.running_var is not None
    standard: Array = (x - array(layer.running_mean)) / np.sqrt(array(layer.running_var) + layer.eps)
    return standard * array(layer.weight) + array(layer.bias)


def layer_norm(layer: nn.Module, x: Array) -> Array:
    assert isinstance(layer, nn.LayerNorm)
    standard: Array = (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + layer.eps)
    return standard * array(layer.weight) + array(layer.bias)


def linears(layers: nn.Module) -> list[nn.Module]:
    return [layer for layer in layers.modules() if isinstance(layer, nn.Linear)]


def mlp(layers: nn.Module, x: Array) -> Array:
    first, second = linears(layers)
    return linear(second, gelu(linear(first, x)))


def attention(module: Attention, queries: Array, keys: Array, mask: npt.NDArray[np.bool_] | None = None) -> Array:
    """Multi-head attention, one head and one sequence at a time."""
    q, k, v = (linear(getattr(module, name), x) for name, x in (("query", queries), ("key", keys), ("value", keys)))
    width = q.shape[-1] // module.heads
    found = np.zeros_like(q)
    for row in range(len(q)):
        for start in range(0, q.shape[-1], width):
            part = slice(start, start + width)
            scores = q[row, :, part] @ k[row, :, part].T / math.sqrt(width)
            if mask is not None:
                scores = np.where(mask[row], scores, -np.inf)
            found[row, :, part] = softmax(scores) @ v[row, :, part]
    return linear(module.output, found)


def mean_of(sequence: Array, mask: npt.NDArray[np.bool_]) -> Array:
    """Mean of the unmasked positions of each sequence."""
    return np.array([one[kept].mean(axis=0) for one, kept in zip(sequence, mask, strict=True)])


def classification(query: Array, candidates: Array, scale: float, right: npt.NDArray[np.bool_] | None = None) -> float:
    """Cross-entropy of query i and candidate i; further right candidates of a query are left out."""
    costs = []
    for row, scores in enumerate(scale * query @ candidates.T):
        others = [at for at in range(len(scores)) if at != row and (right is None or not right[row, at])]
        costs.append(np.log(np.exp(scores[[row, *others]] - scores[row]).sum()))
    return float(np.mean(costs))


def divergence(p: Array, q: Array) -> float:
    """KL(p || q) of rows of probabilities, the mean over the rows."""
    return float((p * np.log(p / q)).sum(axis=-1).mean())


def adaptive_max(x: Array, windows: int) -> Array:
    """The largest value of each of some nearly equal windows of the last axis."""
    length = x.shape[-1]
    bounds: Sequence[tuple[int, int]] = [
        (at * length // windows, -(-(at + 1) * length // windows)) for at in range(windows)
    ]
    return np.stack([x[..., low:high].max(axis=-1) for low, high in bounds], axis=-1)
