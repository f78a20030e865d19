"""Draws a garment: its plan, posed and lit before a pale wall."""

import numpy as np
from PIL import Image

from catalog.errors import ModisteError
from models.datasets.garments.garment import Garment
from models.datasets.garments.painting.canvas import Canvas, Colours, Pose
from models.datasets.garments.painting.parts import Plan
from models.datasets.garments.painting.patterns import Field
from models.datasets.garments.painting.shading import blurred, mottled
from models.datasets.garments.palette import cloth_colour
from models.datasets.garments.shapes.bags import bag_plan
from models.datasets.garments.shapes.bottoms import skirt_plan, trousers_plan
from models.datasets.garments.shapes.dresses import dress_plan
from models.datasets.garments.shapes.shoes import shoes_plan
from models.datasets.garments.shapes.tops import jacket_plan, shirt_plan, t_shirt_plan

RENDERER_VERSION = 1
"""Increased whenever pixels of a garment change, so that drawn catalogues are replaced."""

MIN_SIZE, MAX_SIZE = (48, 64), (1200, 1600)

_PLANS = {
    "dress": dress_plan,
    "shirt": shirt_plan,
    "t-shirt": t_shirt_plan,
    "jacket": jacket_plan,
    "skirt": skirt_plan,
    "trousers": trousers_plan,
    "shoes": shoes_plan,
    "bag": bag_plan,
}
_WIDTH, _HEIGHT = 300.0, 400.0
_MIN_SCALE = 0.5  # pixels per point; smaller pictures are drawn larger and then reduced


def draw_garment(garment: Garment, width: int, height: int) -> Image.Image:
    """A picture of the garment, RGB, ``width`` x ``height`` pixels (48x64 to 1200x1600); deterministic.

    Raises:
        ModisteError: The size is outside the limits.
    """
    require_size(width, height)
    times = max(1, int(np.ceil(_MIN_SCALE / min(width / _WIDTH, height / _HEIGHT))))
    picture = _photograph(garment, width * times, height * times)
    image = Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))
    return image.reduce(times) if times > 1 else image


def require_size(width: int, height: int) -> None:
    """Raise ModisteError unless a garment can be drawn ``width`` x ``height`` pixels large."""
    if not (MIN_SIZE[0] <= width <= MAX_SIZE[0] and MIN_SIZE[1] <= height <= MAX_SIZE[1]):
        raise ModisteError(
            f"A garment cannot be drawn {width}x{height} pixels large.",
            hint="Choose a size from {}x{} to {}x{}.".format(*MIN_SIZE, *MAX_SIZE),
        )


def _photograph(garment: Garment, width: int, height: int) -> Field:
    plan = _PLANS[garment.type](garment)
    pose = _pose(plan, width, height, garment.seed)
    canvas = Canvas(width, height, pose, plan, garment.pattern, _colours(garment), garment.seed)
    for number, part in enumerate(plan.parts):
        canvas.lay(part, number)
    wall = _wall(width, height, pose.scale, garment.seed)
    wall *= (1 - _shadow(canvas.alpha, pose.scale, plan.grounded))[..., None]
    return canvas.rgb + wall * (1 - canvas.alpha)[..., None]


def _pose(plan: Plan, width: int, height: int, seed: int) -> Pose:
    rng = np.random.default_rng([seed, 5])
    every = np.concatenate([outline for part in plan.parts for outline in part.outlines])
    low, high = every.min(axis=0), every.max(axis=0)
    fit = min(plan.zoom, 286 / (high[0] - low[0]), 380 / (high[1] - low[1]))
    scale = float(min(width / _WIDTH, height / _HEIGHT) * fit * rng.uniform(0.95, 1.0))
    tilt = rng.normal(0, 0.004 if plan.grounded else 0.012)
    lean = rng.normal(0, 0.008)
    mirror = -1.0 if plan.grounded and rng.random() < 0.3 else 1.0
    turn = scale * np.array([[np.cos(tilt), -np.sin(tilt) + lean], [np.sin(tilt), np.cos(tilt)]]) @ np.diag([mirror, 1])
    middle = turn @ ((low + high) / 2)
    off = rng.normal(0, 1.2, 2) * scale
    return Pose(turn, np.array([width / 2, height * 0.5]) - middle + off, scale)


def _colours(garment: Garment) -> Colours:
    rng = np.random.default_rng([garment.seed, 6])
    main = cloth_colour(garment.colour, rng)
    second = cloth_colour(garment.second_colour, rng) if garment.second_colour else main * 0.9
    return {
        "cloth": main,
        "trim": main,
        "second": second,
        "lining": main * 0.52 + 0.03,
        "sole": np.array([0.17, 0.15, 0.14], np.float32),
        "rubber": np.array([0.91, 0.905, 0.885], np.float32),
        "insole": np.array([0.76, 0.64, 0.50], np.float32),
        "metal": np.array([0.80, 0.72, 0.50], np.float32),
        "button": main * 0.45 + (0.48 if float(main.mean()) < 0.45 else 0.12),
    }


def _wall(width: int, height: int, scale: float, seed: int) -> Field:
    """A pale studio wall, slightly tinted, and darker towards the floor and the corners."""
    rng = np.random.default_rng([seed, 7])
    tint = rng.uniform(0.925, 0.975) + rng.normal(0, 0.004, 3)
    x = np.linspace(-1, 1, width, dtype=np.float32)
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    light = 1 - 0.018 * (y + 0.4 * x) - 0.022 * (x * x + y * y) * 0.7
    light += 0.003 * mottled((height, width), 70 * scale, rng)
    return np.asarray(light[..., None] * tint, np.float32)


def _shadow(alpha: Field, scale: float, grounded: bool) -> Field:
    """The shadow on the wall, and on a floor the shadow under the garment."""
    near = np.zeros_like(alpha)
    right, below = round(5 * scale), round(7 * scale)
    near[below:, right:] = alpha[:-below, :-right]
    dark = 0.26 * blurred(near, 7 * scale)
    if grounded:
        rows = np.flatnonzero(alpha.max(axis=1) > 0.5)
        columns = np.flatnonzero(alpha.max(axis=0) > 0.5)
        x = (np.arange(alpha.shape[1]) - columns.mean()) / (0.56 * len(columns))
        y = ((np.arange(alpha.shape[0]) - rows[-1]) / (11 * scale))[:, None]
        dark = dark + 0.4 * np.exp(-0.5 * ((1.6 * x) ** 4 + y * y)).astype(np.float32)
    return np.asarray(np.clip(dark, 0, 0.7), np.float32)
