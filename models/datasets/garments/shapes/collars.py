"""Necks: the inside of the back, ribs and bindings, collars and turtlenecks."""

import numpy as np

from models.datasets.garments.painting.curves import Points, joined, line, mirrored, offset, smooth, symmetric
from models.datasets.garments.painting.parts import Folds, Frame, Part, Seam
from models.datasets.garments.shapes.torso import Torso, neck_opening


def back_of_neck(torso: Torso) -> Part:
    """The inside of the back, visible through the neck opening; below all other parts."""
    neck, s = torso.neck, torso.neck / 25
    low = 0.62 * torso.hem_y
    outline = symmetric(
        joined(
            smooth((0, 2 * s), (0.6 * neck, 1.4 * s), (neck + 0.5, 0)),
            line((neck + 12 * s, 9 * s), (neck + 12 * s, 46 * s), (0.3 * neck, low)),
        )
    )
    label = Seam(line((-5 * s, 13 * s), (5 * s, 13 * s)), 0.5, 4.5 * s)
    return Part((outline,), "lining", torso.frame(), Folds(1, 0.03, 0.03), roundness=8, seams=(label,))


def neck_trim(torso: Torso, neckline: str) -> list[Part]:
    """The binding of an open neck edge; none under a collar or turtleneck."""
    if neckline in ("collar", "turtleneck"):
        return []
    neck, s = torso.neck, torso.neck / 25
    half = neck_opening(torso, neckline)
    outline = np.concatenate(
        [half[::-1], mirrored(half)[1:], mirrored(_outside(half, 5.0 * s))[::-1], _outside(half, 5.0 * s)]
    )
    behind = symmetric(
        joined(
            smooth((0, 0), (0.6 * neck, -1.2 * s), (neck - 0.5, -2.2 * s)), line((neck + 4 * s, 1.6 * s)),
            smooth((neck - 2 * s, 5 * s), (0.6 * neck, 6.5 * s), (0, 7 * s)),
        )
    )  # fmt: skip
    return [
        Part((behind,), "lining", torso.frame(), roundness=3),
        Part((outline,), "trim", torso.frame(), roundness=2.5, edge=-0.2),
    ]


def _outside(half: Points, band: float) -> Points:
    """The right half of a neck edge moved into the cloth, mitred on the axis and ending on the shoulder."""
    moved = offset(half, -band)
    slope = float(np.clip((half[1, 1] - half[0, 1]) / (half[1, 0] - half[0, 0]), -2.5, 0))
    moved[0] = half[0] + (0, band * np.hypot(1, slope))
    moved[-1] = half[-1] + (band, 0.28 * band)
    return moved[moved[:, 0] >= 0]


def shirt_collar(torso: Torso, size: float) -> list[Part]:
    """A turned-down collar with two points, and its stand behind."""
    neck = torso.neck
    s = size * neck / 25
    stand = symmetric(
        joined(smooth((0, -8 * s), (0.6 * neck, -7 * s), (neck - 2 * s, -3 * s)), line((neck, 4 * s), (0, 17 * s)))
    )
    inside = Part((stand,), "lining", torso.frame(), roundness=6)
    leaf = joined(
        smooth((neck - 4 * s, -9 * s), (neck + 3 * s, -3 * s), (neck + 9 * s, 10 * s)),
        smooth((neck + 9 * s, 10 * s), (neck + 3 * s, 27 * s), (neck - 7 * s, 41 * s)),
        smooth((neck - 7 * s, 41 * s), (0.32 * neck, 29 * s), (0.5, 14.5 * s)),
        smooth((0.5, 14.5 * s), (0.55 * neck, 8 * s), (neck - 4 * s, -9 * s)),
    )
    frame = Frame((neck, -9 * s), (0.6 * neck, 40 * s), 16 * s, 14 * s)
    stitched = smooth((neck + 5.6 * s, 11 * s), (neck, 26 * s), (neck - 7 * s, 36.5 * s), (0.42 * neck, 26 * s))
    right = Part((leaf,), "cloth", frame, roundness=5, lift=2.2, seams=(Seam(stitched, -0.14, 0.9),))
    return [inside, right.mirrored(), right]


def turtleneck(torso: Torso) -> list[Part]:
    """A soft tube of rib, turned down once."""
    neck, s = torso.neck, torso.neck / 25
    tube = symmetric(
        joined(
            smooth((0, -32 * s), (0.6 * neck, -33 * s), (0.9 * neck, -36 * s)),
            smooth((0.9 * neck, -36 * s), (0.96 * neck, -18 * s), (neck + 3 * s, 5 * s)),
            smooth((neck + 3 * s, 5 * s), (0.6 * neck, 14 * s), (0, 17 * s)),
        )
    )
    ribs = tuple(Seam(line((0.9 * x, -36 * s), (x, 16 * s)), -0.15, 1.2) for x in np.linspace(-neck, neck, 11))
    turned = smooth((-neck - 2, -7 * s), (-0.5 * neck, -1 * s), (0, 0.5 * s), (0.5 * neck, -1 * s), (neck + 2, -7 * s))
    mouth = symmetric(
        joined(
            smooth((0, -40 * s), (0.6 * neck, -39.5 * s), (0.9 * neck, -36 * s)),
            smooth((0.9 * neck, -36 * s), (0.5 * neck, -32 * s), (0, -31 * s)),
        )
    )
    frame = Frame((0, -36 * s), (0, 16 * s), neck, neck)
    return [
        Part((mouth,), "lining", frame, roundness=4),
        Part(
            (tube,),
            "cloth",
            frame,
            Folds(1, 0.03, 0.03, 0.04, 0.6),
            roundness=8,
            lift=1.5,
            seams=(*ribs, Seam(turned, -0.34, 1.6)),
        ),
    ]
