"""The upper body of dresses, shirts, t-shirts and jackets: shoulders, sleeves, sides and neck openings."""

from dataclasses import dataclass

import numpy as np

from models.datasets.garments.painting.curves import Pair, Points, joined, line, offset, smooth, symmetric
from models.datasets.garments.painting.parts import Folds, Frame, Part, Seam

SLEEVE_SHARE = {"short": 0.34, "three-quarter": 0.68, "long": 1.0}


@dataclass(frozen=True)
class Torso:
    """Half-widths and heights, in points, of an upper body that hangs from y = 0 at the neck."""

    neck: float
    shoulder: float
    chest: float
    waist: float
    hem: float
    shoulder_y: float
    armhole_y: float
    waist_y: float
    hem_y: float
    arm: float
    arm_angle: float
    cuff: float

    @property
    def armpit(self) -> Pair:
        return (self.chest, self.armhole_y)

    def side(self) -> Points:
        """The right side seam, from armpit to hem."""
        below = self.waist_y + 0.45 * (self.hem_y - self.waist_y)
        bulge = self.waist + 0.62 * (self.hem - self.waist)
        return smooth(
            self.armpit, (0.5 * (self.chest + self.waist) - 0.5, 0.55 * (self.armhole_y + self.waist_y)),
            (self.waist, self.waist_y), (bulge, below), (self.hem, self.hem_y),
        )  # fmt: skip

    def armhole(self, sleeveless: bool) -> Points:
        """From the shoulder's tip to the armpit."""
        bite = 0.12 if sleeveless else 0.1
        tip = self.shoulder - (0.12 * self.shoulder if sleeveless else 0)
        inward = min(tip, self.chest) - bite * self.shoulder
        return smooth(
            (tip, self.shoulder_y), (inward + 1, 0.5 * (self.shoulder_y + self.armhole_y)),
            (0.45 * inward + 0.55 * self.chest, 0.87 * self.armhole_y + 0.13 * self.shoulder_y), self.armpit,
        )  # fmt: skip

    def outline(self, opening: Points, sleeveless: bool, bottom: Points) -> Points:
        """The closed front: ``opening`` is the neck's right half from the axis up to the shoulder, ``bottom`` the hem's
        right half from the side to the axis."""
        return symmetric(joined(opening, self.armhole(sleeveless), self.side()[1:], bottom))

    def frame(self) -> Frame:
        return Frame((0, 0), (0, self.hem_y), 0.5 * (self.shoulder + self.chest), self.hem)


def torso_of(fit: str, length: str, scale: float = 1.0) -> Torso:
    """An upper body of a fit and a length; ``scale`` shrinks its measures."""
    shoulder, chest, waist, hem, cuff = {
        "slim": (54.0, 48.0, 39.0, 45.0, 9.5),
        "regular": (58.0, 54.0, 51.0, 55.0, 13.0),
        "loose": (67.0, 68.0, 73.0, 80.0, 20.0),
    }[fit]
    low = {"cropped": 134.0, "regular": 208.0, "long": 262.0}[length]
    if length == "cropped":
        hem = waist + 0.2 * (hem - waist)
    waist_y = min(126.0, 0.8 * low)
    measures = (25.0, shoulder, chest, waist, hem, 17.0 if fit != "loose" else 21.0, 72.0 if fit != "loose" else 80.0)
    neck, shoulder, chest, waist, hem, shoulder_y, armhole_y = (scale * m for m in measures)
    return Torso(
        neck, shoulder, chest, waist, hem, shoulder_y, armhole_y, scale * waist_y, scale * low,
        scale * 192, 0.27, scale * cuff,
    )  # fmt: skip


def sleeves(torso: Torso, sleeve: str, creases: float = 1.0, cuffed: bool = False) -> list[Part]:
    """Both sleeves, drawn under the body; none for "sleeveless". ``creases`` scales their creases."""
    if sleeve == "sleeveless":
        return []
    share = SLEEVE_SHARE[sleeve]
    angle = torso.arm_angle + (0.17 if sleeve == "short" else 0.0)
    shoulder, armpit = np.array([torso.shoulder, torso.shoulder_y]), np.array(torso.armpit)
    start = 0.5 * (shoulder + armpit)
    elbow = start + 0.5 * torso.arm * np.array([np.sin(angle), np.cos(angle)])
    wrist = elbow + 0.5 * torso.arm * np.array([np.sin(angle - 0.13), np.cos(angle - 0.13)])
    t = np.linspace(0, share, 25)[:, None]
    centre = (1 - t) ** 2 * start + 2 * t * (1 - t) * elbow + t**2 * wrist
    wide = 0.44 * float(np.linalg.norm(shoulder - armpit)) + 0.25 * max(0.0, torso.cuff - 10)
    half = wide + (torso.cuff - wide) * t[:, 0] ** 0.8
    outer, inner = offset(centre, half), offset(centre, -half)

    first, last = int(np.searchsorted(t[:, 0], 0.2)), int(np.searchsorted(t[:, 0], 0.14))
    over = 0.5 * (outer[first - 2] + shoulder + (4.0, 1.5))
    cap = smooth(
        (shoulder[0] - 7, shoulder[1] - 0.4), (shoulder[0] + 1.5, shoulder[1] + 1.6),
        (over[0], over[1]), (outer[first][0], outer[first][1]), (outer[first + 2][0], outer[first + 2][1]),
    )  # fmt: skip
    outline = joined(cap, outer[first + 3 :], inner[last:][::-1], line((armpit[0] - 9, armpit[1] - 4)))

    hem = -2 if share > 0.5 else -3
    hemline = Seam(np.stack([outer[hem], inner[hem]]), -0.34 if cuffed else -0.24, 1.3, None if cuffed else 2.4)
    frame = Frame((start[0], start[1]), (centre[-1][0], centre[-1][1]), wide, torso.cuff)
    folds = Folds(1.4, 0.05 * creases, 0.05 * creases, 0.055 * creases * share, 0.55)
    right = Part((outline,), "cloth", frame, folds, roundness=10, seams=(hemline,))
    return [right, right.mirrored()]


def neck_opening(torso: Torso, neckline: str) -> Points:
    """The right half of the front neck edge, from the axis up to the shoulder."""
    neck, s = torso.neck, torso.neck / 25
    if neckline == "v-neck":
        return smooth((0, 62 * s), (0.52 * neck, 33 * s), (neck, 0))
    if neckline == "square":
        edge = neck + 9 * s
        rise = torso.shoulder_y * (9 * s) / (torso.shoulder - neck)
        return line((0, 41 * s), (edge - 2 * s, 40 * s), (edge, rise))
    if neckline in ("collar", "turtleneck"):
        return smooth((0, 14 * s), (0.6 * neck, 10 * s), (0.93 * neck, 3 * s), (neck, 0))
    turn = np.linspace(0, np.pi / 2, 20)
    return np.stack([neck * np.sin(turn), 27 * s * np.cos(turn)], axis=1)
