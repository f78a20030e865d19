"""Skirts and trousers."""

from dataclasses import replace

import numpy as np

from models.datasets.garments.garment import Garment
from models.datasets.garments.painting.curves import Points, ellipse, joined, line, mirrored, shifted, smooth, symmetric
from models.datasets.garments.painting.parts import Folds, Frame, Part, Plan, Seam

_FLARE_FOLDS = {
    "slim": Folds(1.2, 0.02, 0.05, 0.035, 0.12),
    "regular": Folds(3.0, 0.02, 0.13),
    "loose": Folds(5.0, 0.05, 0.22),
}
_FALL = {"mini": 122.0, "knee-length": 188.0, "midi": 250.0, "maxi": 318.0}


def skirt_part(fit: str, waist: float, top: float, fall: float, size: float = 1.0) -> Part:
    """A skirt from a waist of half-width ``waist`` at ``top``, ``fall`` points long: narrow, flared or full by fit."""
    hip = waist + {"slim": 17.0, "regular": 22.0, "loose": 34.0}[fit] * size
    hem = {
        "slim": hip - 0.045 * fall,
        "regular": hip + 0.02 * size + 0.125 * fall + 5 * size,
        "loose": hip + 0.20 * fall + 16 * size,
    }[fit]
    hem = min(hem, 134.0)
    low = top + fall
    hip_y = top + min(60.0 * size, 0.42 * fall)
    bow = {"slim": 3.0, "regular": 9.0, "loose": 15.0}[fit]
    side = smooth(
        (waist, top), (waist + 0.66 * (hip - waist), top + 0.42 * (hip_y - top)), (hip, hip_y),
        (0.5 * (hip + hem) + (1 if fit == "slim" else -1.5), 0.5 * (hip_y + low)), (hem, low),
    )  # fmt: skip
    waves = {"slim": 0.0, "regular": 1.4, "loose": 4.2}[fit]
    x = np.linspace(hem, 0, 40)
    bottom = np.stack([x, low + bow * (1 - (x / hem) ** 2) + waves * np.sin(x / hem * 5.2 * np.pi) * (x / hem)], axis=1)
    frame = Frame((0, top), (0, low), waist + 4, hem, bow)
    stitched = shifted(bottom, 0, -5)
    seams = (Seam(stitched, -0.17, 1.1), Seam(mirrored(stitched), -0.17, 1.1))
    outline = symmetric(joined(line((0, top + 3)), side, bottom[1:]))
    return Part((outline,), "cloth", frame, _FLARE_FOLDS[fit], roundness=13, seams=seams)


def waistband(waist: float, top: float, height: float, seams: tuple[Seam, ...] = ()) -> list[Part]:
    """A band about the waist, and the inside of its back above it."""
    lip = symmetric(
        joined(
            smooth((0, top - 3), (0.6 * waist, top - 2.5), (waist, top)),
            smooth((waist, top), (0.6 * waist, top + 3), (0, top + 4)),
        )
    )
    band = symmetric(
        joined(
            smooth((0, top + 3), (0.6 * waist, top + 2.4), (waist, top)), line((waist + 2.5, top + height)),
            smooth((waist + 2.5, top + height), (0.6 * waist, top + height + 3), (0, top + height + 4)),
        )
    )  # fmt: skip
    frame = Frame((0, top), (0, top + height), waist, waist, 4)
    return [
        Part((lip,), "lining", frame, roundness=3),
        Part((band,), "trim", frame, roundness=9, lift=1.2, seams=seams),
    ]


def skirt_plan(garment: Garment) -> Plan:
    """A skirt on a waistband, closed with a button."""
    fit, length = garment.attributes["fit"], garment.attributes["length"]
    fall, waist, top = _FALL[length], 44.0, 17.0
    skirt = skirt_part(fit, waist + 2, top - 1, fall)
    if fit == "slim":
        darts = [Seam(line((s * 22, top), (s * 25, top + 30)), -0.22, 1.2) for s in (-1, 1)]
        skirt = _with(skirt, *darts)
    button = Part((ellipse(0, 11.5, 3, 3),), "button", skirt.frame, roundness=2, gloss=0.5, edge=-0.5)
    return Plan((skirt, *waistband(waist, 0, top), button), (0.0, 1.0, top + 0.52 * fall), zoom=1.08)


def trousers_plan(garment: Garment) -> Plan:
    """Trousers or shorts with a fly, slant pockets, belt loops and pressed creases."""
    fit, length = garment.attributes["fit"], garment.attributes["length"]
    waist, top = 47.0, 16.0
    hip, knee, ankle = {"slim": (58.0, 20.0, 12.5), "regular": (61.0, 26.0, 23.0), "loose": (68.0, 35.0, 40.0)}[fit]
    low = {"shorts": 172.0, "cropped": 272.0, "full-length": 350.0}[length]
    right, end = _leg(waist, top, hip, knee, ankle, low)
    middle = float(end[:, 0].mean())
    half = 0.5 * float(np.ptp(end[:, 0]))
    frame = Frame((0.54 * hip, top), (middle, low), 0.5 * hip + 4, half)
    crease = smooth(
        (27, top + 22), (0.56 * hip, 108), (0.5 * (hip * 0.56 + middle), 0.5 * (108 + low)), (middle, low - 2)
    )
    seams = (
        Seam(crease, -0.11, 1.8),
        Seam(shifted(crease, 1.8, 0), 0.12, 1.6),
        Seam(smooth((waist - 14, top), (waist - 5, top + 20), (hip - 5, top + 33)), -0.32, 1.4),
        Seam(shifted(end, 0, -7), -0.22, 1.1),
    )
    deep = {"slim": 0.05, "regular": 0.07, "loose": 0.12}[fit]
    fall = Folds(1.3, 0.03, deep, 0.045, 0.24)
    leg = Part((right,), "cloth", frame, fall, roundness=12, lift=1.0, seams=seams)
    fly = (
        Seam(line((0, top), (0, 108)), -0.36, 1.4),
        Seam(joined(line((8.5, top)), smooth((8.5, top + 34), (7, top + 46), (0, top + 54))), -0.24, 1.1, 2.6),
    )
    loops = tuple(Seam(line((x, 1), (x, top + 4)), -0.12, 4.0) for x in (-31, -15, 15, 31))
    button = Part((ellipse(1, 11, 3, 3),), "metal", frame, roundness=2, gloss=0.6, edge=-0.5)
    both = (leg.mirrored(), _with(leg, *fly))
    return Plan((*both, *waistband(waist, 0, top, loops), button), (0.0, 1.0, 0.5 * low), stripes_along=True, zoom=1.03)


def _leg(waist: float, top: float, hip: float, knee: float, ankle: float, low: float) -> tuple[Points, Points]:
    """The right leg's outline, which reaches a little past the axis above the crotch, and its lower end."""
    crotch, knee_y, floor = 108.0, 222.0, 350.0
    centre_knee, centre_floor = 0.55 * hip, 0.6 * hip
    heights = np.linspace(crotch + 30, low, 26)
    share = np.clip((heights - knee_y) / (floor - knee_y), 0, 1)
    above = np.clip((heights - crotch) / (knee_y - crotch), 0, 1)
    half = np.where(
        heights < knee_y, (1 - above**0.8) * (0.5 * hip) + above**0.8 * knee, knee + (ankle - knee) * share**0.9
    )
    centre = np.where(
        heights < knee_y,
        0.5 * hip + above * (centre_knee - 0.5 * hip),
        centre_knee + share * (centre_floor - centre_knee),
    )
    outer = np.stack([centre + half, heights], axis=1)
    inner = np.stack([centre - half, heights], axis=1)
    hips = smooth((waist + 2, top - 1), (hip - 4, top + 32), (hip, 78), (hip, 108), (outer[0][0], outer[0][1]))
    end = smooth((outer[-1][0], low), (outer[-1][0] * 0.5 + inner[-1][0] * 0.5, low + 3), (inner[-1][0], low))
    seat = smooth((inner[0][0], inner[0][1]), (2.2, crotch + 7), (-1, crotch))
    return joined(line((-1, top + 2)), hips, outer[1:-1], end, inner[:-1][::-1], seat[1:]), end


def _with(part: Part, *seams: Seam) -> Part:
    return replace(part, seams=(*part.seams, *seams))
