"""Learning curves as an SVG, with a panel for each entry and a line for each seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from models.training.curve import Point

WIDTH, HEIGHT, GAP, COLUMNS = 220, 120, 44, 4
INK = ("#1f4e79", "#b3541e", "#3d7a3d", "#7a3d75", "#8a7a1f")


def curves_svg(curves: Mapping[str, Mapping[int, Sequence[Point]]]) -> str:
    """Draw losses by step.

    Each panel has its own scale, because losses of different composers cannot be compared.

    Args:
        curves: By entry and seed; entries without points are left out.
    """
    drawn = {name: by_seed for name, by_seed in curves.items() if any(by_seed.values())}
    rows = -(-len(drawn) // COLUMNS)
    width, height = COLUMNS * (WIDTH + GAP) + GAP, max(1, rows) * (HEIGHT + 2 * GAP)
    panels = [
        _panel(name, by_seed, GAP + (at % COLUMNS) * (WIDTH + GAP), GAP + (at // COLUMNS) * (HEIGHT + 2 * GAP))
        for at, (name, by_seed) in enumerate(drawn.items())
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
    style = 'font-family="sans-serif" font-size="11">'
    paper = f'<rect width="{width}" height="{height}" fill="white"/>'
    return "\n".join([f"{head} {style}", paper, *panels, "</svg>\n"])


def _panel(name: str, by_seed: Mapping[int, Sequence[Point]], left: int, top: int) -> str:
    points = [point for curve in by_seed.values() for point in curve]
    last = max(point.step for point in points)
    low, high = min(point.loss for point in points), max(point.loss for point in points)
    span = (high - low) or 1.0

    def place(point: Point) -> str:
        return f"{left + WIDTH * point.step / last:.1f},{top + HEIGHT * (high - point.loss) / span:.1f}"

    lines = [
        f'<polyline fill="none" stroke="{INK[at % len(INK)]}" stroke-width="1.2" '
        f'points="{" ".join(place(point) for point in curve)}"><title>seed {seed}</title></polyline>'
        for at, (seed, curve) in enumerate(by_seed.items())
    ]
    return "\n".join(
        [
            f'<text x="{left}" y="{top - 8}" font-weight="bold">{escape(name)}</text>',
            f'<rect x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#ccc"/>',
            f'<text x="{left - 4}" y="{top + 8}" text-anchor="end">{high:.1f}</text>',
            f'<text x="{left - 4}" y="{top + HEIGHT}" text-anchor="end">{low:.1f}</text>',
            f'<text x="{left + WIDTH}" y="{top + HEIGHT + 14}" text-anchor="end">{last} steps</text>',
            *lines,
        ]
    )
