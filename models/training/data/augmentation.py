"""Augmentation that does not change the garment, on whole batches."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

WHITE = 0.88
"""Pixels lighter than this in every channel, and connected to the border, are backdrop."""
BUSY = 0.2
"""Share of the pictures whose backdrop is replaced."""


def augment(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """Replace some backdrops; mirror, shift and scale; change brightness and contrast; blur some.

    Hue is not changed, because shoppers ask for colours.

    Args:
        pixels: float ``[B, 3, H, W]`` in [0, 1], on the CPU or a GPU.
        generator: Random generator, on the CPU.

    Returns:
        The same shape and range.
    """
    batch = len(pixels)
    uniform = partial(_uniform, pixels, generator)
    busy = (torch.rand(batch, generator=generator) < BUSY).nonzero().flatten()
    if len(busy):  # Decided on the CPU, to avoid waiting for a GPU.
        pixels, busy = pixels.clone(), busy.to(pixels.device, non_blocking=True)
        pixels[busy] = before_backdrops(pixels[busy], generator)
    zoom, mirror = uniform(0.75, 1.2), torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    affine = torch.zeros(batch, 2, 3, device=pixels.device)
    affine[:, 0, 0], affine[:, 1, 1] = zoom * mirror * uniform(0.95, 1.05), zoom * uniform(0.95, 1.05)
    affine[:, :, 2] = uniform(-0.1, 0.1, 2)
    grid = F.affine_grid(affine, list(pixels.shape), align_corners=False)
    moved = F.grid_sample(pixels, grid, padding_mode="border", align_corners=False)
    moved = moved * uniform(0.9, 1.1, 1, 1, 1) + uniform(-0.04, 0.04, 1, 1, 1)
    smaller = F.interpolate(moved, scale_factor=0.6, mode="bilinear", antialias=True)
    blurred = F.interpolate(smaller, size=pixels.shape[-2:], mode="bilinear")
    return torch.where(uniform(0, 1, 1, 1, 1) < 0.15, blurred, moved).clamp(0, 1)


def augment_photographs(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """Crop, rotate, mirror and relight photographs that people took.

    Before that, half of the garments cut out on white are put in front of other backdrops.

    Args:
        pixels: float ``[B, 3, H, W]`` in [0, 1], on the CPU or a GPU.
        generator: Random generator, on the CPU.

    Returns:
        The same shape and range.
    """
    batch = len(pixels)
    uniform = partial(_uniform, pixels, generator)
    placed = before_backdrops(pixels, generator)
    pixels = torch.where(uniform(0, 1, 1, 1, 1) < 0.5, placed, pixels)
    zoom, mirror, turn = uniform(0.6, 1.1), torch.where(uniform(0, 1) < 0.5, -1.0, 1.0), uniform(-0.35, 0.35)
    affine = torch.zeros(batch, 2, 3, device=pixels.device)
    affine[:, 0, 0], affine[:, 0, 1] = zoom * mirror * turn.cos() * uniform(0.9, 1.1), -zoom * turn.sin()
    affine[:, 1, 0], affine[:, 1, 1] = zoom * mirror * turn.sin(), zoom * turn.cos() * uniform(0.9, 1.1)
    affine[:, :, 2] = uniform(-0.2, 0.2, 2)
    grid = F.affine_grid(affine, list(pixels.shape), align_corners=False)
    moved = F.grid_sample(pixels, grid, padding_mode="border", align_corners=False)
    light = moved.clamp(min=1e-3) ** uniform(0.7, 1.4, 1, 1, 1) * uniform(0.9, 1.1, 3, 1, 1)
    return ((light - 0.5) * uniform(0.75, 1.25, 1, 1, 1) + 0.5 + uniform(-0.08, 0.08, 1, 1, 1)).clamp(0, 1)


def mirror(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror half of the pictures; arguments and result as for ``augment``."""
    mirrored = (torch.rand(len(pixels), generator=generator) < 0.5).to(pixels.device, non_blocking=True)
    return torch.where(mirrored[:, None, None, None], pixels.flip(-1), pixels)


def before_backdrops(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """Put garments photographed on white in front of busy backdrops, as in a snapshot.

    A backdrop is an enlarged and tinted part of another picture of the batch, so that shapes and textures are real.

    Args:
        pixels: float ``[B, 3, H, W]`` in [0, 1].
        generator: Random generator, on the CPU.

    Returns:
        The same shape and range.
    """
    batch, _, height, width = pixels.shape
    uniform = partial(_uniform, pixels, generator)
    other = pixels[torch.randperm(batch, generator=generator).to(pixels.device, non_blocking=True)]
    affine = torch.zeros(batch, 2, 3, device=pixels.device)
    affine[:, 0, 0] = affine[:, 1, 1] = uniform(0.15, 0.6)
    affine[:, :, 2] = uniform(-0.4, 0.4, 2)
    grid = F.affine_grid(affine, list(pixels.shape), align_corners=False)
    scene = F.grid_sample(other, grid, padding_mode="reflection", align_corners=False)
    tint, share = uniform(0.15, 1, 3, 1, 1), uniform(0.1, 0.8, 1, 1, 1)
    scene = scene * (1 - share) + tint * share
    # Flood fill from the border, at half size: a white shirt inside the picture stays.
    light = F.avg_pool2d((pixels.amin(dim=1, keepdim=True) > WHITE).to(pixels.dtype), 2) > 0.99
    reached = torch.zeros_like(light)
    for edge in (0, -1):
        reached[..., edge, :] = True
        reached[..., :, edge] = True
    reached &= light
    for _ in range((height + width) // 4):
        reached = (F.max_pool2d(reached.to(pixels.dtype), 3, 1, 1) > 0) & light
    clear = F.interpolate(reached.to(pixels.dtype), size=(height, width), mode="bilinear")
    return clear * scene + (1 - clear) * pixels


def _uniform(pixels: Tensor, generator: torch.Generator, low: float, high: float, *shape: int) -> Tensor:
    """Random numbers between ``low`` and ``high``, ``[B, *shape]``, on the device of ``pixels`` ``[B, 3, H, W]``."""
    drawn = torch.rand(len(pixels), *shape, generator=generator) * (high - low) + low
    return drawn.to(pixels.device, non_blocking=True)
