"""Outlines: smooth curves through a few points.

Units are points: a picture is 300 points wide and 400 high. x runs right from the garment's axis (mirroring negates x),
y runs down. Every curve is a float64 array [N, 2].
"""

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Pair = tuple[float, float]


def line(*pairs: Pair) -> Points:
    """Straight lines through the points."""
    return np.array(pairs, np.float64)


def smooth(*pairs: Pair, steps: int = 9) -> Points:
    """A centripetal Catmull-Rom spline through all points; it has no loops or overshoots."""
    through = np.array(pairs, np.float64)
    gaps = np.sqrt(np.maximum(np.linalg.norm(np.diff(through, axis=0), axis=1), 1e-6))
    slopes = np.diff(through, axis=0) / gaps[:, None]
    tangents = np.empty_like(through)
    tangents[0], tangents[-1] = slopes[0], slopes[-1]
    before, after = gaps[:-1, None], gaps[1:, None]
    tangents[1:-1] = (slopes[:-1] * after + slopes[1:] * before) / (before + after)
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    start, end = through[:-1, None], through[1:, None]
    leave, arrive = (tangents[:-1] * gaps[:, None])[:, None], (tangents[1:] * gaps[:, None])[:, None]
    pieces = (
        (2 * t**3 - 3 * t**2 + 1) * start
        + (t**3 - 2 * t**2 + t) * leave
        + (3 * t**2 - 2 * t**3) * end
        + (t**3 - t**2) * arrive
    )
    return np.concatenate([pieces.reshape(-1, 2), through[-1:]])


def joined(*pieces: Points) -> Points:
    """Concatenated pieces, with corners where they meet."""
    return np.concatenate(pieces)


def mirrored(curve: Points) -> Points:
    """The curve mirrored at the axis."""
    return np.multiply(curve, (-1.0, 1.0))


def shifted(curve: Points, right: float, down: float) -> Points:
    """The curve moved by an offset in points."""
    return np.add(curve, (right, down))


def symmetric(half: Points) -> Points:
    """A closed outline from its right half, which runs from top to bottom."""
    return np.concatenate([half, mirrored(half)[::-1]])


def ellipse(x: float, y: float, across: float, down: float, turn: float = 0.0) -> Points:
    """A closed ellipse about (x, y) with these half-axes, turned by ``turn`` radians."""
    angle = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    along, aside = across * np.cos(angle), down * np.sin(angle)
    return np.stack(
        [x + along * np.cos(turn) - aside * np.sin(turn), y + along * np.sin(turn) + aside * np.cos(turn)], axis=1
    )


def offset(curve: Points, distance: float | Points) -> Points:
    """The curve moved to its left (seen along it, y down) by ``distance`` points, one number or one for each point."""
    ahead = np.asarray(np.gradient(curve, axis=0), np.float64)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-9)
    left = np.stack([ahead[:, 1], -ahead[:, 0]], axis=1)
    return np.add(curve, left * np.reshape(np.asarray(distance, np.float64), (-1, 1)))


def ribbon(centre: Points, start: float, end: float) -> Points:
    """A closed band along ``centre``, with a half-width that changes linearly from ``start`` to ``end``."""
    half = np.linspace(start, end, len(centre))
    return np.concatenate([offset(centre, half), offset(centre, -half)[::-1]])
