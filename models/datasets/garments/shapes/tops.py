"""Shirts, t-shirts and jackets."""

from dataclasses import replace

import numpy as np

from models.datasets.garments.garment import Garment
from models.datasets.garments.painting.curves import Points, ellipse, joined, line, mirrored, shifted, smooth, symmetric
from models.datasets.garments.painting.parts import Folds, Frame, Part, Plan, Seam
from models.datasets.garments.shapes.collars import back_of_neck, neck_trim, shirt_collar, turtleneck
from models.datasets.garments.shapes.torso import Torso, neck_opening, sleeves, torso_of

_BODY_FOLDS = {
    "slim": Folds(1.5, 0.02, 0.05, 0.03, 0.62),
    "regular": Folds(2.2, 0.02, 0.08, 0.02, 0.75),
    "loose": Folds(3.2, 0.03, 0.13),
}


def shirt_plan(garment: Garment) -> Plan:
    """A woven shirt: placket and buttons all the way down, curved tails, and a breast pocket on some."""
    torso, neckline = _measures(garment)
    tail = 13.0 if garment.length != "cropped" else 3.0
    torso = replace(torso, hem_y=torso.hem_y - tail)
    bottom = smooth(
        (torso.hem, torso.hem_y), (0.82 * torso.hem, torso.hem_y + 0.45 * tail),
        (0.45 * torso.hem, torso.hem_y + 1.4 * tail), (0, torso.hem_y + 1.65 * tail),
    )  # fmt: skip
    low = torso.hem_y + 1.55 * tail
    top = float(neck_opening(torso, neckline)[0][1])
    seams = [
        Seam(line((6, top), (6, low)), -0.3, 1.1),
        Seam(line((-6, top), (-6, low)), -0.18, 1.0),
        *_hem(bottom, 4.5),
    ]
    if garment.seed % 2:
        seams += _pocket(0.5 * torso.chest, torso.armhole_y - 8, 22, 26)
    body = _body(garment, torso, neck_opening(torso, neckline), bottom, tuple(seams))
    buttons = tuple(ellipse(0, y, 2.5, 2.5) for y in np.arange(top + 9, low - 6, 25))
    front = Part(buttons, "button", torso.frame(), roundness=2, lift=1.0, gloss=0.5, edge=-0.5)
    return _top(garment, torso, body, [front], cuffed=garment.sleeve == "long", stripes_along=True)


def t_shirt_plan(garment: Garment) -> Plan:
    """A jersey t-shirt: a ribbed neck and stitched hems; with a collar, a polo's short placket."""
    torso, neckline = _measures(garment)
    bottom = smooth((torso.hem, torso.hem_y), (0.6 * torso.hem, torso.hem_y + 4), (0, torso.hem_y + 5.5))
    seams = list(_hem(bottom, 6.5))
    front: list[Part] = []
    if neckline == "collar":
        seams += [Seam(line((x, 12), (x, 62)), -0.3) for x in (-5.5, 5.5)] + [Seam(line((-5.5, 62), (5.5, 62)), -0.3)]
        buttons = (ellipse(0, 36, 2.3, 2.3), ellipse(0, 54, 2.3, 2.3))
        front = [Part(buttons, "button", torso.frame(), roundness=2, gloss=0.5, edge=-0.5)]
    body = _body(garment, torso, neck_opening(torso, neckline), bottom, tuple(seams))
    return _top(garment, torso, body, front)


def jacket_plan(garment: Garment) -> Plan:
    """A jacket that opens in front: lapels and buttons with a collar, a zip and ribs with a round neck, a buttoned
    v-neck as knitted jackets have."""
    torso, neckline = _measures(garment)
    torso = replace(
        torso, shoulder=torso.shoulder + 3, chest=torso.chest + 5, waist=torso.waist + 6, hem=torso.hem + 6,
        cuff=torso.cuff + 3, armhole_y=torso.armhole_y + 4,
    )  # fmt: skip
    blazer = neckline == "collar"
    gap = 9.0 if blazer else 0.0
    depth = min(112.0, 0.56 * torso.hem_y) if blazer else 84.0 if neckline == "v-neck" else 17.0
    opening = (
        smooth((0, 17), (0.6 * torso.neck, 12), (torso.neck, 0))
        if neckline == "round"
        else joined(line((0, depth)), smooth((0, depth), (0.62 * torso.neck, 0.45 * depth), (torso.neck, 0)))
    )
    bottom = (
        joined(
            line((torso.hem, torso.hem_y)),
            smooth((torso.hem, torso.hem_y), (0.5 * torso.hem, torso.hem_y + 3), (gap + 9, torso.hem_y + 2)),
            smooth((gap + 9, torso.hem_y + 2), (0.55 * gap, torso.hem_y - 8), (0, depth + 26)),
        )
        if blazer
        else smooth((torso.hem, torso.hem_y), (0.6 * torso.hem, torso.hem_y + 3), (0, torso.hem_y + 4))
    )
    seams = [Seam(line((0, depth), (0, torso.hem_y + 6)), -0.5, 1.6), *_pockets(torso, blazer)]
    front: list[Part] = []
    if neckline == "round":
        seams += [
            *_ribs(torso),
            Seam(line((0, depth), (0, torso.hem_y + 4)), 0.35, 3.4, 1.6),
            Seam(line((5.5, depth), (5.5, torso.hem_y)), -0.22, 1.0),
            Seam(line((-5.5, depth), (-5.5, torso.hem_y)), -0.22, 1.0),
        ]
        front.append(
            Part((line((-2, 22), (2, 22), (2.6, 34), (-2.6, 34)),), "metal", torso.frame(), roundness=2, lift=1)
        )
    else:
        seams += [Seam(line((7, depth), (7, torso.hem_y)), -0.14, 1.0)] if not blazer else []
        heights = (depth + 3, depth + 32) if blazer else tuple(np.arange(depth + 8, torso.hem_y - 4, 27))
        dots = tuple(ellipse(4 if blazer else 0, y, 3.6, 3.6) for y in heights if y < torso.hem_y - 6)
        front.append(Part(dots, "button", torso.frame(), roundness=3, lift=1.2, gloss=0.5, edge=-0.5))
    body = _body(garment, torso, opening, bottom, tuple(seams))
    body = replace(body, roundness=13, lift=2.5)
    if blazer:
        front = [*_lapels(torso, depth), *front]
    return _top(garment, torso, body, front, cuffed=True)


def _measures(garment: Garment) -> tuple[Torso, str]:
    has = garment.attributes
    return torso_of(has["fit"], has["length"]), has["neckline"]


def _body(garment: Garment, torso: Torso, opening: Points, bottom: Points, seams: tuple[Seam, ...]) -> Part:
    bare = garment.sleeve == "sleeveless"
    if bare:
        bound = shifted(torso.armhole(bare), -3.2, 0)
        seams = (*seams, Seam(bound, -0.16, 1.0), Seam(mirrored(bound), -0.16, 1.0))
    outline = torso.outline(opening, bare, bottom[1:])
    return Part(
        (outline,), "cloth", torso.frame(), _BODY_FOLDS[garment.attributes["fit"]], roundness=11, lift=2.0, seams=seams
    )


def _top(
    garment: Garment, torso: Torso, body: Part, front: list[Part], cuffed: bool = False, stripes_along: bool = False
) -> Plan:
    has = garment.attributes
    creases = {"slim": 0.7, "regular": 1.0, "loose": 1.35}[has["fit"]]
    parts = [back_of_neck(torso), *sleeves(torso, has["sleeve"], creases, cuffed), body]
    if garment.type != "jacket" or garment.neckline == "round":
        parts += neck_trim(torso, has["neckline"])
    if garment.neckline == "collar" and garment.type != "jacket":
        parts += shirt_collar(torso, 1.0 if garment.type == "shirt" else 0.86)
    if garment.neckline == "turtleneck":
        parts += turtleneck(torso)
    return Plan((*parts, *front), (0.0, 1.0, 0.52 * torso.hem_y), stripes_along, zoom=1.2)


def _hem(bottom: Points, height: float) -> tuple[Seam, Seam]:
    path = shifted(bottom, 0, -height)
    return Seam(path, -0.2, 1.1, 2.6), Seam(mirrored(path), -0.2, 1.1, 2.6)


def _pocket(x: float, y: float, wide: float, deep: float) -> list[Seam]:
    half = wide / 2
    shape = line((x - half, y), (x - half, y + 0.8 * deep), (x, y + deep), (x + half, y + 0.8 * deep), (x + half, y))
    return [
        Seam(np.vstack([shape, shape[:1]]), -0.26, 1.1),
        Seam(line((x - half, y + 5), (x + half, y + 5)), -0.16, 1.0),
    ]


def _pockets(torso: Torso, flapped: bool) -> list[Seam]:
    y = min(torso.hem_y - 42, 140.0)
    if y < torso.armhole_y + 10:
        return []
    x, wide = 0.3 * torso.waist, 0.48 * torso.waist
    right = (
        line((x, y), (x + wide, y - 2), (x + wide, y + 11), (x, y + 13), (x, y))
        if flapped
        else line((x + 0.6 * wide, y - 14), (x + 0.95 * wide, y + 20))
    )
    return [Seam(curve, -0.34, 1.5) for curve in (right, mirrored(right))]


def _ribs(torso: Torso) -> list[Seam]:
    top = torso.hem_y - 15
    across = Seam(line((-torso.hem - 6, top), (torso.hem + 6, top)), -0.34, 1.4)
    return [across] + [
        Seam(line((x, top + 1), (x, torso.hem_y + 6)), -0.13, 1.2) for x in np.arange(-torso.hem, torso.hem, 5.0)
    ]


def _lapels(torso: Torso, depth: float) -> list[Part]:
    """A notched collar: its fall round the neck, and below the notch the lapel down to the button."""
    neck = torso.neck
    fall = joined(
        smooth((neck - 6, -9), (neck + 5, -1), (neck + 13, 24)), line((neck + 2, 33)),
        smooth((0.66 * neck, 0.42 * depth), (0.88 * neck, 0.16 * depth), (neck - 7, -4)),
    )  # fmt: skip
    lapel = joined(
        line((neck + 1, 32), (neck + 21, 35)),
        smooth((neck + 21, 35), (neck + 9, 0.68 * depth), (-3, depth + 3)),
        smooth((-3, depth + 3), (0.5 * neck, 0.55 * depth), (0.74 * neck, 0.33 * depth)),
    )
    frame = Frame((neck, -8), (4, depth), 18, 10)
    flap = Part((lapel,), "cloth", frame, Folds(), roundness=5, lift=2.2)
    collar = Part((fall,), "cloth", frame, Folds(), roundness=5, lift=1.6)
    back = symmetric(
        joined(smooth((0, -13), (0.6 * neck, -12), (neck - 4, -9)), smooth((neck - 5, 2), (0.5 * neck, 5), (0, 6)))
    )
    behind = Part((back,), "trim", frame, roundness=5)
    return [flap.mirrored(), flap, behind, collar.mirrored(), collar]
