"""Shoes, in pairs and from the side: sneakers, pumps, boots and sandals, each flat, mid or high.

A shoe's heel is at x = -105, its toe at x = 112 and the floor at y = 0, so that heights are negative.
"""

from dataclasses import dataclass, replace

import numpy as np

from models.datasets.garments.garment import Garment
from models.datasets.garments.painting.curves import Points, ellipse, joined, line, offset, ribbon, shifted, smooth
from models.datasets.garments.painting.parts import Folds, Frame, Part, Plan, Seam

_LIFT = {"flat": 0.0, "mid": 40.0, "high": 82.0}
_UPPER = Frame((0, -90), (0, 0), 110, 110)
_BACKSET = (-26.0, -17.0)


@dataclass(frozen=True)
class Last:
    """The curve of the insole, from heel to toe."""

    heel: float
    platform: float

    def bed(self, x: float) -> float:
        """The height of the insole at ``x`` (negative is up)."""
        share = min(max((x + 78) / 112, 0.0), 1.0)
        return -self.platform - self.heel * (0.5 + 0.5 * float(np.cos(np.pi * share)))

    def line(self, start: float, end: float) -> Points:
        return np.array([(x, self.bed(x)) for x in np.linspace(start, end, 30)])


def shoes_plan(garment: Garment) -> Plan:
    """A pair: the far shoe behind the other, shifted up and left."""
    has = garment.attributes
    builder = {"sneaker": _sneaker, "pump": _pump, "boot": _boot, "sandal": _sandal}[has["style"]]
    near = builder(_LIFT[has["heel"]])
    far = [_moved(part) for part in near]
    return Plan((*far, *near), (1.0, 0.15, 14.0), grounded=True, zoom=1.1)


def _moved(part: Part) -> Part:
    dx, dy = _BACKSET
    (x, y), (low_x, low_y) = part.frame.top, part.frame.bottom
    return replace(
        part,
        outlines=tuple(shifted(outline, dx, dy) for outline in part.outlines),
        frame=replace(part.frame, top=(x + dx, y + dy), bottom=(low_x + dx, low_y + dy)),
        seams=tuple(replace(seam, path=shifted(seam.path, dx, dy)) for seam in part.seams),
    )


def _sneaker(heel: float) -> list[Part]:
    last = Last(0.55 * heel, 15 + 0.16 * heel)
    bed = last.bed
    sole = joined(
        smooth((-108, bed(-108) - 4), (-112, 0.5 * bed(-108)), (-106, -1)), line((60, 0)),
        smooth((60, 0), (96, -2), (116, -12), (119, bed(119) - 3)), last.line(117, -108),
    )  # fmt: skip
    b = bed(-90)
    upper = joined(
        smooth((-107, bed(-107)), (-109, b - 24), (-102, b - 48), (-101, b - 62)),
        smooth((-101, b - 62), (-84, b - 52), (-60, b - 49), (-36, bed(-36) - 62)),
        smooth((-36, bed(-36) - 62), (4, bed(4) - 50), (40, bed(40) - 36)),
        smooth((40, bed(40) - 36), (82, bed(82) - 31), (108, bed(108) - 22), (118, bed(118) - 1)),
        last.line(116, -107),
    )
    tongue = joined(
        smooth((-50, bed(-40) - 54), (-50, bed(-40) - 78), (-34, bed(-34) - 79)),
        smooth((-34, bed(-34) - 79), (4, bed(4) - 57), (42, bed(42) - 36)), line((0, bed(0) - 40)),
    )  # fmt: skip
    inside = smooth((-100, b - 60), (-82, b - 66), (-56, b - 66), (-40, bed(-36) - 63), (-66, b - 44), (-100, b - 58))
    seams = (
        Seam(smooth((66, bed(66) - 32), (60, bed(60) - 18), (74, bed(74) - 1)), -0.28, 1.3),
        Seam(smooth((-104, b - 26), (-84, b - 30), (-74, b - 2)), -0.28, 1.3),
        Seam(smooth((-46, bed(-46) - 50), (-14, bed(-14) - 40), (38, bed(38) - 25)), -0.26, 1.2),
        Seam(smooth((-46, bed(-46) - 47), (-14, bed(-14) - 37), (38, bed(38) - 22)), -0.16, 1.0, 2.4),
    )
    stripe = ribbon(smooth((-62, bed(-62) - 4), (-40, bed(-40) - 22), (-22, bed(-22) - 41)), 5, 4)
    laces = [
        ribbon(smooth((x - 9, bed(x) - 46), (x, bed(x) - 57), (x + 9, bed(x) - 60)), 2.4, 2.2)
        for x in (-30, -14, 2, 18)
    ]
    laces = [shifted(lace, 0, 5 + 5.5 * i) for i, lace in enumerate(laces)]
    foxing = Seam(shifted(last.line(-106, 116), 0, 6), -0.16, 1.2)
    return [
        Part((inside,), "lining", _UPPER, roundness=5),
        Part((tongue,), "trim", _UPPER, roundness=6),
        Part((upper,), "cloth", _UPPER, Folds(0, 0, 0, 0.02, 0.6), roundness=13, lift=1.5, gloss=0.25, seams=seams),
        Part((stripe,), "second", _UPPER, roundness=3, gloss=0.2),
        Part(tuple(laces), "rubber", _UPPER, roundness=2, lift=1.2),
        Part((sole,), "rubber", _UPPER, roundness=6, lift=1, seams=(foxing,)),
    ]


def _heel(last: Last, slender: bool) -> Points:
    """From under the seat down to the floor."""
    seat = last.bed(-95)
    top = shifted(last.line(-106, -66 if slender else -58), 0, 2)
    if last.heel < 20:
        return joined(top, line((-60, 0), (-105, 0)))
    tip = 4.5 if slender else 15.0
    x = -93.0 if slender else -84.0
    inner = smooth((top[-1][0], top[-1][1]), (x + 1.5 * tip, 0.62 * seat), (x + tip, 0))
    outer = smooth((x - tip, 0), (-102, 0.6 * seat), (-107, seat))
    return joined(top, inner, outer)


def _thin_sole(last: Last, thick: float) -> Points:
    bed = last.line(-106, 117)
    under = offset(bed, -thick)
    under[:, 1] = np.minimum(under[:, 1], 0)
    return joined(bed, under[::-1])


def _pump(heel: float) -> list[Part]:
    last = Last(heel, 5.0)
    bed = last.bed
    b = bed(-95)
    top = smooth(
        (-103, b - 48), (-88, b - 41), (-44, bed(-44) - 25), (0, bed(0) - 22), (34, bed(34) - 24), (50, bed(50) - 33)
    )
    upper = joined(
        smooth((-106, b), (-110, b - 22), (-103, b - 48)), top,
        smooth((50, bed(50) - 33), (84, bed(84) - 25), (108, bed(108) - 11), (120, bed(120))), last.line(118, -106),
    )  # fmt: skip
    far_side = smooth(
        (-103, b - 48), (-84, b - 50), (-44, bed(-44) - 38), (4, bed(4) - 36), (38, bed(38) - 38), (50, bed(50) - 33)
    )
    inside = joined(far_side, top[::-1])
    folds = Folds(0, 0, 0)
    trim = Seam(shifted(top, 0, 3), -0.18, 1.0)
    back = Seam(smooth((-92, b), (-93, b - 20), (-90, b - 41)), -0.2, 1.1)
    return [
        Part((inside,), "insole", _UPPER, roundness=6),
        Part((_thin_sole(last, 4),), "sole", _UPPER, roundness=2),
        Part((_heel(last, slender=heel > 60),), "trim", Frame((-95, b), (-93, 0), 12, 6), roundness=5, gloss=0.3),
        Part((upper,), "cloth", _UPPER, folds, roundness=13, lift=1, gloss=0.55, seams=(trim, back)),
    ]


def _boot(heel: float) -> list[Part]:
    last = Last(heel, 9.0)
    bed = last.bed
    b = bed(-95)
    rise = b - 172
    upper = joined(
        smooth((-106, b), (-109, b - 24), (-98, b - 66), (-100, b - 120), (-104, rise)),
        smooth((-104, rise), (-66, rise + 5), (-20, rise)),
        smooth(
            (-20, rise),
            (-23, b - 118),
            (-16, bed(-16) - 82),
            (16, bed(16) - 55),
            (60, bed(60) - 40),
            (100, bed(100) - 25),
            (117, bed(117) - 3),
        ),
        last.line(116, -106),
    )
    mouth = joined(
        smooth((-104, rise), (-66, rise - 6), (-20, rise)), smooth((-20, rise), (-66, rise + 6), (-104, rise))
    )
    seams = (
        Seam(line((-62, rise + 4), (-60, b - 70)), -0.34, 1.5),
        Seam(line((-59, rise + 4), (-57, b - 70)), 0.16, 1.4, 2.0),
        Seam(smooth((-104, b - 54), (-60, b - 66), (-20, bed(-20) - 56), (14, bed(14) - 4)), -0.24, 1.2),
        Seam(smooth((-103, rise + 9), (-66, rise + 14), (-21, rise + 9)), -0.2, 1.1, 2.6),
    )
    frame = Frame((-62, rise), (10, 0), 60, 110)
    shaft = Folds(0, 0, 0, 0.06, 0.62)
    sole = _thin_sole(last, 9)
    return [
        Part((mouth,), "lining", frame, roundness=4),
        Part((_heel(last, slender=heel > 60),), "sole", frame, roundness=5, gloss=0.2),
        Part((upper,), "cloth", frame, shaft, roundness=15, lift=1, gloss=0.4, seams=seams),
        Part((sole,), "sole", frame, roundness=2),
    ]


def _sandal(heel: float) -> list[Part]:
    last = Last(heel, 9.0)
    bed = last.bed
    b = bed(-95)
    foot = joined(last.line(-106, 117), shifted(last.line(-106, 117), 0, -6)[::-1])

    def strap(width: float, *through: tuple[float, float]) -> Points:
        return ribbon(smooth(*through), width, width)

    def band(start: float, end: float, high: float) -> Points:
        return joined(
            smooth((start, bed(start) + 1), (start + 1, bed(start) - 0.6 * high), (start + 5, bed(start) - high)),
            smooth(
                (start + 5, bed(start) - high),
                (0.5 * (start + end) + 3, bed(0.5 * (start + end)) - 1.02 * high),
                (end, bed(end) - 0.86 * high),
            ),
            smooth((end, bed(end) - 0.86 * high), (end + 3, bed(end) - 0.45 * high), (end + 4, bed(end) + 1)),
        )

    toes = (band(26, 58, 37), band(66, 94, 29))
    instep = strap(8, (-6, bed(-6)), (-14, bed(-14) - 38), (-34, bed(-34) - 62))
    counter = joined(
        smooth((-106, b), (-109, b - 26), (-104, b - 52)), smooth((-104, b - 52), (-88, b - 44), (-72, bed(-72)))
    )
    ankle = strap(6.5, (-104, b - 58), (-84, b - 63), (-58, b - 66), (-36, b - 63 + 0.15 * heel))
    behind = strap(5, (-100, b - 62), (-78, b - 76), (-54, b - 78), (-36, b - 66 + 0.15 * heel))
    buckle = ribbon(ellipse(-66, b - 65, 6, 8), 1.2, 1.2)
    strap_frame = Frame((0, -60), (0, 0), 100, 100)
    return [
        Part((behind,), "lining", strap_frame, roundness=3),
        Part((_heel(last, slender=heel > 60),), "trim", _UPPER, roundness=5, gloss=0.3),
        Part((_thin_sole(last, 9),), "sole", _UPPER, roundness=2),
        Part((foot,), "insole", _UPPER, roundness=3),
        Part((*toes, counter), "cloth", strap_frame, roundness=8, lift=2, gloss=0.35),
        Part((instep, ankle), "cloth", strap_frame, roundness=5, lift=2, gloss=0.35),
        Part((buckle,), "metal", strap_frame, roundness=2, lift=1, gloss=0.6),
    ]
