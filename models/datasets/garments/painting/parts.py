"""The parts of a garment, each with an outline, a surface, a frame and folds."""

from dataclasses import dataclass, field, replace
from typing import Literal

from models.datasets.garments.painting.curves import Pair, Points, mirrored

Surface = Literal["cloth", "trim", "second", "lining", "sole", "rubber", "insole", "metal", "button"]
"""cloth has the pattern; trim has the main colour; second has the second colour, or the main colour if there is
none."""


@dataclass(frozen=True)
class Frame:
    """The axis of a part from ``top`` to ``bottom``, with half-widths at both ends. Folds and patterns follow it.

    ``bow`` is the distance (points) by which the middle hangs below the sides, as with stripes on a full skirt.
    """

    top: Pair
    bottom: Pair
    half_top: float
    half_bottom: float
    bow: float = 0.0


@dataclass(frozen=True)
class Folds:
    """Folds of cloth: ``count`` folds along the frame with depths ``top`` and ``bottom``, and wrinkles across it at
    ``wrinkled_at`` (0 top, 1 bottom). Depths are shares of the light; 0.1 is clearly visible."""

    count: float = 2.0
    top: float = 0.02
    bottom: float = 0.05
    wrinkles: float = 0.0
    wrinkled_at: float = 0.5


@dataclass(frozen=True)
class Seam:
    """A thin line on a part: ``tone`` below 0 darkens, above 0 lightens. ``dash`` is a stitch's length in points."""

    path: Points
    tone: float = -0.3
    width: float = 1.1
    dash: float | None = None


@dataclass(frozen=True)
class Part:
    """One part. ``roundness`` is the width (points) of the shading at its edges, ``lift`` its distance from the parts
    below, which determines its shadow, and ``gloss`` its shine (0 to 1)."""

    outlines: tuple[Points, ...]
    surface: Surface
    frame: Frame
    folds: Folds = Folds(0, 0, 0)
    roundness: float = 9.0
    lift: float = 0.0
    gloss: float = 0.0
    edge: float = -0.15
    seams: tuple[Seam, ...] = field(default=())

    def mirrored(self) -> "Part":
        """The same part mirrored at the axis."""
        (x, y), (low_x, low_y) = self.frame.top, self.frame.bottom
        return replace(
            self,
            outlines=tuple(mirrored(outline) for outline in self.outlines),
            frame=replace(self.frame, top=(-x, y), bottom=(-low_x, low_y)),
            seams=tuple(replace(seam, path=mirrored(seam.path)) for seam in self.seams),
        )


@dataclass(frozen=True)
class Plan:
    """A garment: its parts from back to front; ``block`` (a, b, c), the half-plane a*x + b*y > c that has the second
    colour in a colour-block; whether stripes run along the frame; whether it stands on a floor or hangs; and the
    largest zoom."""

    parts: tuple[Part, ...]
    block: tuple[float, float, float]
    stripes_along: bool = False
    grounded: bool = False
    zoom: float = 1.0
