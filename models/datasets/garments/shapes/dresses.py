"""Dresses: an upper body and a skirt, joined at the waist; a loose dress hangs straight from the shoulders."""

from dataclasses import replace

from models.datasets.garments.garment import Garment
from models.datasets.garments.painting.curves import ellipse, line, smooth
from models.datasets.garments.painting.parts import Folds, Part, Plan, Seam
from models.datasets.garments.shapes.bottoms import skirt_part
from models.datasets.garments.shapes.collars import back_of_neck, neck_trim, shirt_collar, turtleneck
from models.datasets.garments.shapes.torso import Torso, neck_opening, sleeves, torso_of

_SCALE = 0.76
_HEM = {"mini": 186.0, "knee-length": 238.0, "midi": 292.0, "maxi": 348.0}


def dress_plan(garment: Garment) -> Plan:
    """A dress: slim is a sheath, regular flares from a seamed waist, loose is a tent without one."""
    has = garment.attributes
    fit, neckline, sleeve = has["fit"], has["neckline"], has["sleeve"]
    low = _HEM[has["length"]]
    torso = torso_of(fit, "regular", _SCALE)
    bare = sleeve == "sleeveless"
    opening = neck_opening(torso, neckline)
    if fit == "loose":
        hem, share = torso.chest + 10 + 0.19 * low, (0.45 * low - torso.armhole_y) / (low - torso.armhole_y)
        waist = torso.chest + 0.88 * share * (hem - torso.chest)
        torso = replace(torso, waist=waist, hem=hem, hem_y=low, waist_y=0.45 * low)
        bow = 9.0
        bottom = smooth((torso.hem, low), (0.6 * torso.hem, low + 0.65 * bow), (0, low + bow))
        seams = tuple(Seam(path, -0.17, 1.1) for path in (bottom - (0, 5), (bottom - (0, 5)) * (-1, 1)))
        body = Part(
            (torso.outline(opening, bare, bottom[1:]),), "cloth", replace(torso.frame(), bow=bow),
            Folds(3.4, 0.02, 0.2), roundness=12, lift=2.0, seams=seams,
        )  # fmt: skip
        lower: list[Part] = []
        upper: list[Part] = [body]
    else:
        waist_y = 100.0 if fit == "regular" else 106.0
        torso = replace(torso, waist=torso.waist - 2.5, waist_y=waist_y - 12, hem=torso.waist, hem_y=waist_y)
        lower = [skirt_part(fit, torso.hem - 0.5, waist_y - 3, low - waist_y + 3, 0.8)]
        bottom = smooth((torso.hem, waist_y), (0.5 * torso.hem, waist_y + 2.5), (0, waist_y + 3))
        darts = tuple(
            Seam(smooth((s * 0.5 * torso.chest, waist_y), (s * 0.54 * torso.chest, waist_y - 26)), -0.17, 1.1)
            for s in (-1, 1)
        )
        upper = [
            Part(
                (torso.outline(opening, bare, bottom[1:]),), "cloth", torso.frame(),
                Folds(1.4, 0.02, 0.04, 0.03, 0.9), roundness=10, lift=1.2, seams=darts,
            )
        ]  # fmt: skip
    collar = [*neck_trim(torso, neckline)]
    if neckline == "collar":
        collar += [*shirt_collar(torso, 1.0), _buttons(torso)]
    if neckline == "turtleneck":
        collar += turtleneck(torso)
    creases = {"slim": 0.7, "regular": 1.0, "loose": 1.3}[fit]
    arms = sleeves(torso, sleeve, creases, cuffed=neckline == "collar" and sleeve == "long")
    return Plan((back_of_neck(torso), *lower, *arms, *upper, *collar), (0.0, 1.0, max(100.0, 0.5 * low)), zoom=1.15)


def _buttons(torso: Torso) -> Part:
    dots = tuple(ellipse(0, y, 2.1, 2.1) for y in range(22, 96, 18))
    placket = tuple(Seam(line((x, 10), (x, 98)), -0.26, 1.0) for x in (-4.5, 4.5))
    return Part(dots, "button", torso.frame(), roundness=2, gloss=0.5, edge=-0.5, seams=placket)
