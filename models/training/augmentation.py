"""Small changes of a picture that change nothing about the garment; on whole batches, so that two cores keep up."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def augment(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror, shift, scale, light and blur.

    Hue is left alone: the colour is what shoppers ask for.

    Args:
        pixels: float ``[B, 3, H, W]`` in [0, 1], on the CPU or a GPU.
        generator: Source of chance, on the CPU.

    Returns:
        The same shape and range.
    """
    batch = len(pixels)

    def chance(low: float, high: float, *shape: int) -> Tensor:
        return (torch.rand(batch, *shape, generator=generator) * (high - low) + low).to(pixels.device)

    zoom, mirror = chance(0.85, 1.12), torch.where(chance(0, 1) < 0.5, -1.0, 1.0)
    affine = torch.zeros(batch, 2, 3, device=pixels.device)
    affine[:, 0, 0], affine[:, 1, 1] = zoom * mirror * chance(0.95, 1.05), zoom * chance(0.95, 1.05)
    affine[:, :, 2] = chance(-0.1, 0.1, 2)
    grid = F.affine_grid(affine, list(pixels.shape), align_corners=False)
    moved = F.grid_sample(pixels, grid, padding_mode="border", align_corners=False)
    moved = moved * chance(0.9, 1.1, 1, 1, 1) + chance(-0.04, 0.04, 1, 1, 1)
    smaller = F.interpolate(moved, scale_factor=0.6, mode="bilinear", antialias=True)
    blurred = F.interpolate(smaller, size=pixels.shape[-2:], mode="bilinear")
    return torch.where(chance(0, 1, 1, 1, 1) < 0.15, blurred, moved).clamp(0, 1)
