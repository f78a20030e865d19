"""The canvas on which lit parts are drawn over one another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from models.datasets.garments.painting.curves import Points
from models.datasets.garments.painting.parts import Frame, Part, Plan, Seam, Surface
from models.datasets.garments.painting.patterns import Field, pattern_weight
from models.datasets.garments.painting.shading import blurred, folded, mottled, rounded

Colours = dict[Surface, NDArray[np.float32]]
Window = tuple[slice, slice]

_FINER = 4  # outlines are drawn at this multiple of the resolution, then averaged


@dataclass(frozen=True)
class Pose:
    """The transformation of points to pixels: pixel = turn @ point + shift, with ``scale`` pixels per point."""

    turn: NDArray[np.float64]
    shift: NDArray[np.float64]
    scale: float

    def pixels(self, points: Points) -> Points:
        """Pixel coordinates [N, 2] of points [N, 2]."""
        return points @ self.turn.T + self.shift


class Canvas:
    """``rgb`` [H, W, 3] (premultiplied, sRGB, 0 to 1) and ``alpha`` [H, W] of the drawn parts, float32."""

    def __init__(self, width: int, height: int, pose: Pose, plan: Plan, pattern: str, colours: Colours, seed: int):
        self.rgb = np.zeros((height, width, 3), np.float32)
        self.alpha = np.zeros((height, width), np.float32)
        self._pose = pose
        self._plan = plan
        self._pattern = pattern
        self._colours = colours
        self._seed = seed

    def lay(self, part: Part, number: int) -> None:
        """Draw ``part``, the ``number``-th of its garment, over the others."""
        outlines = [self._pose.pixels(outline) for outline in part.outlines]
        window = self._window(outlines, 2)
        if window is None:
            return
        rng = np.random.default_rng([self._seed, 4, number])
        if part.lift > 0:
            self._shade(outlines, part.lift)
        mask = self._coverage(outlines, window)
        across, down, width, length = self._places(part.frame, window)
        fold = folded(part.folds, across, down, rng)
        edge, lean = rounded(mask, max(0.8, part.roundness * self._pose.scale))
        light = 0.015 + fold - 0.34 * edge + 0.19 * lean
        if part.surface in ("cloth", "trim", "second"):
            light += 0.012 * mottled(mask.shape, 26 * self._pose.scale, rng)
            light += 0.008 * rng.standard_normal(mask.shape, np.float32)
        if part.gloss:
            light += part.gloss * 0.5 * np.clip(lean * 1.5 + 0.25 * edge, 0, 1) ** 2
        outline = tuple(Seam(np.vstack([o, o[:1]]), part.edge, 1.5) for o in part.outlines)
        light += self._seams((*part.seams, *outline), window)
        bow = part.frame.bow * (1 - across * across)
        colour = self._colour(part, window, across * width + 11 * fold, down * length - bow + 13 * fold)
        self._blend(window, lit(colour, light), mask)

    def _window(self, outlines: list[Points], margin: float) -> Window | None:
        every = np.concatenate(outlines)
        low = np.maximum(np.floor(every.min(axis=0) - margin).astype(int), 0)
        high = np.minimum(np.ceil(every.max(axis=0) + margin).astype(int), self.alpha.shape[::-1])
        if (low >= high).any():
            return None
        return slice(low[1], high[1]), slice(low[0], high[0])

    def _coverage(self, outlines: list[Points], window: Window) -> Field:
        image, draw = self._fine(window)
        corner = np.array([window[1].start, window[0].start])
        for outline in outlines:
            draw.polygon(((outline - corner) * _FINER).ravel().tolist(), fill=255)
        return _averaged(image)

    def _seams(self, seams: tuple[Seam, ...], window: Window) -> Field:
        total: Field = np.zeros(1, np.float32)
        corner = np.array([window[1].start, window[0].start])
        for sign in (-1, 1):
            drawn = [seam for seam in seams if seam.tone * sign > 0]
            if not drawn:
                continue
            image, draw = self._fine(window)
            for seam in drawn:
                fine = seam.width * self._pose.scale * _FINER
                # A line thinner than a fine pixel is drawn one pixel wide, but fainter.
                fill = round(abs(seam.tone) * 255 * min(1.0, max(fine, 0.35)))
                path = (self._pose.pixels(seam.path) - corner) * _FINER
                for piece in _dashes(path, seam.dash and seam.dash * self._pose.scale * _FINER):
                    draw.line(piece.ravel().tolist(), fill=fill, width=max(1, round(fine)), joint="curve")
            total = total + sign * _averaged(image)
        return total

    def _fine(self, window: Window) -> tuple[Image.Image, ImageDraw.ImageDraw]:
        rows, columns = window
        size = ((columns.stop - columns.start) * _FINER, (rows.stop - rows.start) * _FINER)
        image = Image.new("L", size)
        return image, ImageDraw.Draw(image)

    def _grid(self, window: Window) -> tuple[Field, Field]:
        """Coordinates x and y, in points, of the centres of the window's pixels."""
        back = np.linalg.inv(self._pose.turn)
        column = np.arange(window[1].start, window[1].stop) + 0.5 - self._pose.shift[0]
        row = (np.arange(window[0].start, window[0].stop) + 0.5 - self._pose.shift[1])[:, None]
        x = back[0, 0] * column + back[0, 1] * row
        y = back[1, 0] * column + back[1, 1] * row
        return x.astype(np.float32), y.astype(np.float32)

    def _places(self, frame: Frame, window: Window) -> tuple[Field, Field, float, float]:
        """Positions across (-1 to 1) and down (0 to 1) the frame, with the length of a unit of each in points."""
        x, y = self._grid(window)
        axis = np.subtract(frame.bottom, frame.top)
        length = float(np.hypot(*axis))
        ax, ay = (axis / max(length, 1e-6)).astype(np.float32)
        x, y = x - np.float32(frame.top[0]), y - np.float32(frame.top[1])
        down = (x * ax + y * ay) / np.float32(length)
        half = frame.half_top + (frame.half_bottom - frame.half_top) * np.clip(down, -0.1, 1.1)
        across = (x * ay - y * ax) / half.astype(np.float32)
        return across, down, 0.5 * (frame.half_top + frame.half_bottom), length

    def _colour(self, part: Part, window: Window, across: Field, along: Field) -> Field:
        main: Field = self._colours[part.surface]
        if part.surface != "cloth" or self._pattern == "plain":
            return main
        pixel = 1 / self._pose.scale
        if self._pattern == "colour-block":
            x, y = self._grid(window)
            a, b, c = self._plan.block
            share: Field = np.asarray(np.clip((a * x + b * y - c) / pixel + 0.5, 0, 1), np.float32)
        else:
            if self._plan.stripes_along and self._pattern == "striped":
                across, along = along, across
            share = pattern_weight(self._pattern, across, along, pixel, self._seed)
        return main + share[..., None] * (self._colours["second"] - main)

    def _shade(self, outlines: list[Points], lift: float) -> None:
        """The soft shadow of a part with the distance ``lift`` (points) from the parts below."""
        reach = lift * self._pose.scale
        cast = [outline + np.array([0.35, 0.7]) * reach for outline in outlines]
        window = self._window(cast, 2.5 * reach + 1)
        if window is not None:
            shadow = blurred(self._coverage(cast, window), max(0.8, 0.8 * reach))
            self.rgb[window] *= (1 - 0.42 * np.clip(shadow, 0, 1))[..., None]

    def _blend(self, window: Window, colour: Field, mask: Field) -> None:
        self.rgb[window] += mask[..., None] * (colour - self.rgb[window])
        self.alpha[window] += mask * (1 - self.alpha[window])


def lit(colour: Field, light: Field) -> Field:
    """``colour`` [..., 3] with ``light`` added: 0 is unchanged, -1 is black. Light is visible on black cloth as
    well."""
    amount = np.clip(light, -0.9, 0.9)[..., None]
    bright = colour + amount * (0.55 * colour + 0.38 * (1 - colour))
    return np.asarray(np.where(amount < 0, colour * (1 + amount), bright), np.float32)


def _averaged(image: Image.Image) -> Field:
    return np.asarray(np.asarray(image.reduce(_FINER)) / np.float32(255), np.float32)


def _dashes(path: Points, dash: float | None) -> list[Points]:
    """``path``, or its stitches of length ``dash`` with gaps two thirds as long."""
    if not dash:
        return [path]
    reach = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    starts = np.arange(0, reach[-1], max(dash * 5 / 3, 2.0))
    ends = np.minimum(starts + dash, reach[-1])
    both = np.stack([starts, ends], axis=1)
    return list(np.stack([np.interp(both, reach, path[:, 0]), np.interp(both, reach, path[:, 1])], axis=2))
