"""Patterns on cloth: the areas of the second colour."""

import math

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def pattern_weight(pattern: str, across: Field, along: Field, pixel: float, seed: int) -> Field:
    """The share of the second colour at each position, 0 to 1.

    ``across`` and ``along`` are positions on the cloth in points, arrays of the same shape. ``pixel`` is the size of a
    pixel in points, over which edges are smoothed. "plain" and "colour-block", which is not a pattern of cloth, give 0.
    """
    rng = np.random.default_rng([seed, 3])
    size = float(rng.uniform(0.9, 1.15))
    if pattern == "striped":
        return _bands(along, 21 * size, 0.42, pixel)
    if pattern == "checked":
        return _checks(across, along, 30 * size, pixel)
    if pattern == "dotted":
        return _dots(across, along, 25 * size, pixel)
    if pattern == "floral":
        return _flowers(across, along, 37 * size, pixel, rng)
    return np.zeros_like(across)


def _inside(distance: NDArray[np.floating], pixel: float) -> Field:
    """1 for positive ``distance`` (points), 0 for negative, with a ramp of one pixel between."""
    return np.asarray(np.clip(distance / pixel + 0.5, 0, 1), np.float32)


def _bands(place: Field, period: float, share: float, pixel: float) -> Field:
    from_centre = np.abs((place / period) % 1 - 0.5) * period
    return _inside(share * period / 2 - from_centre, pixel)


def _checks(across: Field, along: Field, period: float, pixel: float) -> Field:
    broad = 0.5 * (_bands(across, period, 0.38, pixel) + _bands(along, period, 0.38, pixel))
    thin = np.maximum(_bands(across + period / 2, period, 0.07, pixel), _bands(along + period / 2, period, 0.07, pixel))
    return np.asarray(np.maximum(broad, 0.7 * thin), np.float32)


def _dots(across: Field, along: Field, period: float, pixel: float) -> Field:
    row = along / (0.75 * period)
    number = np.floor(row)
    column = across / period + 0.5 * (number % 2)
    aside, above = (column % 1 - 0.5) * period, (row - number - 0.5) * 0.75 * period
    return _inside(0.27 * period - np.sqrt(aside**2 + above**2), pixel)


def _flowers(across: Field, along: Field, period: float, pixel: float, rng: np.random.Generator) -> Field:
    """Scattered flowers with five petals, one per cell, with leaves and buds between them."""
    slant = rng.uniform(0.25, 0.6)
    cos, sin = math.cos(slant), math.sin(slant)
    across, along = across * cos - along * sin, along * cos + across * sin
    aside, above, pick = _cells(across, along, period, 0.13, rng)
    radius = period * (0.3 + 0.08 * rng.random(256, np.float32)[pick])
    turn = rng.uniform(0, 2 * np.pi, 256).astype(np.float32)[pick]
    reach = np.sqrt(aside**2 + above**2)
    petals = radius * (0.74 + 0.26 * np.cos(5 * np.arctan2(above, aside) + turn))
    flower = _inside(petals - reach, pixel) - 0.75 * _inside(0.26 * radius - reach, pixel)

    aside, above, pick = _cells(across + 0.25 * period, along + 0.5 * period, period, 0.12, rng)
    turn = rng.uniform(0, np.pi, 256).astype(np.float32)[pick]
    length = aside * np.cos(turn) + above * np.sin(turn)
    width = above * np.cos(turn) - aside * np.sin(turn)
    reach = np.sqrt((length * 0.72) ** 2 + (width * 2.1) ** 2)
    leaf = _inside(0.17 * period - reach, pixel)
    return np.asarray(np.maximum(flower, 0.62 * leaf), np.float32)


def _cells(
    across: Field, along: Field, period: float, jitter: float, rng: np.random.Generator
) -> tuple[Field, Field, NDArray[np.int32]]:
    """Staggered cells: positions relative to the (jittered) centre of the cell in points, and its number, 0 to 255."""
    row = np.floor(along / period)
    column = across / period + 0.5 * (row % 2)
    cell = np.floor(column)
    pick = (cell.astype(np.int32) * 57 + row.astype(np.int32) * 131) & 255
    shift = rng.uniform(-jitter, jitter, (2, 256)).astype(np.float32)
    aside = (column - cell - 0.5 + shift[0][pick]) * period
    above = (along / period - row - 0.5 + shift[1][pick]) * period
    return aside, above, pick
