"""The colours of cloth by name."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Colour = NDArray[np.float32]
"""sRGB, shape [3], 0 to 1."""

PALETTE: dict[str, tuple[int, int, int]] = {
    "black": (27, 27, 29),
    "white": (241, 240, 237),
    "grey": (141, 143, 147),
    "navy": (28, 42, 98),
    "blue": (36, 92, 196),
    "light blue": (152, 198, 234),
    "red": (206, 30, 38),
    "burgundy": (112, 20, 46),
    "pink": (241, 152, 186),
    "orange": (241, 122, 26),
    "yellow": (247, 210, 52),
    "green": (38, 142, 70),
    "olive": (108, 112, 46),
    "teal": (14, 128, 136),
    "purple": (118, 54, 154),
    "beige": (217, 195, 160),
    "brown": (112, 69, 40),
}


def cloth_colour(name: str, rng: np.random.Generator) -> Colour:
    """The colour of one piece of cloth, which varies slightly but stays recognisable."""
    colour = np.array(PALETTE[name], np.float32) / 255
    lot = colour * rng.uniform(0.96, 1.04) + rng.normal(0, 0.008, 3)
    return np.clip(lot, 0.04, 0.975).astype(np.float32)


def contrasting_colours(name: str) -> list[str]:
    """The colours that can be distinguished from ``name`` in a print, even in a small picture."""
    return [other for other in PALETTE if colour_distance(PALETTE[name], PALETTE[other]) > 45]


def colour_distance(first: Iterable[float], second: Iterable[float]) -> float:
    """The difference of two sRGB colours (0 to 255): CIE 1976 delta E; 2 is just noticeable."""
    return float(np.linalg.norm(_lab(first) - _lab(second)))


def _lab(colour: Iterable[float]) -> NDArray[np.float64]:
    srgb = np.array(list(colour), np.float64) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ linear / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])
