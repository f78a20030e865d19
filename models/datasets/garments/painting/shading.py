"""Light on parts: shading of roundness and folds by a lamp at the upper left."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.datasets.garments.painting.parts import Folds

Field = NDArray[np.float32]

LIGHT = (-0.62, -0.78)
"""The direction towards the lamp, x and y."""


def blurred(mask: Field, radius: float) -> Field:
    """``mask`` blurred by a Gaussian of ``radius`` pixels, 0 beyond the borders. The cost does not depend on the
    radius."""
    coarse, factor, margin = _coarse(mask, radius)
    return _refined(coarse, factor, margin, mask.shape)


def rounded(mask: Field, radius: float) -> tuple[Field, Field]:
    """The shading of a shape that is rounded within ``radius`` pixels of its edge.

    Returns the edge (0 inside, about 0.5 at the edge) and the inclination towards the lamp (-1 to 1, 0 if flat).
    """
    coarse, factor, margin = _coarse(mask, radius)
    down, right = np.gradient(coarse)
    lean = np.asarray(-(right * LIGHT[0] + down * LIGHT[1]) * (2.5 * radius / factor), np.float32)
    return 1 - _refined(coarse, factor, margin, mask.shape), _refined(lean, factor, margin, mask.shape)


def folded(folds: Folds, across: Field, down: Field, rng: np.random.Generator) -> Field:
    """Light of folds, about -0.2 to 0.2. ``across`` is -1 to 1 from side to side, ``down`` 0 to 1."""
    # Python floats, because NumPy's would convert the field to float64.
    phase: list[float] = rng.uniform(0, 2 * np.pi, 8).tolist()
    total = np.zeros_like(across)
    if folds.count > 0:
        sway = 0.9 * np.sin(2.2 * down + phase[0]) + 0.5 * np.sin(2.1 * across + phase[1])
        angle = np.pi * folds.count * across + sway
        fold = np.cos(angle + phase[2]) + 0.55 * np.cos(1.63 * angle + 1.5 * down + phase[3])
        fold = 0.62 * fold - 0.22 * fold * fold + 0.14
        uneven = 0.65 + 0.35 * np.sin(2.6 * across + phase[4])
        depth = folds.top + (folds.bottom - folds.top) * np.clip(down, 0, 1) ** 1.4
        total += fold * uneven * depth
    if folds.wrinkles > 0:
        slant = 0.35 * across * math.sin(phase[5]) + 0.12 * across * across
        ripple = np.cos(2 * np.pi * (down * 7 + slant * 3) + phase[6] + 1.2 * np.sin(3 * across + phase[7]))
        near = np.exp(-(((down - folds.wrinkled_at) / 0.2) ** 2))
        total += folds.wrinkles * ripple * near * (0.7 + 0.3 * np.sin(4 * across + phase[1]))
    return 2.3 * total


def mottled(shape: tuple[int, int], cell: float, rng: np.random.Generator) -> Field:
    """Smooth noise with a standard deviation of about 1 and spots about ``cell`` pixels wide."""
    coarse = rng.standard_normal((max(3, int(shape[0] / cell) + 2), max(3, int(shape[1] / cell) + 2)), np.float32)
    return _resized(coarse, shape, None)


def _coarse(mask: Field, radius: float) -> tuple[Field, int, int]:
    """The blurred mask on a coarse grid, with a margin of empty cells on every side."""
    factor = max(1, int(radius / 2.2))
    sigma = radius / factor
    reach = int(np.ceil(2.8 * sigma))
    height, width = (-(-size // factor) for size in mask.shape)
    small = np.zeros((height * factor, width * factor), np.float32)
    small[: mask.shape[0], : mask.shape[1]] = mask
    small = np.pad(small.reshape(height, factor, width, factor).mean(axis=(1, 3)), 2 * reach)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1, dtype=np.float32) / sigma) ** 2)
    kernel /= kernel.sum()
    rows = sum(k * small[i : len(small) - 2 * reach + i] for i, k in enumerate(kernel))
    assert not isinstance(rows, int)
    both = sum(k * rows[:, i : rows.shape[1] - 2 * reach + i] for i, k in enumerate(kernel))
    return np.asarray(both, np.float32), factor, reach


def _refined(coarse: Field, factor: int, margin: int, shape: tuple[int, ...]) -> Field:
    box = (margin, margin, margin + shape[1] / factor, margin + shape[0] / factor)
    return _resized(coarse, (shape[0], shape[1]), box)


def _resized(field: Field, shape: tuple[int, int], box: tuple[float, float, float, float] | None) -> Field:
    image = Image.fromarray(np.ascontiguousarray(field, np.float32))
    return np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.BICUBIC, box=box), np.float32)
