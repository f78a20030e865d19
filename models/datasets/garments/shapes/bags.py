"""Bags: totes, shoulder bags, backpacks and clutches."""

import numpy as np

from models.datasets.garments.garment import Garment
from models.datasets.garments.painting.curves import (
    Points,
    ellipse,
    joined,
    line,
    mirrored,
    ribbon,
    shifted,
    smooth,
    symmetric,
)
from models.datasets.garments.painting.parts import Folds, Frame, Part, Plan, Seam


def bag_plan(garment: Garment) -> Plan:
    """A bag from the front, standing on a shelf."""
    parts, low = {"tote": _tote, "shoulder": _shoulder_bag, "backpack": _backpack, "clutch": _clutch}[
        garment.attributes["style"]
    ]()
    return Plan(tuple(parts), (0.0, 1.0, 0.5 * low), grounded=True, zoom=1.12)


def _panel(top: float, bottom: float, height: float, corner: float, sag: float = 0.0, y: float = 0.0) -> Points:
    """A closed upright shape with rounded lower corners; ``sag`` is the sag of its upper edge in the middle."""
    low = y + height
    return symmetric(
        joined(
            smooth((0, y + sag), (0.55 * top, y + 0.7 * sag), (top, y)),
            smooth((top, y), (0.5 * (top + bottom) + 2, 0.5 * (y + low)), (bottom, low - corner)),
            smooth((bottom, low - corner), (bottom - 0.3 * corner, low - 0.3 * corner), (bottom - corner, low)),
            line((0, low + 1)),
        )
    )


def _inset(outline: Points, by: float) -> Seam:
    """A line of stitches ``by`` points inside an outline that is symmetric about the axis."""
    middle = 0.5 * (outline.min(axis=0) + outline.max(axis=0))
    size = 0.5 * np.ptp(outline, axis=0)
    inner = middle + (outline - middle) * (1 - by / size)
    return Seam(np.vstack([inner, inner[:1]]), -0.2, 1.1, 3.2)


def _tote() -> tuple[list[Part], float]:
    body = _panel(96, 84, 168, 14, sag=5)
    frame = Frame((0, 0), (0, 168), 94, 86, -3)
    arch = smooth((-44, 26), (-41, -38), (-27, -84), (0, -96), (27, -84), (41, -38), (44, 26), steps=8)
    back = ribbon(shifted(arch, 0, -10), 4.5, 4.5)
    front = ribbon(arch, 5.5, 5.5)
    tabs = tuple(
        line((s * 44 - 7, 10), (s * 44 + 7, 10), (s * 44 + 7, 42), (s * 44, 48), (s * 44 - 7, 42)) for s in (-1, 1)
    )
    mouth = symmetric(joined(smooth((0, -5), (55, -4), (96, 0)), smooth((96, 0), (55, 4), (0, 6))))
    rivets = tuple(ellipse(s * 44, 36, 2.6, 2.6) for s in (-1, 1))
    seams = (_inset(body, 5), Seam(smooth((-95, 12), (0, 17), (95, 12)), -0.16, 1.1))
    return [
        Part((back,), "trim", frame, roundness=4, gloss=0.3),
        Part((mouth,), "lining", frame, roundness=4),
        Part((body,), "cloth", frame, Folds(1.2, 0.03, 0.05, 0.03, 0.25), roundness=16, gloss=0.25, seams=seams),
        Part((front,), "trim", frame, roundness=4, lift=3, gloss=0.3),
        Part(tabs, "trim", frame, roundness=3, lift=1.2, gloss=0.3),
        Part(rivets, "metal", frame, roundness=2, lift=0.8, gloss=0.7, edge=-0.5),
    ], 168  # fmt: skip


def _shoulder_bag() -> tuple[list[Part], float]:
    body = _panel(80, 90, 122, 30)
    frame = Frame((0, 0), (0, 122), 86, 90, 6)
    strap = smooth((-80, 14), (-76, -60), (-52, -150), (0, -190), (52, -150), (76, -60), (80, 14), steps=10)
    flap = symmetric(
        joined(
            smooth((0, -4), (58, -4), (81, 0)), smooth((81, 0), (88, 20), (84, 52)),
            smooth((84, 52), (64, 76), (0, 84)),
        )
    )  # fmt: skip
    rings = tuple(ribbon(ellipse(s * 80, 10, 6, 7), 1.6, 1.6) for s in (-1, 1))
    clasp = (line((-9, 74), (9, 74), (9, 92), (-9, 92)),)
    return [
        Part((ribbon(strap, 4.2, 4.2),), "trim", frame, roundness=3, gloss=0.3, seams=(Seam(strap, -0.12, 1.0, 3),)),
        Part((body,), "cloth", frame, Folds(1, 0.02, 0.04), roundness=18, gloss=0.35, seams=(_inset(body, 5),)),
        Part((flap,), "cloth", frame, Folds(1, 0.02, 0.03), roundness=14, lift=4, gloss=0.35, seams=(_inset(flap, 5),)),
        Part(rings, "metal", frame, roundness=2, lift=1, gloss=0.7),
        Part(clasp, "metal", frame, roundness=4, lift=1.6, gloss=0.8, seams=(Seam(line((0, 79), (0, 87)), -0.5, 2),)),
    ], 122


def _backpack() -> tuple[list[Part], float]:
    body = symmetric(
        joined(
            smooth((0, -4), (40, -2), (68, 22), (80, 70), (84, 130), (80, 176), (68, 192)), line((0, 194)),
        )
    )  # fmt: skip
    frame = Frame((0, 0), (0, 194), 76, 82)
    pocket = _panel(62, 60, 78, 18, y=106)
    zipped = smooth((-74, 96), (-70, 44), (-46, 16), (0, 10), (46, 16), (70, 44), (74, 96))
    handle = ribbon(smooth((-17, 2), (-15, -18), (0, -24), (15, -18), (17, 2)), 4, 4)
    strap = ribbon(smooth((58, 16), (85, 46), (93, 104), (84, 176)), 8, 6)
    sides = shifted(_panel(12, 13, 62, 8, y=118), 84, 0)
    seams = (Seam(zipped, -0.45, 3.4), Seam(zipped, 0.4, 1.4, 1.6), _inset(body, 5))
    pocket_zip = smooth((-58, 120), (0, 124), (58, 120))
    pocket_seams = (Seam(pocket_zip, -0.45, 3.2), Seam(pocket_zip, 0.4, 1.4, 1.6), _inset(pocket, 4))
    pulls = (line((-3, 12), (3, 12), (2.5, 27), (-2.5, 27)), line((33, 121), (38, 121), (38, 135), (33, 135)))
    return [
        Part((handle,), "trim", frame, roundness=3),
        Part((strap, mirrored(strap)), "trim", frame, roundness=5),
        Part((sides, mirrored(sides)), "trim", frame, Folds(), roundness=5),
        Part((body,), "cloth", frame, Folds(1.2, 0.03, 0.04, 0.03, 0.3), roundness=18, lift=1, gloss=0.12, seams=seams),
        Part((pocket,), "cloth", frame, Folds(1, 0.02, 0.03), roundness=11, lift=3, gloss=0.12, seams=pocket_seams),
        Part(pulls, "metal", frame, roundness=2, lift=1, gloss=0.6),
    ], 194


def _clutch() -> tuple[list[Part], float]:
    body = symmetric(
        joined(line((0, 0)), smooth((0, 0), (80, 0), (112, 3)), smooth((112, 3), (117, 58), (112, 114)), line((0, 117)))
    )
    frame = Frame((0, 0), (0, 116), 114, 114)
    flap = symmetric(
        joined(
            smooth((0, -3), (70, -3), (113, 1)),
            smooth((113, 1), (116, 12), (113, 22)),
            smooth((113, 22), (50, 58), (0, 76)),
        )
    )
    loop = ribbon(smooth((108, 20), (136, 40), (142, 84), (130, 112), (120, 84), (110, 30)), 3.2, 3.2)
    return [
        Part((loop,), "trim", frame, roundness=3, gloss=0.3),
        Part((body,), "cloth", frame, Folds(1, 0.02, 0.03), roundness=13, gloss=0.4, seams=(_inset(body, 5),)),
        Part((flap,), "cloth", frame, Folds(1, 0.02, 0.02), roundness=10, lift=4, gloss=0.4, seams=(_inset(flap, 5),)),
        Part((ellipse(0, 64, 7, 7),), "metal", frame, roundness=4, lift=1.6, gloss=0.8, edge=-0.4),
    ], 116
